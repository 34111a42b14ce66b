"""The group of a kernel profile: its field at both levels, and the annotations that named it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.annotations import SCHEMES
from capgen.policy.predicates import Predicate, holds
from capgen.policy.subjects import LOCALHOST, Field, ProfileAnnotations
from capgen.policy.values import nested

from .answers import UndecidedError
from .ground import best
from .groups import PROFILES
from .pods import Frame, Piece
from .texts import telling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.annotations import Annotation, Scheme
    from capgen.policy.expressions import Test

    from .ground import Ground

_NAME: Final = "profiles/web.json"
# Texts of annotations that are never written into the field: no profile's name, and no name at all.
_UNREADABLE: Final = "other"


class Value(NamedTuple):
    """A kernel profile.

    Attributes:
        kind: the field's type.
        name: of a local one.
    """

    kind: str
    name: str | None = None

    def text(self, *, joined: bool) -> str:
        """Return what a test judges."""
        return f"{self.kind}:{self.name}" if joined and self.name is not None else self.kind


def frames(ground: Ground) -> list[Frame]:
    """Return the frames of a kernel profile.

    A field and an annotation that speak of the same thing say the same: the API refuses others.
    """
    scheme = _scheme(ground)
    found = best(_values(ground), ground, _refuses)
    fields = [None] if ground.windows else [None, *found]
    annotated = ground.syncs or any(
        isinstance(test.subject, ProfileAnnotations) for test in ground.tests
    )
    noted = list(_texts(SCHEMES[scheme], found)) if annotated else []
    pod = SCHEMES[scheme].pod
    above = [
        Piece(spec=_struct(scheme, field), annotations={pod: text} if text and pod else {})
        for field, text in _agreeing(fields, noted if pod else [])
    ]
    extras = tuple(
        Piece(
            container=_struct(scheme, field),
            notes={SCHEMES[scheme].prefix: text} if text else {},
        )
        for field, text in _agreeing(fields, noted)
    )
    return [Frame(base, extras) for base in above]


def _scheme(ground: Ground) -> Annotation:
    """Return the scheme of the group that the tests are in."""
    subject = ground.tests[0].subject
    if isinstance(subject, ProfileAnnotations):
        return subject.scheme
    path = subject.path if isinstance(subject, Field) else ()
    return next(scheme for scheme, struct in PROFILES.items() if struct in path)


def _values(ground: Ground) -> list[Value]:
    """Return kernel profiles that stand for all."""
    named: list[Predicate] = [test.predicate for test in ground.tests if _joined(test)]
    names = [_NAME]
    if named:
        prefix = f"{LOCALHOST}:"
        names = [text.removeprefix(prefix) for text in telling(named, prefix)]
        if any(".." in name.split("/") for name in names):
            msg = "a local profile is named by a path with `..`, which the API refuses"
            raise UndecidedError(msg)
    kinds = ("RuntimeDefault", "Unconfined")
    return [*map(Value, kinds), *(Value(LOCALHOST, name) for name in names)]


def _joined(test: Test) -> bool:
    return isinstance(test.subject, (Field, ProfileAnnotations)) and test.subject.joined


def _refuses(test: Test, value: Value) -> bool:
    return not holds(test.predicate, value.text(joined=_joined(test)))


def _texts(scheme: Scheme, found: list[Value]) -> Iterator[tuple[Value | None, str]]:
    """Yield texts of an annotation, each with the profile that it names, if it names one."""
    for value in found:
        exact = [text for text, kind in scheme.exact if kind == value.kind]
        prefixes = [text for text, kind in scheme.prefixes if kind == value.kind]
        yield value, exact[0] if exact else f"{prefixes[0]}{value.name}"
    for prefix, _ in scheme.prefixes:
        yield None, prefix
    yield None, _UNREADABLE


def _agreeing(
    fields: list[Any], noted: list[tuple[Value | None, str]]
) -> Iterator[tuple[Value | None, str]]:
    """Yield a field and an annotation of one level, "" for none, that do not contradict."""
    for (named, text), field in product([(None, ""), *noted], fields):
        if not text or field is None or field == named:
            yield field, text


def _struct(scheme: Annotation, value: Value | None) -> dict[str, Any]:
    if value is None:
        return {}
    held = {"type": value.kind}
    if value.name is not None:
        held["localhostProfile"] = value.name
    return nested(("securityContext", PROFILES[scheme]), held)
