"""Profiles that ask for what the library's do not: what is loose, and what comes together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.policy.made import profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.profile import Profile

_SPECS: Final = {
    "privileged": """
        privileged: {allow: [true]}
        readOnlyRootFilesystem: true
    """,
    "host": """
        hostNetwork: {allow: [true], unset: refuse}
        hostPID: {allow: [true], unset: refuse}
        hostIPC: {allow: [true], unset: refuse}
    """,
    "added": """
        allowPrivilegeEscalation: false
        capabilities: {allow: [CHOWN, KILL, NET_ADMIN], add: [NET_ADMIN, KILL], drop: [CHOWN, KILL]}
    """,
    "added-to-user": """
        runAsUser: {ranges: [1-], default: 1000}
        capabilities: {allow: [NET_ADMIN], add: [NET_ADMIN], drop: [ALL]}
    """,
    "everything": """
        capabilities: {allow: [ALL], add: [ALL], drop: [NET_RAW]}
    """,
    "unconfined": """
        seccompProfile: {allow: [Unconfined], unset: refuse}
        procMount: {allow: [Unmasked]}
        hostUsers: {allow: [false]}
    """,
    "groups": """
        runAsUser: {ranges: [1000], default: 1000}
        runAsGroup: {ranges: [2500], default: 2500}
        supplementalGroups: {ranges: [3000], default: 3000}
        fsGroup: {ranges: [4000], default: 4000}
    """,
    "groups-strict": """
        runAsUser: {ranges: [1000], default: 1000}
        supplementalGroups: {ranges: [3000], default: 3000}
        supplementalGroupsPolicy: Strict
    """,
    "remapped": """
        runAsNonRoot: true
        hostUsers: {allow: [false]}
    """,
}


def profiles() -> Iterator[Profile]:
    """Yield the profiles."""
    for name, rules in _SPECS.items():
        made = profile(f'kubernetes: "1.36"\nrules:\n{rules}')
        yield made._replace(name=name)
