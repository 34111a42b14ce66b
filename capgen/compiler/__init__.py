"""Compiles profiles: what is written for each target, and how it gets onto the disk."""
