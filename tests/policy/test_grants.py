"""What grants mean, and how a profile inherits them."""

from __future__ import annotations

from itertools import chain, product
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capgen.errors import ProfileError
from capgen.policy.grants import (
    Argument,
    FileBase,
    Files,
    Grants,
    Network,
    Op,
    SyscallBase,
    SyscallGrant,
    Syscalls,
    dump,
    grants,
)
from capgen.policy.inheritance import GrantsError, check_syscalls, merge

MODULE = ["delete_module", "finit_module", "init_module"]
EQ_0 = [{"index": 0, "op": "eq", "value": 0}]
EQ_8 = [{"index": 0, "op": "eq", "value": 8}]


def test_an_example() -> None:
    """Every key has its place; groups are taken apart; conditions are sorted."""
    data = {
        "syscalls": {
            "base": "empty",
            "allow": [
                {"name": "read"},
                {
                    "name": "clone",
                    "args": [
                        {"index": 3, "op": "ne", "value": 1},
                        {"index": 0, "op": "masked_eq", "value": 0, "mask": 0x7E020000},
                    ],
                },
            ],
            "deny": ["@module"],
        },
        "files": {
            "base": "empty",
            "read": ["/a"],
            "write": ["/b"],
            "execute": ["/c"],
            "deny": ["/d"],
        },
        "network": ["inet stream", "unix"],
        "writable": ["/run/x", "/a"],
    }
    args = (Argument(0, Op.MASKED_EQ, 0, 0x7E020000), Argument(3, Op.NE, 1))
    assert grants(data) == Grants(
        syscalls=Syscalls(
            base=SyscallBase.EMPTY,
            allow=(SyscallGrant("clone", args), SyscallGrant("read")),
            deny=tuple(MODULE),
        ),
        files=Files(FileBase.EMPTY, ("/a",), ("/b",), ("/c",), ("/d",)),
        network=(Network("inet", "stream"), Network("unix")),
        writable=("/run/x", "/a"),
    )


def test_what_is_not_said() -> None:
    """A section that is not there is None; one that is there has a runtime's base."""
    assert grants({}) == Grants(None, None, None, None)
    assert grants({"syscalls": {}, "files": {}, "network": []}) == Grants(
        Syscalls(SyscallBase.RUNTIME_DEFAULT, (), ()),
        Files(FileBase.CONTAINER_DEFAULT, (), (), (), ()),
        (),
    )


def allowed(data: dict[str, Any]) -> list[tuple[str, bool]]:
    """Return what syscalls are allowed, and whether under conditions."""
    syscalls = grants({"syscalls": data}).syscalls
    assert syscalls is not None
    return [(call.name, bool(call.args)) for call in syscalls.allow]


def test_deny_wins() -> None:
    """A member of a group may be denied; a condition then says when it is granted after all."""
    assert allowed({"allow": [{"name": "@module"}]}) == [(name, False) for name in MODULE]
    rest = [("finit_module", False), ("init_module", False)]
    kept: dict[str, Any] = {"allow": [{"name": "@module"}], "deny": ["delete_module"]}
    assert allowed(kept) == rest
    kept["allow"] += [{"name": "delete_module", "args": EQ_0}]
    assert allowed(kept) == [("delete_module", True), *rest]


def test_conditions_that_change_nothing() -> None:
    """What is granted always needs no conditions."""
    both = [{"name": "read", "args": EQ_0}, {"name": "read"}]
    assert allowed({"allow": both}) == [("read", False)]


def test_several_conditions_are_sorted() -> None:
    """The order of a file changes nothing: by argument, comparison, value and mask."""
    rows = [
        {"index": 0, "op": "eq", "value": 1},
        *({"index": 0, "op": "masked_eq", "value": 0, "mask": 1 << bit} for bit in range(8)),
        {"index": 0, "op": "masked_eq", "value": 1, "mask": 1},
        {"index": 0, "op": "ne", "value": 0},
        {"index": 1, "op": "eq", "value": 0},
    ]
    calls = [{"name": "read", "args": [row]} for row in rows]
    for order in (calls, calls[::-1]):
        made = dump(grants({"syscalls": {"allow": order}}))
        assert made["syscalls"]["allow"] == calls


