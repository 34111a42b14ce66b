"""The languages in which gator is asked to judge by our templates."""

from __future__ import annotations

from typing import Final, NamedTuple


class Side(NamedTuple):
    """An engine of Gatekeeper, and templates that it judges by.

    Attributes:
        engines: those that the templates are for.
        native: CEL is turned on.
        part: of what is asked in CEL, one of so many is asked.
    """

    engines: tuple[str, ...]
    native: bool = True
    part: int = 1


CEL: Final = Side(("cel",))
# Where CEL is on, the Rego beside it is not even compiled.
BESIDE: Final = Side(("cel", "rego"), native=False, part=3)
ALONE: Final = Side(("rego",), native=False, part=4)
