"""The rows of kernel profiles, which a policy names in annotations, and of kernel parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from capgen.policy.annotations import SCHEMES, Annotation
from capgen.policy.predicates import holds
from capgen.policy.reading import Reading
from capgen.policy.subjects import LOCALHOST

from .words import Asked, PartName, Said, Word, code, filled, first, values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgen.policy.expressions import Test

_SECCOMP: Final = "seccomp.security.alpha.kubernetes.io"
_APPARMOR: Final = "apparmor.security.beta.kubernetes.io"
_ALLOWED: Final = "allowedProfileNames"
_DEFAULT: Final = "defaultProfileName"
# The pod's field of each family.
_FIELDS: Final = {
    Annotation.SECCOMP: "seccompProfile",
    Annotation.APPARMOR: "appArmorProfile",
}
_TYPES: Final = ("RuntimeDefault", "Unconfined", LOCALHOST)
_ALL: Final = "*"
# A name that a list can hold: its items are joined by commas, and a path leads down.
_NAME: Final = re.compile(r"(?!/)(?!(?:.*/)?\.\.(?:/|$))[^,*]+")


def seccomp(asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
    """Say seccomp profiles: each level is judged for itself, and an unset one is refused."""
    allowed_key = f"{_SECCOMP}/{_ALLOWED}"
    tests = asked.get(("seccompProfile", "allow"), ())
    if not tests or _takes_all(tests[-1].test):
        words = {"seccompProfile": Word(f"`{allowed_key}: *`")} if tests else {}
        return Said({}, words, {allowed_key: _ALL})
    one = tests[-1]
    names, left = _named(one.test, Annotation.SECCOMP)
    more = tuple(f"refuses {each}" for each in left)
    if not names and one.test.unset_allowed:
        word = Word(f"no `{allowed_key}`, so that none may be named", more)
        return Said({}, {"seccompProfile": word})
    if not names:
        lack = "a policy lists profiles by their whole names, and none is allowed by its own"
        return Said({}, {"seccompProfile": Word(f"`{allowed_key}: *`", lacks=(lack,))},
                    {allowed_key: _ALL})  # fmt: skip
    annotations, sets, means = _listed(one, names, Annotation.SECCOMP, _SECCOMP)
    word = Word(means, more)
    if not sets and one.test.reading is not Reading.BOTH:
        word = word.also("refuses a pod that leaves it unset though every container says it")
    if one.test.reading is Reading.EFFECTIVE:
        word = word.also("judges what the pod says where every container says otherwise")
    return Said({}, {"seccompProfile": word}, annotations, sets)


def apparmor(asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
    """Say AppArmor profiles: containers have them by annotation; a list refuses unset."""
    allowed_key = f"{_APPARMOR}/{_ALLOWED}"
    tests = asked.get(("appArmorProfile", "allow"), ())
    if not tests:
        return Said({}, {})
    one = tests[-1]
    if _takes_all(one.test):
        return Said({}, {"appArmorProfile": Word(f"no `{allowed_key}`")})
    names, left = _named(one.test, Annotation.APPARMOR)
    more = tuple(f"refuses {each}" for each in left)
    if not names:
        lack = "a policy lists profiles by their whole names, and none is allowed by its own"
        return Said({}, {"appArmorProfile": Word(f"no `{allowed_key}`", lacks=(lack,))})
    # A node without AppArmor refuses a pod that names any profile, also one that is set here.
    annotations, sets, means = _listed(one, names, Annotation.APPARMOR, _APPARMOR)
    word = Word(means, more)
    return Said({}, {"appArmorProfile": word}, annotations, sets)


def _takes_all(test: Test) -> bool:
    return test.unset_allowed and all(holds(test.predicate, kind) for kind in _TYPES)


def _named(test: Test, family: Annotation) -> tuple[list[str], list[str]]:
    """Return the profiles that a list can name, as annotations do, and those that it cannot."""
    scheme = SCHEMES[family]
    written = {kind: name for name, kind in reversed(scheme.exact)}
    names, left = [], []
    for value in map(str, values(test)):
        kind, colon, name = value.partition(":")
        if kind == LOCALHOST and colon and _NAME.fullmatch(name):
            names.append(f"localhost/{name}")
        elif value in written:
            names.append(written[value])
        else:
            left.append(f"every {LOCALHOST}" if value == LOCALHOST else f"what is {value}")
    return names, left


def _listed(
    one: Asked, names: list[str], family: Annotation, prefix: str
) -> tuple[dict[str, str], dict[tuple[str, ...], Any], str]:
    """Return the annotations that list profiles, the values that they set, and what they mean."""
    listed = ",".join(names)
    annotations = {f"{prefix}/{_ALLOWED}": listed}
    means = code(f"{prefix}/{_ALLOWED}", listed)
    if not one.test.unset_allowed and (not one.mutate or one.chosen is None):
        return annotations, {}, means
    default = _default(one, names, family)
    value = _meaning(default, family)
    path = ("securityContext", _FIELDS[family], "type")
    annotations[f"{prefix}/{_DEFAULT}"] = default
    return annotations, {path: value}, f"{means}, which {filled(path, value)}"


def _default(one: Asked, names: list[str], family: Annotation) -> str:
    """Return the listed profile that the profile chooses, or the first."""
    return next((name for name in names if _meaning(name, family) == one.chosen), names[0])


def _meaning(name: str, family: Annotation) -> str:
    scheme = SCHEMES[family]
    return dict(scheme.exact).get(name) or f"{LOCALHOST}:{name.removeprefix('localhost/')}"


SYSCTLS: Final = ("sysctls", "allow")
# What a policy allows unless it forbids it, and since which minor version it does. Source:
# kubernetes 1.19.16 to 1.24.17, pkg/security/podsecuritypolicy/sysctl/mustmatchpatterns.go.
_SAFE: Final = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 22,
}
# What a policy's lists can hold; a `*` may stand at the end. It would cover a `/`, too, but no name
# that has one is taken up to 1.24.
_PATTERN: Final = re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?\.)*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]")
_NEW_SAFE: Final = 22


def sysctls(asked: Mapping[PartName, tuple[Asked, ...]]) -> Said:
    """Say kernel parameters: what is forbidden, then what is safe, then what is allowed besides."""
    one = first(asked, SYSCTLS)
    if one is None:
        return Said({"allowedUnsafeSysctls": [_ALL]}, {})
    named = [str(value) for value in values(one.test)]
    listed = [value for value in named if _PATTERN.fullmatch(value)]
    left = [value for value in named if value not in listed]
    if _ALL in listed:
        # The API takes no other beside it.
        listed = [_ALL]
    # One that only newer servers know to be safe is written out for the older.
    allowed = [value for value in listed if _SAFE.get(value, _NEW_SAFE) > 0]
    spec = {
        "forbiddenSysctls": [name for name in _SAFE if not holds(one.test.predicate, name)],
        "allowedUnsafeSysctls": allowed,
    }
    means = "`forbiddenSysctls` and `allowedUnsafeSysctls`, beside what the server knows to be safe"
    word = Word(means, tuple(f"refuses what is {value}" for value in left))
    return Said({key: value for key, value in spec.items() if value}, {"sysctls": word})
