"""The rows of volumes and of the runtime class: what a policy lists by name or by path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.policy.subjects import HostPaths

from .words import Asked, PartName, Said, Word, code, filled, first, values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ALL: Final = "*"
# Every type that a policy knows, by the key of the pod's volume, where the name is another: the
# same key in another case. Source: kubernetes 1.24.17, pkg/apis/policy/types.go.
_RENAMED: Final = {"cephfs": "cephFS"}
TYPES: Final = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "configMap", "csi"),
    *("downwardAPI", "emptyDir", "ephemeral", "fc", "flexVolume", "flocker", "gcePersistentDisk"),
    *("gitRepo", "glusterfs", "hostPath", "iscsi", "nfs", "persistentVolumeClaim"),
    *("photonPersistentDisk", "portworxVolume", "projected", "quobyte", "rbd", "scaleIO"),
    *("secret", "storageos", "vsphereVolume"),
)
# Names that the API takes; a class that is called `*` would be all of them.
_FLEX: Final = re.compile(r".+")
_CSI: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9.]{0,61}[A-Za-z0-9])?")
_CLASS: Final = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")
_BACKSLASH: Final = "a path with a `\\` in it, which Windows takes for a `/`, is not refused"
_ACCOUNT: Final = (
    "where secrets are allowed a projected volume is too, if it holds no more than an account's"
    " token does"
)


def volumes(asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
    """Say the types of volumes, and what of a type is allowed: an empty list there is any.

    So where nothing of a type is allowed, the type itself is left out.
    """
    typed = first(asked, ("volumes", "allow"))
    listed = set(TYPES) if typed is None else set(TYPES) & set(values(typed.test))
    words: dict[str, Word] = {}
    spec: dict[str, Any] = {}
    gone = set()
    for row in _LISTS:
        tests = asked.get((row.rule, "allow"), ())
        if not tests:
            continue
        rows = row.items(tests)
        if rows:
            words[row.rule] = Word(f"`{row.key}`", lacks=row.lacks)
        else:
            gone.add(row.kind)
            words[row.rule] = Word(f"`volumes` without `{row.kind}`")
        if rows and row.kind in listed:
            spec[row.key] = rows
    left = [_RENAMED.get(key, key) for key in TYPES if key in listed - gone]
    if typed is None:
        left = left if gone else [_ALL]
    else:
        token = "secret" in left and "projected" not in left
        words["volumes"] = Word("`volumes`", lacks=(_ACCOUNT,) if token else ())
    return Said({"volumes": left, **spec}, words)


class _List(NamedTuple):
    """A list of what of a type of volume is allowed; while it is empty, all of the type is.

    Attributes:
        rule: the rule that it says.
        kind: the type.
        key: its key in a policy.
        items: makes its items.
        lacks: what it does not refuse.
    """

    rule: str
    kind: str
    key: str
    items: Callable[[tuple[Asked, ...]], list[dict[str, Any]]]
    lacks: tuple[str, ...] = ()


def _named(key: str, known: re.Pattern[str]) -> Callable[[tuple[Asked, ...]], list[dict[str, Any]]]:
    """Return what makes an item of each name that the API takes."""
    return lambda asked: [
        {key: name} for name in map(str, values(asked[0].test)) if known.fullmatch(name)
    ]


def _paths(asked: tuple[Asked, ...]) -> list[dict[str, Any]]:
    """Return the prefixes, each read-only unless it is one that may be written."""
    found: dict[bool, tuple[str, ...]] = {}
    for one in asked:
        found[one.test.subject == HostPaths(written=True)] = tuple(map(str, values(one.test)))
    writable = found.get(True, found.get(False, ()))
    # What leads up no path lies below, and the API takes no such prefix.
    listed = [path for path in found.get(False, ()) if path and ".." not in path.split("/")]
    return [
        {"pathPrefix": path} | ({} if path in writable else {"readOnly": True}) for path in listed
    ]


_LISTS: Final = (
    _List("flexVolumes", "flexVolume", "allowedFlexVolumes", _named("driver", _FLEX)),
    _List("csiDrivers", "csi", "allowedCSIDrivers", _named("name", _CSI)),
    _List("hostPath", "hostPath", "allowedHostPaths", _paths, (_BACKSLASH,)),
)


def runtime_class(asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
    """Say runtime classes: an unset one is always allowed, but a policy can set it."""
    one = first(asked, ("runtimeClassName", "allow"))
    if one is None:
        return Said({}, {})
    names = [name for name in map(str, values(one.test)) if _CLASS.fullmatch(name)]
    spec: dict[str, Any] = {"allowedRuntimeClassNames": names}
    word = Word(code("runtimeClass.allowedRuntimeClassNames", names))
    sets: dict[tuple[str, ...], Any] = {}
    if one.fills and names:
        chosen = str(one.chosen) if one.chosen in names else names[0]
        spec["defaultRuntimeClassName"] = chosen
        sets = {("runtimeClassName",): chosen}
        word = Word(f"{word.means}, and {filled(('runtimeClassName',), chosen)}")
    elif one.fills:
        word = word.without("a pod is not refused where it is unset")
    return Said({"runtimeClass": spec}, {"runtimeClassName": word}, sets=sets)
