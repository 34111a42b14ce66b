"""Judges manifests with the reference interpreter."""
