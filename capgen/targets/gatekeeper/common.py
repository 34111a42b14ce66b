"""What a template says in whichever language: the way to the pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.workload import WORKLOADS

if TYPE_CHECKING:
    from capgen.policy.subjects import Path


def ways() -> tuple[list[tuple[str, Path]], Path]:
    """Return the kinds of which the pod has a place of its own, and the place in all others.

    Constraints match no other kinds than those of the table.
    """
    kinds: dict[Path, list[str]] = {}
    for workload in WORKLOADS:
        kinds.setdefault(workload.path, []).append(workload.kind)
    common = max(kinds, key=lambda path: len(kinds[path]))
    own = [(kind, path) for path, listed in kinds.items() for kind in listed if path != common]
    return own, common
