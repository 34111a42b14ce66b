"""The options of the target: who judges, what is done where, and controllers of kinds of one's own.

In a profile `gatekeeper: {engines: [rego], gator: deny, audit: none,
expand: [argoproj.io/v1alpha1/Rollout]}`.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from capgen.errors import UsageError
from capgen.policy.profile import Enforcement
from capgen.policy.workload import workload_of
from capgen.targets.options import Known, check

from .template import ENGINES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgen.targets.base import Options

AUDIT: Final = "audit"
GATOR: Final = "gator"
# Of an enforcement point that passes a constraint over.
NONE: Final = "none"
_ENGINES: Final = "engines"
_EXPAND: Final = "expand"
_DONE: Final = tuple(each.value for each in Enforcement)
_KNOWN: Final = {
    _ENGINES: Known("writes for no engine", tuple(ENGINES), several=True),
    AUDIT: Known("has no action in an audit", (*_DONE, NONE)),
    # A suite of `gator verify` on constraints that do not act in it would pass.
    GATOR: Known("has no action in gator", _DONE),
    _EXPAND: Known(several=True),
}
_TEMPLATE: Final = "spec.template"
# A domain, and the name of a field.
_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_FIELD: Final = "[A-Za-z_][-A-Za-z0-9_]*"
_CONTROLLER: Final = re.compile(
    rf"(?P<group>{_LABEL}(\.{_LABEL})*)/(?P<version>v[1-9]\d*((alpha|beta)[1-9]\d*)?)"
    rf"/(?P<kind>[A-Z][A-Za-z0-9]*)(@(?P<source>{_FIELD}(\.{_FIELD})*))?",
    re.ASCII,
)


class Controller(NamedTuple):
    """A kind of controllers that Kubernetes does not know.

    Attributes:
        group: its API group.
        version: its API version.
        kind: its kind.
        source: where its pod template stands: fields, with dots between them.
    """

    group: str
    version: str
    kind: str
    source: str


class Asked(NamedTuple):
    """What is asked of the target.

    Attributes:
        engines: those that templates are for, of `ENGINES`, in its order.
        actions: what is done in an audit and in gator, where it is not what the profile's
            `enforcement` says: an `Enforcement` in words, or NONE.
        expand: the controllers whose pod templates Gatekeeper makes pods of, to judge those.
    """

    engines: tuple[str, ...] = ("cel",)
    actions: Mapping[str, str] = MappingProxyType({})
    expand: tuple[Controller, ...] = ()


def asked_of(target: str, options: Options) -> Asked:
    """Return what options ask of the target of this name.

    Raises:
        UsageError: an option or its value is unknown.
    """
    check(target, options, _KNOWN)
    named = options.get(_ENGINES, Asked().engines)
    controllers = dict.fromkeys(_controller(target, each) for each in options.get(_EXPAND, ()))
    places: dict[tuple[str, str], str] = {}
    for each in controllers:
        known = places.setdefault((each.group, each.kind), each.source)
        if known != each.source:
            msg = f"`{_EXPAND}` of `{target}` has two places for the template of a {each.kind}, of"
            msg += f" which one is never there: `{known}` and `{each.source}`"
            raise UsageError(msg)
    return Asked(
        tuple(each for each in ENGINES if each in named),
        {point: options[point][0] for point in (AUDIT, GATOR) if point in options},
        tuple(controllers),
    )


def _controller(target: str, text: str) -> Controller:
    found = _CONTROLLER.fullmatch(text)
    if found is None:
        msg = f"`{_EXPAND}` of `{target}` names kinds as GROUP/VERSION/KIND, or with"
        msg += f" @PATH.TO.THE.TEMPLATE where that is not at `{_TEMPLATE}`; found `{text}`"
        raise UsageError(msg)
    group, kind = found["group"], found["kind"]
    if workload_of(f"{group}/{found['version']}", kind) is not None:
        msg = f"`{_EXPAND}` of `{target}` is for kinds that Kubernetes does not know: a {kind} is"
        raise UsageError(f"{msg} judged itself with `enforceOn: [controllers]`; found `{text}`")
    return Controller(group, found["version"], kind, found["source"] or _TEMPLATE)
