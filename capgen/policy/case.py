"""A case: what makes the base pod a witness."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

# The way down to a struct, the way on from there, and what is put there.
Change: TypeAlias = "tuple[tuple[str | int, ...], tuple[str, ...], object]"

SPEC: Final = ("spec",)
METADATA: Final = ("metadata",)
# A container that is added to a pod that stands.
NEW: Final = ("spec", "ephemeralContainers", 0)
OLD: Final = (("spec", "initContainers", 0), ("spec", "containers", 0), ("spec", "containers", 1))
# Not always the first of its list: to look at the first one only is a fault to be seen.
PLACES: Final = {"init": OLD[0], "container": OLD[2], "ephemeral": NEW}


class Case(NamedTuple):
    """What makes the base pod a witness.

    Attributes:
        label: what is special about it.
        changes: what is put where; a change of the new container, also an empty one, adds it.
        allowed: the verdict.
    """

    label: str
    changes: tuple[Change, ...]
    allowed: bool
