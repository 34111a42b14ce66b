"""One least-privilege profile in, every enforcement point out, and proof that they agree."""

__version__ = "0.1.0"
