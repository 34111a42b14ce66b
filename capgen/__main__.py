"""`python -m capgen`."""

from capgen.cli import main

main()
