"""The arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Profiles = Annotated[
    list[str] | None,
    typer.Argument(help="A library name such as `pss/restricted`, or a path.", show_default=False),
]
Paths = Annotated[
    list[str] | None,
    typer.Argument(help="Files, folders, globs, or - for stdin.", show_default=False),
]
Kubernetes = Annotated[
    str | None, typer.Option("--kubernetes", help="A minor version, 1.34, or a range, 1.30-1.36.")
]
Today = Annotated[
    str | None,
    typer.Option("--today", help="The day, by which exemptions end: 2027-03-31; default: today."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
