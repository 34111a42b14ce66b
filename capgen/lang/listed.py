"""What a test lists, as every language says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from capgen.policy.annotations import SCHEMES
from capgen.policy.predicates import InRanges, holds, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgen.policy.predicates import Predicate
    from capgen.policy.subjects import ProfileAnnotations


class AnnotationValues(NamedTuple):
    """What an annotation that names a kernel profile may be: any of these.

    Attributes:
        exact: texts.
        prefixes: what it starts with.
        globs: what it matches.
    """

    exact: list[str]
    prefixes: list[str]
    globs: list[str]


def annotation_values(predicate: Predicate, subject: ProfileAnnotations) -> AnnotationValues:
    """Return what annotations a predicate on the fields of the same name allows."""
    scheme = SCHEMES[subject.scheme]
    exact = [text for text, kind in scheme.exact if holds(predicate, kind)]
    if scheme.blank_is_unset:
        exact.append("")
    if not subject.joined:
        prefixes = [prefix for prefix, kind in scheme.prefixes if holds(predicate, kind)]
        return AnnotationValues(exact, prefixes, [])
    # A name is read as the field has it: `localhost/web` is `Localhost:web`.
    globs = [
        prefix + value.removeprefix(f"{kind}:")
        for prefix, kind in scheme.prefixes
        for value in values(predicate)
        if value.startswith(f"{kind}:")
    ]
    return AnnotationValues(exact, [], globs)


def values(predicate: Predicate) -> tuple[str, ...]:
    """Return the values that a predicate lists; ranges list none."""
    return () if isinstance(predicate, InRanges) else tuple(str(v) for v in predicate.values)


def highest(prefixes: Iterable[str]) -> list[str]:
    """Return paths without a `/` at their end, and without those below another one."""
    tops = dict.fromkeys(map(trimmed, prefixes))
    return [
        path for path in tops if not any(path != top and path.startswith(f"{top}/") for top in tops)
    ]
