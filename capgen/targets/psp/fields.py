"""The table: what each field of a PodSecurityPolicy makes of the rules that it can say.

A policy forbids what it does not mention, so every row writes its field, and opens it where the
profile does not judge it. Source: kubernetes 1.24.17, pkg/security/podsecuritypolicy (which judges
as 1.19.16 does), pkg/apis/policy/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.capabilities.table import names as every_capability
from capgen.policy.values import UNSET, show

from .kernel import SYSCTLS, apparmor, seccomp, sysctls
from .ranges import PORTS, ROOT, USER, groups, ports, user
from .volumes import runtime_class, volumes
from .words import (
    Asked,
    PartName,
    Row,
    Said,
    Word,
    admits,
    code,
    covers_all,
    first,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgen.policy.chosen import Value
    from capgen.policy.values import Scalar

    from .words import Known

_ANY: Final = "RunAsAny"
_MUST: Final = "MustRunAs"
_ALL: Final = "*"


class _Switch(NamedTuple):
    """A field that either restricts or does not: closed it takes one value, and unset.

    Attributes:
        rule: the rule that it says.
        key: its name.
        path: the pod's field.
        closed: what is written where it restricts.
        opened: what is written where it does not.
        only: the value that it takes where it is closed.
        every: what the pod's field may be.
        fills: where it is closed it gives an unset field that value.
        more: what it refuses where it is opened.
    """

    rule: str
    key: str
    path: tuple[str, ...]
    closed: object
    opened: object
    only: Scalar = False
    every: tuple[Known, ...] = (UNSET, False, True)
    fills: bool = False
    more: tuple[str, ...] = ()

    def say(self, asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
        """Close it where what it takes then is allowed, and something else is not."""
        one = first(asked, (self.rule, "allow"))
        if one is None:
            return Said({self.key: self.opened}, {})
        allowed = [value for value in self.every if admits(one.test, value)]
        left = [show(value) for value in self.every if value not in allowed]
        if self.only not in allowed or not left:
            lacks = tuple(f"a pod is not refused where it is {value}" for value in left)
            word = Word(code(self.key, self.opened), self.more, lacks)
            return Said({self.key: self.opened}, {self.rule: word})
        word = Word(code(self.key, self.closed))
        if self.fills:
            word = Word(f"{word.means}, which sets it where it is unset")
        elif UNSET not in allowed:
            word = word.without("a pod is not refused where it is unset")
        refused = [value for value in allowed if value not in (UNSET, self.only)]
        word = word.also(*(f"refuses {show(value)}" for value in refused))
        sets = {self.path: self.only} if self.fills else {}
        return Said({self.key: self.closed}, {self.rule: word}, sets=sets)


def _switch(switch: _Switch) -> Row:
    return Row(((switch.rule, "allow"),), switch.say)


def _host(name: str) -> Row:
    return _switch(_Switch(name, name, (name,), closed=False, opened=True))


def _container(name: str, *, closed: bool, fills: bool) -> Row:
    path = ("securityContext", name)
    switch = _Switch(name, name, path, closed, not closed, only=closed, fills=fills)
    return _switch(switch)


_ALLOW: Final = ("capabilities", "allow")
_DROP: Final = ("capabilities", "drop")


def _capabilities(asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
    """Say capabilities: required drops are merged in first, so that they refuse no new pod."""
    allow, drop = first(asked, _ALLOW), first(asked, _DROP)
    required = [str(name) for name in values(drop.test)] if drop is not None else []
    word = Word(code("allowedCapabilities", [_ALL]))
    added = [_ALL]
    if allow is not None and not covers_all(allow.test):
        # To the letter: a `*` is no capability here.
        added = [str(name) for name in values(allow.test) if name not in (*required, _ALL)]
        clash = [name for name in values(allow.test) if name in required]
        word = Word(code("allowedCapabilities", added))
        word = word.also(*(f"refuses to add {name}, which is dropped" for name in clash))
    elif required:
        # The API takes no required drops beside `*`.
        added = [name for name in every_capability() if name not in required]
        word = Word("`allowedCapabilities` lists every capability but what is dropped").also(
            "refuses to add what is dropped, and names that Kubernetes does not list"
        )
    spec: dict[str, Any] = {"allowedCapabilities": added}
    path = ("securityContext", "capabilities")
    sets: dict[tuple[str, ...], Value] = {}
    if required:
        spec["requiredDropCapabilities"] = required
        sets[(*path, "drop")] = tuple(required)
        word = Word(f"{word.means}, and {code('requiredDropCapabilities', required)}, which drops"
                    " them where a container does not", word.more)  # fmt: skip
    if allow is not None and allow.mutate and isinstance(allow.chosen, tuple) and allow.chosen:
        spec["defaultAddCapabilities"] = list(allow.chosen)
        sets[(*path, "add")] = allow.chosen
        word = Word(f"{word.means}; `defaultAddCapabilities` adds them everywhere", word.more)
    if allow is not None and not allow.test.unset_allowed:
        word = word.without("a container is not refused where it adds nothing")
    return Said(spec, {"capabilities": word} if asked else {}, sets=sets)


_LABEL: Final = ("user", "role", "type", "level")


def _selinux(asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
    """Say SELinux options: a policy takes one value of each, and of what it leaves out none."""
    if not asked:
        return Said({"seLinux": {"rule": _ANY}}, {})
    options: dict[str, str] = {}
    more: list[str] = []
    lacks: list[str] = []
    for key in _LABEL:
        one = first(asked, ("seLinuxOptions", key))
        if one is None:
            more.append(f"refuses a `{key}`")
            continue
        named = [str(value) for value in values(one.test) if value]
        if one.mutate and one.fills:
            more.append("refuses options of which some are unset")
        if one.fills and named:
            chosen = str(one.chosen) if one.chosen in named else named[0]
            options[key] = chosen
            rest = [value for value in named if value != chosen]
            if one.test.unset_allowed:
                rest.append("none beside the others")
            if key == "level" and "," in chosen:
                lacks.append("a level with the same categories in another order is not refused")
        elif one.fills:
            lacks.append(f"a pod is not refused for having no `{key}`")
            rest = []
        else:
            rest = named
        more += [f"refuses the {key} {value}" for value in rest]
        if one.test.reading.value == "effective":
            more.append("judges what the pod says where every container says otherwise")
    set_there = "sets these where none stands" if options else "takes no options at all"
    means = f"{code('seLinux.rule', _MUST)}, which {set_there}"
    word = Word(means, tuple(dict.fromkeys(more)), tuple(lacks))
    struct = ("securityContext", "seLinuxOptions")
    sets: dict[tuple[str, ...], Value] = {(*struct, key): value for key, value in options.items()}
    spec = {"seLinux": {"rule": _MUST, "seLinuxOptions": options}}
    return Said(spec, {"seLinuxOptions": word}, sets=sets)


TABLE: Final[tuple[Row, ...]] = (
    _container("privileged", closed=False, fills=False),
    _container("allowPrivilegeEscalation", closed=False, fills=True),
    Row((_ALLOW, _DROP), _capabilities),
    _container("readOnlyRootFilesystem", closed=True, fills=True),
    _host("hostNetwork"),
    _host("hostPID"),
    _host("hostIPC"),
    Row((PORTS,), ports),
    Row((USER, ROOT), user),
    groups("runAsGroup", ("securityContext", "runAsGroup")),
    groups("supplementalGroups", ("securityContext", "supplementalGroups", "*")),
    groups("fsGroup", ("securityContext", "fsGroup")),
    Row(tuple(("seLinuxOptions", key) for key in _LABEL), _selinux),
    Row((("seccompProfile", "allow"),), seccomp),
    Row((("appArmorProfile", "allow"),), apparmor),
    _switch(
        _Switch(
            "procMount",
            "allowedProcMountTypes",
            ("securityContext", "procMount"),
            closed=["Default"],
            opened=["Default", "Unmasked"],
            only="Default",
            every=(UNSET, "Default", "Unmasked"),
            # Without the gate the API server drops the policy's field.
            more=("refuses Unmasked unless the feature gate ProcMountType is on",),
        )
    ),
    Row((SYSCTLS,), sysctls),
    Row(
        (
            ("volumes", "allow"),
            ("hostPath", "allow"),
            ("flexVolumes", "allow"),
            ("csiDrivers", "allow"),
        ),
        volumes,
    ),
    Row((("runtimeClassName", "allow"),), runtime_class),
)
