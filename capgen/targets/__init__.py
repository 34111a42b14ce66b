"""Targets: what a profile is compiled into. A target never imports another."""
