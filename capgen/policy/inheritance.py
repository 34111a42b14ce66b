"""How a profile inherits grants: by sub-key, and of several parents what all of them grant.

Plain data in and out (see `grants.py` for its form). A key that is null takes out what a parent
has. What a profile allows must not be what it, or a parent, denies: `deny` wins, so such a grant
would be none.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from capgen.errors import ProfileError

from .grants import Argument, Data, read_args, read_network, taken_apart
from .paths import below, covers
from .syscalls import members

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Within = Callable[[str, str], bool]

# The sections of grants, the keys of those that are mappings, and what lists files to allow.
SECTIONS = ("syscalls", "files", "network", "writable")
_KEYS = {
    "syscalls": ("base", "allow", "deny"),
    "files": ("base", "read", "write", "execute", "deny"),
}
_GLOBS = ("read", "write", "execute")


class GrantsError(ValueError):
    """Grants that do not go together.

    Attributes:
        path: where it stands in the plain data: keys and places in lists.
    """

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


def merge(parents: Sequence[Data], own: Data) -> Data:
    """Put what a profile says itself and what its parents grant together.

    A parent that leaves a key out does not judge it, as with the rules.

    Args:
        parents: the merged data of each parent.
        own: what the profile says.

    Raises:
        GrantsError: parents differ and the profile does not say what counts, or it allows what is
            denied.
    """
    merged: Data = {}
    for section in SECTIONS:
        above = [parent[section] for parent in parents if section in parent]
        written = own.get(section)
        if section in own and not isinstance(written, dict):
            value = written
        elif not above and section not in own:
            continue
        elif section in _KEYS:
            value = _by_key(section, above, written or {})
        else:
            value = reduce(_within_both(_NARROWER[section]), above)
        if value is not None:
            merged[section] = value
    _check_denied(own, merged)
    return merged


def check_syscalls(syscalls: Data) -> None:
    """Refuse a syscall that one profile both allows and denies, or allows with and without `args`.

    Raises:
        ProfileError: it names the first.
    """
    listed, deny = syscalls.get("allow") or (), syscalls.get("deny") or ()
    always: frozenset[str] = frozenset()
    for name in (call["name"] for call in listed if not call.get("args")):
        if members(name) <= taken_apart(deny):
            by = [word for word in deny if members(word) & members(name)]
            raise ProfileError(_both(name, () if name in deny else by))
        always |= members(name)
    for name in (call["name"] for call in listed if call.get("args")):
        if name in always - taken_apart(deny):
            msg = f"`{name}` is allowed with `args` and without: they would change nothing"
            raise ProfileError(msg)


def check_files(files: Data) -> None:
    """Refuse files that one profile both allows and denies.

    Raises:
        ProfileError: it names the first.
    """
    for key in _GLOBS:
        for path in files.get(key) or ():
            by = [glob for glob in files.get("deny") or () if covers(glob, path)]
            if by:
                raise ProfileError(_both(path, () if path in by else by))


def _both(name: str, by: Sequence[str]) -> str:
    listed = " and ".join(f"`{word}`" for word in by)
    return f"`{name}` is both allowed and denied" + (f", by {listed}" if by else "")


def _by_key(section: str, above: list[Data], own: Data) -> Data:
    """Return a section that is a mapping: its own keys, and else what all parents grant."""
    found: Data = {}
    for key in _KEYS[section]:
        values = [parent[key] for parent in above if key in parent]
        value: Any = None
        if key in own:
            value = own[key]
        elif len(above) == 1 or not values:
            value = values[0] if values else None
        elif key == "base":
            value = _same(section, values)
        elif key == "deny":
            value = [*dict.fromkeys(word for words in values for word in words)]
        elif section == "syscalls":
            value = _calls(above)
        else:
            value = reduce(_within_both(_NARROWER[section]), values)
        if value is not None:
            found[key] = value
    return found


def _same(section: str, values: list[str]) -> str:
    if len(set(values)) > 1:
        listed = " and ".join(f"`{value}`" for value in sorted(set(values)))
        msg = f"the parents' `base` of `{section}` differ ({listed}): say `base` here"
        raise GrantsError(msg, section)
    return values[0]


def _within_both(within: Within) -> Callable[[list[str], list[str]], list[str]]:
    """Make the meet of two lists: what is in one of them, and within something of the other."""

    def met(left: list[str], right: list[str]) -> list[str]:
        both = [text for text in left if any(within(text, wide) for wide in right)]
        both += [text for text in right if any(within(text, wide) for wide in left)]
        return [*dict.fromkeys(both)]

    return met


def _narrower_rule(narrow: str, wide: str) -> bool:
    left, right = read_network(narrow), read_network(wide)
    return left.domain == right.domain and right.kind in (None, left.kind)


# Whether the first of two texts grants nothing that the second does not.
_NARROWER: dict[str, Within] = {
    "files": lambda narrow, wide: covers(wide, narrow),
    "network": _narrower_rule,
    "writable": below,
}

# The conditions under which a syscall is allowed: any one of them; an empty one always holds.
_Ways = frozenset[tuple[Argument, ...]]


def _calls(above: list[Data]) -> list[Data]:
    """Return the items of `allow` that grant what all parents grant beyond their bases."""
    granted = [_ways(parent) for parent in above]
    listed = [ways for ways, parent in zip(granted, above, strict=True) if "allow" in parent]
    rows = {}
    for call in (call for parent in above for call in parent.get("allow") or ()):
        for name in members(call["name"]):
            rows[name, read_args(call)] = call.get("args")
    names = set.intersection(*(set(ways) for ways in listed))
    for parent, ways in zip(above, granted, strict=True):
        # What a parent denies it grants only as far as it says itself.
        names -= taken_apart(parent.get("deny") or ()) - ways.keys()
    found: list[Data] = []
    for name in sorted(names):
        met: _Ways = reduce(_narrowed(name), (ways[name] for ways in listed))
        found += (
            {"name": name} | ({"args": rows[name, args]} if args else {})
            for args in sorted(met, key=repr)
        )
    return found


def _ways(syscalls: Data) -> dict[str, _Ways]:
    denied = taken_apart(syscalls.get("deny") or ())
    found: dict[str, _Ways] = {}
    for call in syscalls.get("allow") or ():
        args = read_args(call)
        for name in members(call["name"]) - (denied if not args else frozenset()):
            found[name] = found.get(name, frozenset()) | {args}
    return {name: frozenset({()}) if () in ways else ways for name, ways in found.items()}


def _narrowed(name: str) -> Callable[[_Ways, _Ways], _Ways]:
    def met(left: _Ways, right: _Ways) -> _Ways:
        if () in left or left == right:
            return right
        if () in right:
            return left
        msg = f"the parents allow `{name}` under different conditions: say `allow` here"
        raise GrantsError(msg, "syscalls")

    return met


def _check_denied(own: Data, merged: Data) -> None:
    """Refuse what a profile allows itself and a parent, or `files`, denies."""
    syscalls, files = own.get("syscalls") or {}, own.get("files") or {}
    denied = taken_apart(_denied(merged, "syscalls"))
    for place, call in enumerate(syscalls.get("allow") or ()):
        # With `args` in the same profile, deny takes from the base only; a parent's takes all.
        if members(call["name"]) <= denied and "deny" not in syscalls:
            raise _by_parent(call["name"], "syscalls", "allow", place)
    globs = _denied(merged, "files")
    for key in _GLOBS:
        for place, path in enumerate(files.get(key) or ()):
            if any(covers(glob, path) for glob in globs):
                raise _by_parent(path, "files", key, place)
    for place, path in enumerate(own.get("writable") or ()):
        for glob in globs:
            if covers(glob, f"{path}/**"):
                msg = f"`{path}` is to be writable, and `files` denies it, by `{glob}`"
                raise GrantsError(msg, "writable", place)


def _denied(merged: Data, section: str) -> list[str]:
    denied: list[str] = (merged.get(section) or {}).get("deny") or []
    return denied


def _by_parent(name: str, *path: str | int) -> GrantsError:
    return GrantsError(f"`{name}` is denied by a parent; to allow it, say `deny` here too", *path)
