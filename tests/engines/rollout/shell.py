"""Types the lines of a README in its folder: with the real kubectl, and with capgen itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines import lab

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS: Final = 120


class Typed(NamedTuple):
    """What became of a line.

    Attributes:
        line: as it was typed.
        code: its exit status.
        said: all that it printed, warnings and errors too.
    """

    line: str
    code: int
    said: str


class Shell:
    """A shell of somebody who may do everything in a cluster."""

    def __init__(self, kubeconfig: Path, filled: Mapping[str, str]) -> None:
        """Prepare to type.

        Args:
            kubeconfig: says which cluster, and who asks.
            filled: what is typed for each word that a page leaves to its reader.
        """
        self._filled = filled
        self._words = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, filled))})(?![\w-])")
        # capgen is where the Python is that runs this.
        places = [lab.binary("kubectl").parent, Path(sys.executable).parent]
        path = os.pathsep.join([*map(str, places), os.environ["PATH"]])
        self._env = {**os.environ, "PATH": path, "KUBECONFIG": str(kubeconfig)}

    def type(self, folder: Path, line: str) -> Typed:
        """Type a line in a folder, its placeholders filled, and wait for its end."""
        whole = self._words.sub(lambda word: self._filled[word[0]], line)
        done = subprocess.run(
            ["/bin/sh", "-c", whole],
            cwd=folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return Typed(whole, done.returncode, done.stdout)
