"""The command line: parse, call, print. Decides nothing.

What a command needs is imported when it runs: a cold `check` must not pay for the others.
"""

from __future__ import annotations

import errno
import sys
from typing import Annotated

import typer

from capgen import __version__
from capgen.errors import CapgenError
from capgen.options import (  # noqa: TC001 - typer reads it
    Check,
    Held,
    Json,
    KeepGoing,
    Kubernetes,
    Output,
    Paths,
    Profiles,
    Stdout,
    Subject,
    Targets,
    Today,
    Words,
)
from capgen.terminal import complain, drop_output, our_name

FINDINGS = 1
BAD_INPUT = 2
BUG = 3
_INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

app = typer.Typer(
    name="capgen",
    help="Compile one least-privilege profile into everything that enforces it.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"capgen {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Compile one least-privilege profile into everything that enforces it."""


@app.command("compile")
def compile_command(
    profiles: Profiles = None,
    *,
    target: Targets = None,
    out: Output = "out",
    check: Check = False,
    stdout: Stdout = False,
    keep_going: KeepGoing = False,
    kubernetes: Kubernetes = None,
    today: Today = None,
) -> None:
    """Write every target of every profile: DIR/PROFILE/TARGET/.

    Example: capgen compile pss/restricted -t vap -o out
    """
    from capgen.compiler import run  # noqa: PLC0415 - cold start

    request = run.Request(
        profiles or [],
        target or [],
        out,
        kubernetes,
        today,
        check=check,
        stdout=stdout,
        keep_going=keep_going,
    )
    raise typer.Exit(run.run(request))


@app.command()
def check(
    paths: Paths = None,
    *,
    profile: Held,
    output: Annotated[str, typer.Option("-f", "--format", help="text or json.")] = "text",
    kubernetes: Kubernetes = None,
    today: Today = None,
) -> None:
    """Judge manifests by a profile.

    Example: capgen check -p pss/restricted deploy/
    """
    from capgen.check import run  # noqa: PLC0415 - cold start

    raise typer.Exit(run.run(paths or [], profile, output, kubernetes, today))


@app.command("test")
def engine_tests(
    *,
    profile: Held,
    target: Targets = None,
    out: Output = "out",
    kubernetes: Kubernetes = None,
    today: Today = None,
) -> None:
    """Write tests for the engines' own command lines: DIR/PROFILE/TARGET-test/.

    Example: capgen test -p pss/restricted -t kyverno -o out
    """
    from capgen.engine_tests import run  # noqa: PLC0415 - cold start

    raise typer.Exit(run.run(profile, target or [], out, kubernetes, today))


@app.command()
def explain(
    subject: Subject = None,
    *,
    kubernetes: Kubernetes = None,
    today: Today = None,
) -> None:
    """Say what a rule means, or what a profile asks and how each target says it.

    Example: capgen explain runAsNonRoot
    """
    from capgen import explain as room  # noqa: PLC0415 - cold start

    typer.echo(room.explain(subject, kubernetes, today))


@app.command()
def rules(*, json: Json = False) -> None:
    """List the rules that a profile may set.

    Example: capgen rules --json
    """
    from capgen import listing  # noqa: PLC0415 - cold start

    typer.echo(listing.rules(as_json=json))


@app.command()
def targets(*, json: Json = False) -> None:
    """List what a profile is compiled into.

    Example: capgen targets
    """
    from capgen import listing  # noqa: PLC0415 - cold start

    typer.echo(listing.targets(as_json=json))


@app.command()
def profiles(*, json: Json = False) -> None:
    """List the profiles of the library.

    Example: capgen profiles
    """
    from capgen import listing  # noqa: PLC0415 - cold start

    typer.echo(listing.profiles(as_json=json))


@app.command()
def schema() -> None:
    """Print the JSON Schema of profiles, which an editor completes from.

    Example: capgen schema > capgen.schema.json
    """
    from capgen import listing  # noqa: PLC0415 - cold start

    typer.echo(listing.schema())


@app.command()
def caps(
    text: Words = None,
    *,
    json: Json = False,
) -> None:
    """Decode and encode sets of capabilities: bitmaps, names, /proc/PID/status, capsh, getcap.

    Example: capgen caps 00000000a80425fb
    """
    from capgen.capabilities import describe  # noqa: PLC0415 - cold start

    arguments = text or []
    piped = not arguments or arguments == ["-"]
    given = None
    if piped and sys.stdin is not None and not sys.stdin.isatty():
        given = sys.stdin.buffer.read().decode(errors="replace")
    report = describe(arguments, given)
    typer.echo(report.json() if json else report.text())


def main() -> None:
    """Run the command line, and turn what went wrong into its exit code."""
    try:
        try:
            app(prog_name=our_name())
        finally:
            # Here, where a full disk can still be told.
            sys.stdout.flush()
    except CapgenError as error:
        complain(str(error))
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone: nothing is wrong with us.
        drop_output()
        sys.exit(FINDINGS)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug must not look like a finding
        if isinstance(error, OSError) and error.errno in _FULL:
            drop_output()
            complain(f"cannot write to stdout: {(error.strerror or '').lower()}")
            sys.exit(BAD_INPUT)
        import traceback  # noqa: PLC0415 - needed only here

        traceback.print_exc()
        print(
            "error: this is a bug in capgen; please report it with the lines above", file=sys.stderr
        )
        sys.exit(BUG)


if __name__ == "__main__":
    main()
