"""The command in processes that need not import it: `python -m tests.cli.warm`, for `Capgen`.

Half of what a short run takes is to import the code. Here it is imported once; each run is a fork,
which has a folder, arguments, standard streams and an end of its own, and nothing of other runs.

It reads a line of JSON on standard input for each run, and writes its exit code as a line:

    {"arguments": ["check", "."], "folder": "/a", "streams": ["/in", "/out", "/err"]}
"""

from __future__ import annotations

import json
import os
import pkgutil
import runpy
import sys
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Final

import capgen

if TYPE_CHECKING:
    from collections.abc import Sequence

# As a file is opened for each of the standard streams.
_WAYS: Final = (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)


def main() -> None:
    """Import all that there is, and run what is asked for."""
    for module in pkgutil.walk_packages(capgen.__path__, "capgen."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for line in sys.stdin:
        asked = json.loads(line)
        if not (child := os.fork()):
            _run(asked["arguments"], asked["folder"], asked["streams"])
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(arguments: Sequence[str], folder: str, streams: Sequence[str]) -> None:
    """Be the command, and end."""
    code: object = 1
    try:
        for number, (path, way) in enumerate(zip(streams, _WAYS, strict=True)):
            opened = os.open(path, way)
            os.dup2(opened, number)
            os.close(opened)
        # What is read ahead of standard input is the parent's.
        sys.stdin = open(0, encoding=sys.stdin.encoding, closefd=False)  # noqa: SIM115
        os.chdir(folder)
        sys.argv = ["capgen", *arguments]
        runpy.run_module("capgen", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as Python does where nobody catches it
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