def test_dump() -> None:
    """A dump says all that was said, with the bases and without groups."""
    data = {"syscalls": {"allow": [{"name": "read", "args": EQ_0}], "deny": ["@module"]}}
    assert dump(grants(data)) == {
        "syscalls": {
            "base": "runtime-default",
            "allow": [{"name": "read", "args": EQ_0}],
            "deny": MODULE,
        }
    }
    rest: dict[str, Any] = {
        "files": {"base": "empty", "read": ["/a"], "write": [], "execute": ["/b"], "deny": []},
        "network": ["inet stream", "unix"],
        "writable": ["/a"],
    }
    assert dump(grants(rest)) == rest
    assert dump(grants({})) == {}
    assert dump(grants({"network": []})) == {"network": []}


# The parents, what the profile says itself, and what comes of it.
MERGED: dict[str, tuple[list[Any], Any, Any]] = {
    "nothing": ([{}, {}], {}, {}),
    "its own": ([], {"network": ["unix"], "files": {}}, {"network": ["unix"], "files": {}}),
    "by sub-key": (
        [{"syscalls": {"base": "empty", "allow": [{"name": "@module"}]}}],
        {"syscalls": {"deny": ["init_module"]}},
        {
            "syscalls": {
                "base": "empty",
                "allow": [{"name": "@module"}],
                "deny": ["init_module"],
            }
        },
    ),
    "every list of files": (
        [{"files": {"read": ["/a"], "write": ["/b"], "execute": ["/c"], "deny": ["/d"]}}],
        {"files": {"base": "empty"}},
        {"files": {"base": "empty", "read": ["/a"], "write": ["/b"], "execute": ["/c"],
                   "deny": ["/d"]}},
    ),
    "a list is replaced": (
        [{"network": ["unix"], "files": {"read": ["/a"], "deny": ["/b"]}}],
        {"network": ["inet"], "files": {"read": ["/c"]}},
        {"network": ["inet"], "files": {"read": ["/c"], "deny": ["/b"]}},
    ),
    "null takes out": (
        [{"syscalls": {"deny": ["read"]}, "files": {"base": "empty", "read": ["/a"]},
          "network": ["unix"], "writable": ["/a"]}],
        {"syscalls": None, "files": {"base": None}, "network": None},
        {"files": {"read": ["/a"]}, "writable": ["/a"]},
    ),
    "null for what nobody says": ([], {"syscalls": None, "files": {"read": None}}, {"files": {}}),
    "one parent says it": (
        [{"syscalls": {"deny": ["@module"]}}, {"files": {"deny": ["/a"]}, "writable": ["/b"]}],
        {},
        {"syscalls": {"deny": ["@module"]}, "files": {"deny": ["/a"]}, "writable": ["/b"]},
    ),
    "deny joins": (
        [{"syscalls": {"deny": ["ptrace", "@module"]}, "files": {"deny": ["/a"]}},
         {"syscalls": {"deny": ["bpf", "ptrace"]}, "files": {"deny": ["/a", "/b"]}}],
        {},
        {"syscalls": {"deny": ["ptrace", "@module", "bpf"]}, "files": {"deny": ["/a", "/b"]}},
    ),
    "allow intersects, groups too": (
        [{"syscalls": {"base": "empty", "allow": [{"name": "@module"}, {"name": "read"}]}},
         {"syscalls": {"base": "empty", "allow": [{"name": "init_module"}, {"name": "write"}]}}],
        {},
        {"syscalls": {"base": "empty", "allow": [{"name": "init_module"}]}},
    ),
    "a condition is narrower": (
        [{"syscalls": {"allow": [{"name": "read", "args": EQ_0}, {"name": "bpf"}]}},
         {"syscalls": {"allow": [{"name": "read"}, {"name": "bpf", "args": EQ_8}]}}],
        {},
        {"syscalls": {"allow": [
            {"name": "bpf", "args": EQ_8}, {"name": "read", "args": EQ_0}]}},
    ),
    "the same conditions": (
        [{"syscalls": {"allow": [{"name": "read", "args": EQ_0}]}}] * 2,
        {},
        {"syscalls": {"allow": [{"name": "read", "args": EQ_0}]}},
    ),
    "one parent allows what another denies": (
        [{"syscalls": {"allow": [{"name": "read", "args": EQ_0}, {"name": "bpf"}]}},
         {"syscalls": {"deny": ["read", "bpf"]}}],
        {},
        {"syscalls": {"allow": [], "deny": ["read", "bpf"]}},
    ),
    "one parent allows under conditions what another takes out of a group": (
        [{"syscalls": {"allow": [{"name": "@module"}], "deny": ["init_module"]}},
         {"syscalls": {"allow": [{"name": "init_module", "args": EQ_0}, {"name": "@module"}],
                       "deny": ["init_module"]}}],
        {},
        {"syscalls": {"allow": [{"name": "delete_module"}, {"name": "finit_module"}],
                      "deny": ["init_module"]}},
    ),
    "a child narrows what it denies itself": (
        [{"syscalls": {"deny": ["read", "bpf"]}}],
        {"syscalls": {"allow": [{"name": "read", "args": EQ_0}], "deny": ["read"]}},
        {"syscalls": {"allow": [{"name": "read", "args": EQ_0}], "deny": ["read"]}},
    ),
    "both deny, and allow under the same conditions": (
        [{"syscalls": {"allow": [{"name": "read", "args": EQ_0}], "deny": ["read"]}}] * 2,
        {},
        {"syscalls": {"allow": [{"name": "read", "args": EQ_0}], "deny": ["read"]}},
    ),
    "files that both read": (
        [{"files": {"read": ["/etc/**", "/a", "/b"]}},
         {"files": {"read": ["/etc/nginx/*", "/etc/", "/b"]}}],
        {},
        {"files": {"read": ["/b", "/etc/nginx/*"]}},
    ),
    "network": (
        [{"network": ["inet", "unix stream", "netlink raw"]},
         {"network": ["inet tcp", "inet udp", "unix dgram", "netlink raw"]}],
        {},
        {"network": ["netlink raw", "inet tcp", "inet udp"]},
    ),
    "writable": (
        [{"writable": ["/a", "/b/c", "/dd"]}, {"writable": ["/a/x", "/b", "/d", "/a/y"]}],
        {},
        {"writable": ["/b/c", "/a/x", "/a/y"]},
    ),
    "three parents": (
        [{"network": ["inet", "unix"]}, {"network": ["inet tcp", "unix"]}, {"network": ["inet"]}],
        {},
        {"network": ["inet tcp"]},
    ),
    "the same base": (
        [{"files": {"base": "empty"}}, {"files": {"base": "empty"}}, {"files": {}}],
        {},
        {"files": {"base": "empty"}},
    ),
    "the child settles the base": (
        [{"files": {"base": "empty"}}, {"files": {"base": "container-default"}}],
        {"files": {"base": "empty"}},
        {"files": {"base": "empty"}},
    ),
    "the child settles all": (
        [{"files": {"base": "empty"}}, {"files": {"base": "container-default"}}],
        {"files": None},
        {},
    ),
    "a child may deny what a parent allows": (
        [{"syscalls": {"allow": [{"name": "read"}]}, "files": {"read": ["/a"]}}],
        {"syscalls": {"deny": ["read"]}, "files": {"deny": ["/a"]}},
        {"syscalls": {"allow": [{"name": "read"}], "deny": ["read"]},
         "files": {"read": ["/a"], "deny": ["/a"]}},
    ),
    "a child may take back a denial": (
        [{"syscalls": {"deny": ["read"]}, "files": {"deny": ["/a"]}}],
        {"syscalls": {"allow": [{"name": "read"}], "deny": None},
         "files": {"read": ["/a"], "deny": []}},
        {"syscalls": {"allow": [{"name": "read"}]}, "files": {"read": ["/a"], "deny": []}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MERGED)
def test_merge(name: str) -> None:
    """A profile has its own keys, and of what its parents set what all of them grant."""
    parents, own, expected = MERGED[name]
    assert merge(parents, own) == expected


_SAY_DENY = "to allow it, say `deny` here too"
CONFLICTS: dict[str, tuple[list[Any], Any, tuple[str | int, ...]]] = {
    "the parents' `base` of `syscalls` differ (`empty` and `runtime-default`): say `base` here": (
        [{"syscalls": {"base": "runtime-default"}}, {"syscalls": {"base": "empty"}}],
        {},
        ("syscalls",),
    ),
    "the parents' `base` of `files` differ (`container-default` and `empty`): say `base` here": (
        [{"files": {"base": "container-default"}}, {"files": {"base": "empty"}}],
        {"files": {"read": ["/a"]}},
        ("files",),
    ),
    "the parents allow `read` under different conditions: say `allow` here": (
        [
            {"syscalls": {"allow": [{"name": "read", "args": EQ_0}]}},
            {"syscalls": {"allow": [{"name": "read", "args": EQ_8}]}},
        ],
        {},
        ("syscalls",),
    ),
    f"`init_module` is denied by a parent; {_SAY_DENY}": (
        [{"syscalls": {"deny": ["@module"]}}],
        {"syscalls": {"allow": [{"name": "read"}, {"name": "init_module", "args": EQ_0}]}},
        ("syscalls", "allow", 1),
    ),
    f"`read` is denied by a parent; {_SAY_DENY}": (
        [{"syscalls": {"deny": ["read"]}}],
        {"syscalls": {"allow": [{"name": "read"}]}},
        ("syscalls", "allow", 0),
    ),
    f"`@module` is denied by a parent; {_SAY_DENY}": (
        [{"syscalls": {"deny": ["@privileged"]}}],
        {"syscalls": {"allow": [{"name": "@module"}]}},
        ("syscalls", "allow", 0),
    ),
    f"`/etc/x` is denied by a parent; {_SAY_DENY}": (
        [{"files": {"deny": ["/etc/**"]}}],
        {"files": {"write": ["/a", "/etc/x"]}},
        ("files", "write", 1),
    ),
    "`/a` is to be writable, and `files` denies it, by `/a/**`": (
        [],
        {"writable": ["/b", "/a"], "files": {"deny": ["/a", "/a/**"]}},
        ("writable", 1),
    ),
    "`/a/b` is to be writable, and `files` denies it, by `/a/**`": (
        [{"files": {"deny": ["/a/**"]}}],
        {"writable": ["/a/b"]},
        ("writable", 0),
    ),
}


@pytest.mark.parametrize("message", CONFLICTS)
def test_conflicts(message: str) -> None:
    """What cannot go together is refused, with its place."""
    parents, own, path = CONFLICTS[message]
    with pytest.raises(GrantsError) as caught:
        merge(parents, own)
    assert (str(caught.value), caught.value.path) == (message, path)


def test_merge_leaves_its_arguments_alone() -> None:
    """Parents are shared: what comes of them is made anew."""
    parents = [{"syscalls": {"deny": ["read"]}}, {"syscalls": {"deny": ["write"]}}]
    own = {"syscalls": {"allow": [{"name": "bpf"}]}}
    before = repr((parents, own))
    merge(parents, own)
    assert repr((parents, own)) == before


class Case(NamedTuple):
    """A call of a syscall: whether the base grants it, and which of the conditions hold for it."""

    name: str
    base: bool
    holds: frozenset[tuple[Argument, ...]]


def granted(syscalls: Syscalls | None, case: Case) -> bool:
    """Tell whether a call is granted, as `Syscalls` says it."""
    assert syscalls is not None
    from_base = case.base and syscalls.base is SyscallBase.RUNTIME_DEFAULT
    return (from_base and case.name not in syscalls.deny) or any(
        call.name == case.name and (not call.args or call.args in case.holds)
        for call in syscalls.allow
    )


WAYS: tuple[tuple[Argument, ...], ...] = ((Argument(0, Op.EQ, 0),), (Argument(0, Op.EQ, 8),))
NAMES = (*MODULE, "read")
CALLS = [
    *({"name": name} for name in (*NAMES, "@module")),
    *({"name": name, "args": args} for name, args in product(NAMES[1:], (EQ_0, EQ_8))),
]


def agrees(syscalls: dict[str, Any]) -> bool:
    """Tell whether a profile may say so."""
    try:
        check_syscalls(syscalls)
    except ProfileError:
        return False
    return True


PARENT = st.fixed_dictionaries(
    {
        "base": st.sampled_from(["runtime-default", "empty"]),
        "allow": st.lists(st.sampled_from(CALLS), unique_by=repr, max_size=4),
    },
    optional={"deny": st.lists(st.sampled_from((*NAMES, "@module")), unique=True, max_size=2)},
).filter(agrees)


@settings(max_examples=500, deadline=None)
@given(st.lists(PARENT, min_size=2, max_size=3))
def test_all_parents_grant_what_comes_of_them(parents: list[dict[str, Any]]) -> None:
    """What is merged grants no call that one of the parents does not."""
    try:
        merged = grants(merge([{"syscalls": parent} for parent in parents], {})).syscalls
    except GrantsError:
        return
    theirs = [grants({"syscalls": parent}).syscalls for parent in parents]
    for name, base, holds in product(NAMES, (False, True), ((), WAYS[:1], WAYS[1:], WAYS)):
        case = Case(name, base, frozenset(holds))
        if granted(merged, case):
            assert all(granted(parent, case) for parent in theirs), case


@settings(max_examples=200, deadline=None)
@given(PARENT)
def test_one_parent_is_inherited_as_it_is(parent: dict[str, Any]) -> None:
    """Who adds nothing to a parent grants what it grants."""
    data = {"syscalls": parent}
    assert merge([data], {}) == data
    assert grants(dump(grants(data))) == grants(data)
    listed = chain.from_iterable(row.items() for row in dump(grants(data))["syscalls"]["allow"])
    assert "@" not in repr(list(listed))
