"""Unions: what any one of some profiles admits."""

from __future__ import annotations

import pytest

from capgen.policy.admit import Admission
from capgen.policy.order import Proven, Refuted, at_least_as_strict
from capgen.policy.profile import Union
from tests.policy.order.test_table import made

# The strict side, the loose side, and whether it is proven.
UNIONS = {
    "a member": (["privileged: false"], ["privileged: false", "hostPID: false"], True),
    "either of two": (["hostPID: false", "privileged: false"], ["hostPID: false"], False),
    "both within one": (
        ["runAsUser: {ranges: [1]}", "runAsUser: {ranges: [3]}"],
        ["runAsUser: {ranges: ['1-5']}"],
        True,
    ),
    "in all, in no one": (
        ["hostPID: {allow: [true, false]}"],
        ["hostPID: true", "hostPID: false"],
        True,
    ),
    "cut in two, at unset": (
        ["hostPID: {allow: [true, false], unset: refuse}"],
        ["hostPID: {allow: [true], unset: refuse}", "hostPID: {allow: [false], unset: refuse}"],
        True,
    ),
    "ranges that meet": (
        ["fsGroup: {ranges: ['1-9'], unset: refuse}"],
        ["fsGroup: {ranges: ['1-5']}", "fsGroup: {ranges: ['6-9']}"],
        True,
    ),
    "ranges with a gap": (
        ["fsGroup: {ranges: ['1-9'], unset: refuse}"],
        ["fsGroup: {ranges: ['1-4']}", "fsGroup: {ranges: ['6-9']}"],
        False,
    ),
    # Two containers, each of which breaks one of them.
    "container by container": (
        ["privileged: {allow: [true, false], unset: refuse}"],
        ["privileged: true", "privileged: false"],
        False,
    ),
    # Two items of one list.
    "item by item": (
        ["supplementalGroups: {ranges: ['1-9']}"],
        ["supplementalGroups: {ranges: ['1-5']}", "supplementalGroups: {ranges: ['6-9']}"],
        False,
    ),
    "two capabilities of one list": (
        ["capabilities: {allow: [CHOWN, KILL]}"],
        ["capabilities: {allow: [CHOWN]}", "capabilities: {allow: [KILL]}"],
        False,
    ),
    "drops": (
        ["capabilities: {drop: [CHOWN]}", "capabilities: {drop: [KILL]}"],
        ["capabilities: {drop: [CHOWN]}", "capabilities: {drop: [KILL]}"],
        True,
    ),
    "unlike fields": (["hostIPC: false"], ["privileged: false", "hostPID: false"], False),
    "three, of which two": (
        ["hostIPC: false\nhostPID: false"],
        ["privileged: false", "procMount: Default", "hostPID: false"],
        True,
    ),
    # A field of the pod has one value: it cannot break both.
    "lifted here or there": (
        ["hostUsers: {allow: [false], unset: refuse}"],
        ["privileged: {allow: [false], unless: [userNamespace]}", "hostPID: false"],
        True,
    ),
    "by system": (
        ["runAsNonRoot: {allow: [true], unless: [windows]}"],
        [
            "runAsNonRoot: true",
            "runAsNonRoot: {allow: [true], unless: [windows]}\nhostProcess: false",
        ],
        False,
    ),
    "beside each other in a struct": (
        ["seLinuxOptions: {type: [a, b], user: [u, v]}"],
        ["seLinuxOptions: {type: [a]}", "seLinuxOptions: {user: [u]}"],
        False,
    ),
    "volumes by type": (
        ["volumes: {allow: [secret, configMap]}"],
        ["volumes: {allow: [secret]}", "volumes: {allow: [configMap]}"],
        False,
    ),
    "paths": (
        ["volumes: {allow: [hostPath]}\nhostPath: {allow: [/var]}"],
        ["hostPath: {allow: [/var/log, {prefix: /var, readOnly: true}]}", "hostPID: false"],
        False,
    ),
    "versions": (
        ["1.20: volumes: {allow: [secret, projected]}"],
        ["1.20: volumes: {allow: [secret]}", "1.21: volumes: {allow: [projected]}"],
        False,
    ),
    # Nothing of it stands in a template: a synced annotation, and a token that is mounted.
    "only when created": (
        [
            """1.34: volumes: {allow: [secret]}
automountServiceAccountToken: {allow: [false], unset: allow}
seccompProfile: {allow: [RuntimeDefault], unset: allow}"""
        ],
        [
            "1.34: automountServiceAccountToken: {allow: [false], unset: refuse}",
            "1.25: seccompProfile: {allow: [RuntimeDefault], unset: allow}",
        ],
        False,
    ),
}


@pytest.mark.parametrize("name", UNIONS)
def test_union(name: str) -> None:
    """A union is answered as the table says, with a request that no profile of it admits."""
    left, right, proven = UNIONS[name]
    strict = Union(tuple(map(made, left)))
    loose = Union(tuple(map(made, right)))
    answer = at_least_as_strict(strict, loose)
    if proven:
        assert answer == Proven()
        return
    assert isinstance(answer, Refuted)
    assert Admission(strict).admit(answer.request).allowed
    for profile in loose.any_of:
        assert not Admission(Union((profile,))).admit(answer.request).allowed


def test_a_union_contains_what_none_of_its_members_does() -> None:
    """Of a field with few values the members may share the profile's pods among themselves."""
    whole = made("hostPID: {allow: [true, false]}")
    parts = Union((made("hostPID: true"), made("hostPID: false")))
    assert at_least_as_strict(Union((whole,)), parts) == Proven()
    for part in parts.any_of:
        assert isinstance(at_least_as_strict(Union((whole,)), Union((part,))), Refuted)
