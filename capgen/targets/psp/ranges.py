"""The rows of IDs and ports: a policy takes ranges of them.

Where a policy asks for an ID it sets the minimum of its first range where a pod says none; so the
profile's own choice stands there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.predicates import InRanges
from capgen.policy.values import UNSET, show

from .words import (
    Asked,
    PartName,
    Row,
    Said,
    Word,
    admits,
    code,
    filled,
    first,
    overruled,
    ranges,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgen.policy.chosen import Value
    from capgen.policy.expressions import Test

_ANY: Final = "RunAsAny"
_MUST: Final = "MustRunAs"
_MAY: Final = "MayRunAs"
_NON_ROOT: Final = "MustRunAsNonRoot"
# The largest user or group ID, and the largest port, that the API takes.
_LARGEST_ID: Final = 2**31 - 1
_LARGEST_PORT: Final = 65_535
_ALL: Final = "*"


def _ranges(test: Test, largest: int, default: object = None) -> list[dict[str, int]]:
    """Write ranges as a policy does; where there is none, one that no ID lies in.

    The first one's minimum is what is set where a value is unset.
    """
    found = [
        {"min": low, "max": largest if high is None else min(high, largest)}
        for low, high in ranges(test)
        if low <= largest
    ]
    if isinstance(default, int) and found[:1] != [] and found[0]["min"] != default:
        found.insert(0, {"min": default, "max": default})
    return found


def _ids(test: Test, default: object) -> list[dict[str, int]]:
    nobody = {"min": _LARGEST_ID + 1, "max": _LARGEST_ID + 1}
    return _ranges(test, _LARGEST_ID, default) or [nobody]


def groups(name: str, path: tuple[str, ...]) -> Row:
    """Say the IDs of a field that a policy may leave unset."""
    part = (name, "ranges")

    def say(asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
        one = first(asked, part)
        if one is None:
            return Said({name: {"rule": _ANY}}, {})
        chosen = one.chosen[0] if isinstance(one.chosen, tuple) else one.chosen
        listed = _ids(one.test, chosen if one.fills else None)
        rule = _MUST if one.fills else _MAY
        word = Word(code(f"{name}.rule", rule))
        sets: dict[tuple[str, ...], Value] = {}
        if one.fills:
            least = listed[0]["min"]
            sets = {path: (least,) if path[-1] == _ALL else least}
            word = Word(f"{word.means}, which {filled(path, least)}")
            # Empty is not unset to a policy: it is given nothing, and has none.
            word = word.also("refuses an empty list") if path[-1] == _ALL else word
        word = word.without(*overruled(one.test.subject, one.test.reading))
        return Said({name: {"rule": rule, "ranges": listed}}, {name: word}, sets=sets)

    return Row((part,), say)


USER: Final = ("runAsUser", "ranges")
ROOT: Final = ("runAsNonRoot", "allow")


def user(asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
    """Say the user: a policy judges it by its ID, or that it is not 0, and never by both."""
    by_id, root = first(asked, USER), first(asked, ROOT)
    if by_id is not None and not (root is not None and _only_not_root(by_id) and _refuses(root)):
        return _by_id(by_id, root)
    if root is None:
        return Said({"runAsUser": {"rule": _ANY}}, {})
    if not _refuses(root):
        allowed = [show(value) for value in (UNSET, False, True) if not admits(root.test, value)]
        lacks = tuple(f"a pod is not refused where it is {value}" for value in allowed)
        word = Word(code("runAsUser.rule", _ANY), lacks=lacks)
        return Said({"runAsUser": {"rule": _ANY}}, {"runAsNonRoot": word})
    path = ("securityContext", "runAsNonRoot")
    set_where = f"{filled(path, True)} and `runAsUser` is too"
    means = f"{code('runAsUser.rule', _NON_ROOT)}, which {set_where}"
    words = {"runAsNonRoot": Word(means, ("refuses user 0",), (_ENOUGH,))}
    if by_id is not None:
        word = Word(means).without(*overruled(by_id.test.subject, by_id.test.reading))
        if not by_id.test.unset_allowed:
            word = word.without("a pod is not refused where it is unset")
        words["runAsUser"] = word
    return Said({"runAsUser": {"rule": _NON_ROOT}}, words, sets={path: True})


def _by_id(by_id: Asked, root: Asked | None) -> Said:
    """Say the user by its ID: that it may not be root is not judged then."""
    listed = _ids(by_id.test, by_id.chosen)
    least = listed[0]["min"]
    path = ("securityContext", "runAsUser")
    word = Word(f"{code('runAsUser.rule', _MUST)}, which {filled(path, least)}")
    words = {"runAsUser": word.without(*overruled(by_id.test.subject, by_id.test.reading))}
    if root is not None:
        every = all(admits(root.test, value) for value in (UNSET, False, True))
        words["runAsNonRoot"] = Word(word.means, lacks=() if every else (_NOT_ASKED,))
    return Said({"runAsUser": {"rule": _MUST, "ranges": listed}}, words, sets={path: least})


def _refuses(root: Asked) -> bool:
    """Tell whether a rule asks that a container does not run as root."""
    return admits(root.test, True) and not admits(root.test, False)


def _only_not_root(by_id: Asked) -> bool:
    """Tell whether all that is asked of the ID is that it is not 0, and none is to be set."""
    filled_in = by_id.mutate and by_id.chosen is not None
    return by_id.test.predicate == InRanges(((1, None),)) and not filled_in


_NOT_ASKED: Final = "it is not judged: the user's ID is, and a policy cannot judge both"
_ENOUGH: Final = "a container whose user is another than 0 need not say it"

PORTS: Final = ("hostPorts", "ranges")


def ports(asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
    """Say host ports: every range that is listed, and no other port."""
    one = first(asked, PORTS)
    if one is None:
        return Said({"hostPorts": [{"min": 0, "max": _LARGEST_PORT}]}, {})
    return Said({"hostPorts": _ranges(one.test, _LARGEST_PORT)}, {"hostPorts": Word("`hostPorts`")})
