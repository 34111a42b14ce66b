"""Tests of what is compiled, in the formats of the engines: witness pods, and what is expected."""
