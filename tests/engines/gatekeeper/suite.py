"""What the cases of Gatekeeper are made of: requests, and artefacts that judge them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.loading import loaded_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgen.policy.admit import Request
    from tests.engines.rest import Object

_FOLDER: Final = Path(__file__).parents[1] / "artefacts" / "gatekeeper"


class Case(NamedTuple):
    """A request, and the verdict that is right, in words.

    Attributes:
        name: for people.
        request: the request.
        expected: the verdict.
        bugs: those of `tests/engines/bugs.py` that it shows.
    """

    name: str
    request: Request
    expected: str
    bugs: tuple[str, ...] = ()


class Suite(NamedTuple):
    """Requests that are judged by the same artefacts.

    Attributes:
        files: of the artefacts, without `.yaml`.
        cases: the requests.
        change: is made to each artefact first.
    """

    files: tuple[str, ...]
    cases: tuple[Case, ...]
    change: Callable[[Object], None] | None = None

    def artefacts(self) -> list[Object]:
        """Return the artefacts."""
        texts = [(_FOLDER / f"{name}.yaml").read_text("utf-8") for name in self.files]
        found = [each for text in texts for each in loaded_all(text)]
        if self.change is not None:
            for each in found:
                self.change(each)
        return found

    def in_rego(self) -> list[Object]:
        """Return the artefacts without their CEL, which judges where a template has both."""
        found = copy.deepcopy(self.artefacts())
        for each in found:
            for target in each["spec"].get("targets", ()):
                target["code"] = [code for code in target["code"] if code["engine"] == "Rego"]
        return found
