"""One case of what runtimes make of what they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.engines.runtimes import asking, image
from tests.engines.runtimes.cri import Container
from tests.engines.runtimes.docker import Line
from tests.engines.runtimes.seen import SHELL

if TYPE_CHECKING:
    from tests.engines.runtimes.expected import Expected
    from tests.engines.runtimes.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        asked: what is asked for, each word as it is written.
        containerd: what containerd does by way of the kubelet; None: it cannot be asked.
        docker: as above.
        podman: as above.
        image: one of the archive's.
        shell: a command of the image that runs a script; it reports.
        bugs: those of `tests/engines/bugs.py` that it shows.
    """

    asked: Wanted
    containerd: Expected | None = None
    docker: Expected | None = None
    podman: Expected | None = None
    image: str = image.ROOT
    shell: tuple[str, ...] = SHELL
    bugs: tuple[str, ...] = ()

    @property
    def container(self) -> Container:
        """The pod that asks for it."""
        return Container(asking.pod(self.asked), image=self.image, shell=self.shell)

    @property
    def line(self) -> Line:
        """The line that asks docker or podman for it."""
        return Line(tuple(asking.flags(self.asked)), self.image, self.shell)
