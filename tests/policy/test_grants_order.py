"""Where a child grants more than its parent: a hand-written table."""

from __future__ import annotations

from typing import Any

import pytest

from capgen.errors import ProfileError
from capgen.policy.grants import grants
from capgen.policy.grants_order import looser
from tests.policy.made import profile

# What the parent grants, what the child does, and in which sections that is more.
PAIRS: tuple[tuple[dict[str, Any], dict[str, Any], list[str]], ...] = (
    ({}, {"syscalls": {"base": "runtime-default"}, "writable": ["/srv"]}, []),
    ({"syscalls": {"base": "empty"}}, {"syscalls": {"base": "empty"}}, []),
    ({"syscalls": {"base": "empty"}}, {"syscalls": {"base": "runtime-default"}}, ["syscalls"]),
    ({"syscalls": {"base": "runtime-default"}}, {"syscalls": {"base": "empty"}}, []),
    ({"syscalls": {}}, {}, ["syscalls"]),
    ({"syscalls": {}}, {"syscalls": {"allow": [{"name": "bpf"}]}}, ["syscalls"]),
    (
        {"syscalls": {"allow": [{"name": "bpf"}]}},
        {"syscalls": {"allow": [{"name": "bpf", "args": [{"index": 0, "op": "eq", "value": 1}]}]}},
        [],
    ),
    (
        {"syscalls": {"allow": [{"name": "bpf", "args": [{"index": 0, "op": "eq", "value": 1}]}]}},
        {"syscalls": {"allow": [{"name": "bpf"}]}},
        ["syscalls"],
    ),
    ({"syscalls": {"deny": ["ptrace"]}}, {"syscalls": {"deny": []}}, ["syscalls"]),
    ({"syscalls": {"deny": ["ptrace"]}}, {"syscalls": {"deny": ["@debug"]}}, []),
    ({"syscalls": {"deny": ["ptrace"]}}, {"syscalls": {"base": "empty"}}, []),
    ({"files": {"read": ["/etc/**"]}}, {"files": {"read": ["/etc/nginx/**"]}}, []),
    ({"files": {"read": ["/etc/nginx/**"]}}, {"files": {"read": ["/etc/**"]}}, ["files"]),
    ({"files": {}}, {"files": {"write": ["/srv/**"]}}, ["files"]),
    ({"files": {}}, {"files": {"execute": ["/bin/sh"]}}, ["files"]),
    ({"files": {"deny": ["/etc/shadow"]}}, {"files": {}}, ["files"]),
    ({"files": {"base": "empty"}}, {"files": {}}, ["files"]),
    ({"files": {}}, {}, ["files"]),
    ({"network": ["inet"]}, {"network": ["inet stream"]}, []),
    ({"network": ["inet stream"]}, {"network": ["inet"]}, ["network"]),
    ({"network": []}, {"network": ["unix"]}, ["network"]),
    ({"network": []}, {}, ["network"]),
    ({"writable": ["/srv"]}, {"writable": ["/srv/a"]}, []),
    ({"writable": ["/srv"]}, {}, []),
    ({"writable": ["/srv"]}, {"writable": ["/srvx"]}, ["writable"]),
)


@pytest.mark.parametrize(("parent", "child", "expected"), PAIRS)
def test_looser(parent: dict[str, Any], child: dict[str, Any], expected: list[str]) -> None:
    """Just the sections in which the child may grant more are named."""
    assert [section for section, _ in looser(grants(parent), grants(child))] == expected


PARENT = 'kubernetes: "1.36"\nsyscalls: {deny: [ptrace]}'


def test_child_that_grants_more_says_why() -> None:
    """Without a reason it is refused, with one it is not; to deny more needs none."""
    more = "extends: parent\nsyscalls: {allow: [bpf]}"
    with pytest.raises(ProfileError, match="`syscalls` is looser than its parent's: it grants"):
        profile(more, parent=PARENT)
    made = profile(f"{more}\nloosens: {{syscalls: it traces}}", parent=PARENT)
    assert made.grants is not None
    assert made.grants.syscalls is not None
    assert [call.name for call in made.grants.syscalls.allow] == ["bpf"]
    assert made.grants.syscalls.deny == ("ptrace",)
    profile("extends: parent\nsyscalls: {deny: [ptrace, bpf]}", parent=PARENT)
