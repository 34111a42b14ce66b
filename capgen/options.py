"""The arguments and options of the commands."""

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
Held = Annotated[
    list[str],
    typer.Option("-p", "--profile", help="The profile; given twice, both must hold."),
]
Targets = Annotated[
    list[str] | None,
    typer.Option("-t", "--target", help="Write this target only; may be given several times."),
]
Output = Annotated[str, typer.Option("-o", "--output", help="The output folder.")]
Check = Annotated[
    bool, typer.Option("--check", help="Write nothing; exit 1 where the folder differs.")
]
Stdout = Annotated[bool, typer.Option("--stdout", help="Print one target.")]
KeepGoing = Annotated[
    bool, typer.Option("--keep-going", help="Compile the profiles that can be; still exit 2.")
]
Subject = Annotated[str | None, typer.Argument(help="A rule, or a profile.", show_default=False)]
Words = Annotated[
    list[str] | None,
    typer.Argument(help="A bitmap, or names; without any, text on stdin.", show_default=False),
]
Kubernetes = Annotated[
    str | None, typer.Option("--kubernetes", help="A minor version, 1.34, or a range, 1.30-1.36.")
]
Today = Annotated[
    str | None,
    typer.Option("--today", help="The day, by which exemptions end: 2027-03-31; default: today."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
