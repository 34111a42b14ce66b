"""Where each chosen value is set: in which pods, and in which containers.

`mutate.py` finds the values of one pod; here they are of all pods at once, as a target needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from .choice import own_values, wanted
from .chosen import setting
from .clashes import check_together
from .subjects import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .choice import Os
    from .chosen import Chosen
    from .profile import Profile
    from .subjects import Field

_SYSTEMS: Final[tuple[Os, ...]] = ("linux", "windows")
_TOKEN: Final = ("automountServiceAccountToken",)


class Placed(NamedTuple):
    """A chosen value, and where it is set.

    Attributes:
        field: the field that it is chosen for.
        path: the way down to what is set, from the pod's spec or from the container.
        value: what is set there, as plain data.
        rule: the id of the rule that asks for it.
        inside: it is set in containers and init containers; else in the pod.
        system: `linux` or `windows`, the pods that it is set in; "" for both.
        only: the names of the containers that it is set in; empty: any.
        others: names of containers that it is not set in, as they have a value of their own.
    """

    field: Field
    path: tuple[str, ...]
    value: object
    rule: str
    inside: bool
    system: str = ""
    only: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def unmounts(self) -> bool:
        """Whether the pod is to be without its service account's token."""
        return self.path == _TOKEN and self.value is False


def placed(profile: Profile) -> Iterator[Placed]:
    """Yield the values that a profile chooses, in the order of its rules, and where they are set.

    Raises:
        ProfileError: a default is not allowed, or the API would refuse the values together.
    """
    systems: dict[tuple[Chosen, bool, tuple[str, ...], tuple[str, ...]], list[Os]] = {}
    for system in _SYSTEMS:
        for found in _on(profile, system):
            systems.setdefault(found, []).append(system)
    for (chosen, inside, only, others), on in systems.items():
        path, value = setting(chosen)
        which = "" if len(on) == len(_SYSTEMS) else on[0]
        if value != []:
            yield Placed(chosen.field, path, value, chosen.rule, inside, which, only, others)


def to_set(profile: Profile, *systems: Os) -> tuple[Chosen, ...]:
    """Return the values that a profile sets in pods; of several systems one after the other.

    That a pod runs on Windows is none: it says so already.
    """
    values = (each for system in systems or _SYSTEMS for each in wanted(profile, system))
    return tuple(each for each in values if each.field.path[0] != "os")


def _on(
    profile: Profile, system: Os
) -> Iterator[tuple[Chosen, bool, tuple[str, ...], tuple[str, ...]]]:
    values = to_set(profile, system)
    check_together(values)
    usual = [each for each in values if each.field.level is Level.CONTAINER]
    own = {
        name: [each for each in own_values(profile, system, name) if each not in usual]
        for name in profile.choices
    }
    names: dict[Chosen, list[str]] = {}
    for name, special in own.items():
        for each in special:
            names.setdefault(each, []).append(name)
    for each in values:
        others = [
            name for name, special in own.items() if any(one.field == each.field for one in special)
        ]
        inside = each in usual
        yield each, inside, (), tuple(others) if inside else ()
    for each, listed in names.items():
        yield each, True, tuple(listed), ()
