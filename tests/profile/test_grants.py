"""What a profile may say of grants, and what is said of each mistake, and where."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from capgen.errors import ProfileError
from capgen.policy.grants import Op, dump, grants
from capgen.policy.inheritance import check_syscalls
from capgen.policy.syscalls import names
from capgen.profile import grants as language  # noqa: TC001 - pydantic reads the annotations
from capgen.profile.models import Strict
from capgen.reader import Document, read_bytes

Place = tuple[str | int, ...]


class Spec(Strict):
    """A profile's spec, of grants only."""

    syscalls: language.Syscalls | None = None
    files: language.Files | None = None
    network: language.Network | None = None
    writable: language.Writable | None = None


def plain(text: str) -> dict[str, Any]:
    """Return the plain data of what stands below `spec:`."""
    (document,) = read_bytes(text.encode(), "web.yaml")
    assert isinstance(document, Document)
    return Spec.model_validate(document.value).model_dump(exclude_unset=True)


def complaints(text: str) -> list[tuple[Place, str]]:
    """Return what is said of a spec, and where."""
    with pytest.raises(ValidationError) as caught:
        plain(text)
    return [
        (error["loc"], error["msg"].removeprefix("Value error, "))
        for error in caught.value.errors()
    ]


GOOD = {
    "syscalls: {base: empty, allow: [read, '@module'], deny: [ptrace]}": {
        "syscalls": {
            "base": "empty",
            "allow": [{"name": "read"}, {"name": "@module"}],
            "deny": ["ptrace"],
        }
    },
    "syscalls: {allow: [{name: personality, args: [{index: 0, op: eq, value: 0x20000}]}]}": {
        "syscalls": {
            "allow": [{"name": "personality", "args": [{"index": 0, "op": "eq", "value": 0x20000}]}]
        }
    },
    # What docker's default profile asks of clone: none of the flags that make a namespace.
    "syscalls: {allow: [{name: clone, args: ["
    "{index: 0, op: masked_eq, value: 0, mask: 2114060288}]}]}": {
        "syscalls": {
            "allow": [
                {
                    "name": "clone",
                    "args": [{"index": 0, "op": "masked_eq", "value": 0, "mask": 2114060288}],
                }
            ]
        }
    },
    # A condition narrows what the base grants; and of a group one member may be left out.
    "syscalls: {allow: [{name: socket, args: [{index: 0, op: ne, value: 38}]}], deny: [socket]}": {
        "syscalls": {
            "allow": [{"name": "socket", "args": [{"index": 0, "op": "ne", "value": 38}]}],
            "deny": ["socket"],
        }
    },
    "syscalls: {allow: ['@mount'], deny: [pivot_root]}": {
        "syscalls": {"allow": [{"name": "@mount"}], "deny": ["pivot_root"]}
    },
    "files: {base: empty, read: ['/etc/**', '@{PROC}/[0-9]*/{stat,maps}'], deny: [/etc/shadow]}": {
        "files": {
            "base": "empty",
            "read": ["/etc/**", "@{PROC}/[0-9]*/{stat,maps}"],
            "deny": ["/etc/shadow"],
        }
    },
    "network: [inet stream, inet6 udp, inet icmp, netlink raw, unix]": {
        "network": ["inet stream", "inet6 udp", "inet icmp", "netlink raw", "unix"]
    },
    "writable: [/srv, /srv-x, /var/cache/nginx, /srvx/a b]": {
        "writable": ["/srv", "/srv-x", "/var/cache/nginx", "/srvx/a b"]
    },
    # Null takes out what a parent grants.
    "{syscalls: null, files: {deny: null}, network: [], writable: null}": {
        "syscalls": None,
        "files": {"deny": None},
        "network": [],
        "writable": None,
    },
}


@pytest.mark.parametrize("text", GOOD)
def test_good(text: str) -> None:
    """What may be said reads as plain data, with the keys that are set and no others."""
    assert plain(text) == GOOD[text]


NAMES = {
    "ptrce": "`ptrce` is no syscall that Linux knows; did you mean `ptrace`?",
    "PTRACE": "`PTRACE` is no syscall that Linux knows; did you mean `ptrace`?",
    "xyzzy": "`xyzzy` is no syscall that Linux knows",
    "module": "`module` is no syscall that Linux knows; did you mean `@module`?",
    "@modul": "`@modul` is no group of syscalls; did you mean `@module`?",
    "riscv_hwprobe": "`riscv_hwprobe` is a syscall of other architectures than x86 and Arm",
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    """A name that Linux, or systemd for groups, does not know is refused wherever it stands."""
    message = NAMES[name]
    assert complaints(f"syscalls: {{deny: [read, '{name}']}}") == [
        (("syscalls", "deny", 1), message)
    ]
    at = ("syscalls", "allow", 0, "name")
    assert complaints(f"syscalls: {{allow: ['{name}']}}") == [(at, message)]
    assert complaints(f"syscalls: {{allow: [{{name: '{name}'}}]}}") == [(at, message)]


def test_all_groups_are_listed_where_none_is_near() -> None:
    """Who asks for a group that is unlike any is told all of them."""
    ((_, message),) = complaints("syscalls: {deny: ['@xyzzy']}")
    assert message.startswith("`@xyzzy` is no group of syscalls; known: @aio, @basic-io, ")


# What stands as `args` of a syscall, where below it, and what is said.
ARGS: dict[str, tuple[Place, str]] = {
    "[]": ((), "`args` is empty: leave it out to allow every call"),
    "[{index: 6, op: eq, value: 0}]": (
        (0, "index"),
        "`6` is no argument of a syscall; expected its index, 0 to 5",
    ),
    "[{index: -1, op: eq, value: 0}]": (
        (0, "index"),
        "`-1` is no argument of a syscall; expected its index, 0 to 5",
    ),
    "[{index: true, op: eq, value: 0}]": (
        (0, "index"),
        "`true` is no argument of a syscall; expected its index, 0 to 5",
    ),
    "[{index: '0', op: eq, value: 0}]": (
        (0, "index"),
        "`0` is no argument of a syscall; expected its index, 0 to 5",
    ),
    "[{index: 0, op: masked, value: 0}]": (
        (0, "op"),
        "`masked` is no comparison of seccomp; did you mean `masked_eq`?",
    ),
    "[{index: 0, op: SCMP_CMP_GT, value: 0}]": (
        (0, "op"),
        "`SCMP_CMP_GT` is no comparison of seccomp; known: eq, ne, lt, le, gt, ge, masked_eq",
    ),
    "[{index: 0, op: [eq], value: 0}]": (
        (0, "op"),
        "`[eq]` is no comparison of seccomp; known: eq, ne, lt, le, gt, ge, masked_eq",
    ),
    "[{index: 0, op: eq, value: -1}]": (
        (0, "value"),
        "`-1` is no value of an argument; expected 0 to 18446744073709551615",
    ),
    "[{index: 0, op: eq, value: '18446744073709551616'}]": (
        (0, "value"),
        "`18446744073709551616` is no value of an argument; expected 0 to 18446744073709551615",
    ),
    "[{index: 0, op: eq, value: '0x10000000000000000'}]": (
        (0, "value"),
        "`0x10000000000000000` is no value of an argument; expected 0 to 18446744073709551615",
    ),
    "[{index: 0, op: eq, value: '-1'}]": (
        (0, "value"),
        "`-1` is no value of an argument; expected 0 to 18446744073709551615",
    ),
    # As kubectl reads it, and as no digit of it is sure any more.
    "[{index: 0, op: eq, value: 0xffffffffffffffff}]": (
        (0, "value"),
        (
            "`1.8446744073709552e+19` is no value of an argument"
            "; expected 0 to 18446744073709551615, in quotes beyond 9223372036854775807"
        ),
    ),
    "[{index: 0, op: eq, value: 1.5}]": (
        (0, "value"),
        "`1.5` is no value of an argument; expected 0 to 18446744073709551615",
    ),
    "[{index: 0, op: eq, value: 0, mask: null}]": (
        (0, "mask"),
        "`null` is no value of an argument; expected 0 to 18446744073709551615",
    ),
    "[{index: 0, op: masked_eq, value: 0}]": ((0,), "`op: masked_eq` needs a `mask`"),
    "[{index: 0, op: eq, value: 0, mask: 1}]": (
        (0,),
        "`op: eq` takes no `mask`; `masked_eq` does",
    ),
    "[{index: 0, op: masked_eq, value: 0, mask: 0}]": ((0,), "a `mask` of 0 compares nothing"),
    "[{index: 0, op: masked_eq, value: 3, mask: 2}]": (
        (0,),
        "the value `3` has bits that the mask `2` leaves out",
    ),
    "[{index: 1, op: ge, value: 1}, {index: 1, op: le, value: 9}]": (
        (),
        "argument `1` has two conditions; seccomp takes one in each item",
    ),
}


@pytest.mark.parametrize("args", ARGS)
def test_args(args: str) -> None:
    """A condition is one that libseccomp can be given, and that compares something."""
    below, message = ARGS[args]
    found = complaints(f"syscalls: {{allow: [{{name: read, args: {args}}}]}}")
    assert found == [(("syscalls", "allow", 0, "args", *below), message)]


def test_args_at_their_bounds() -> None:
    """The last argument, and the largest value and mask, are taken, and keep all their digits."""
    largest = 2**64 - 1
    for written in (f"'{largest}'", "'0xffffffffffffffff'", '"0xFFFFFFFFFFFFFFFF"'):
        text = f"[{{index: 5, op: masked_eq, value: {written}, mask: {written}}}]"
        data = plain(f"syscalls: {{allow: [{{name: read, args: {text}}}]}}")
        (call,) = data["syscalls"]["allow"]
        assert call["args"] == [{"index": 5, "op": "masked_eq", "value": largest, "mask": largest}]


_GROUP_ARGS = "[{index: 0, op: eq, value: 1}]"
SYSCALLS: dict[str, tuple[Place, str]] = {
    "{allow: [3]}": (
        ("allow", 0),
        "`3` is no syscall; expected a name, or `{name: ..., args: ...}`",
    ),
    f"{{allow: [{{name: '@module', args: {_GROUP_ARGS}}}]}}": (
        ("allow", 0),
        "`@module` is a group, which takes no `args`: name one of its syscalls",
    ),
    "{allow: [read, ptrace, read]}": (("allow",), "`read` stands here twice"),
    "{allow: [read, {name: read}]}": (("allow",), "`read` stands here twice"),
    "{deny: ['@module', ptrace, '@module']}": (("deny",), "`@module` stands here twice"),
    "{allow: [{name: read, args: [{index: 0, op: eq, value: 1}, {index: 1, op: eq, value: 2}]},"
    " {name: read, args: [{index: 1, op: eq, value: 2}, {index: 0, op: eq, value: 1}]}]}": (
        ("allow",),
        "`read` stands here twice",
    ),
    "{allow: [read, ptrace], deny: [ptrace]}": ((), "`ptrace` is both allowed and denied"),
    "{allow: ['@module'], deny: ['@module']}": ((), "`@module` is both allowed and denied"),
    "{allow: [ptrace], deny: ['@module', '@debug']}": (
        (),
        "`ptrace` is both allowed and denied, by `@debug`",
    ),
    "{allow: ['@module'], deny: [delete_module, finit_module, init_module, read]}": (
        (),
        (
            "`@module` is both allowed and denied"
            ", by `delete_module` and `finit_module` and `init_module`"
        ),
    ),
    "{allow: [personality, {name: personality, args: [{index: 0, op: eq, value: 0}]}]}": (
        (),
        "`personality` is allowed with `args` and without: they would change nothing",
    ),
    "{allow: ['@module', {name: init_module, args: [{index: 0, op: eq, value: 0}]}]}": (
        (),
        "`init_module` is allowed with `args` and without: they would change nothing",
    ),
}


@pytest.mark.parametrize("text", SYSCALLS)
def test_syscalls(text: str) -> None:
    """What contradicts itself, or stands twice, is refused."""
    below, message = SYSCALLS[text]
    assert complaints(f"syscalls: {text}") == [(("syscalls", *below), message)]


def test_different_conditions_are_no_duplicates() -> None:
    """A syscall may be allowed under each of several conditions; a denied group keeps them."""
    either = ", ".join(
        f"{{name: init_module, args: [{{index: 0, op: eq, value: {value}}}]}}" for value in (1, 2)
    )
    data = plain(f"syscalls: {{allow: ['@module', {either}], deny: [init_module]}}")
    assert len(data["syscalls"]["allow"]) == 3


@pytest.mark.parametrize("key", ["read", "write", "execute", "deny"])
def test_globs(key: str) -> None:
    """Each list of files takes globs of AppArmor, each once."""
    assert complaints(f"files: {{{key}: [/a, etc/x]}}") == [
        (
            ("files", key, 1),
            "`etc/x` must begin with `/`, or with a variable that does, such as `@{HOME}`",
        )
    ]
    assert complaints(f"files: {{{key}: [/a, /b, /a]}}") == [
        (("files", key), "`/a` stands here twice")
    ]


@pytest.mark.parametrize("key", ["read", "write", "execute"])
def test_files_that_are_denied(key: str) -> None:
    """What is denied is not granted: AppArmor lets deny win."""
    where = ("files",)
    assert complaints(f"files: {{{key}: [/a, /etc/x], deny: [/etc/x]}}") == [
        (where, "`/etc/x` is both allowed and denied")
    ]
    assert complaints(f"files: {{{key}: [/a, /etc/x], deny: [/b, '/etc/**']}}") == [
        (where, "`/etc/x` is both allowed and denied, by `/etc/**`")
    ]
    assert plain(f"files: {{{key}: ['/etc/**'], deny: [/etc/x]}}")


NETWORK = {
    "inte stream": "`inte` is no network domain of AppArmor; did you mean `inet`?",
    "tcp": "`tcp` is no network domain of AppArmor; a domain stands before it, as in `inet tcp`",
    "stream": (
        "`stream` is no network domain of AppArmor; a domain stands before it, as in `inet stream`"
    ),
    "": "`` is no network domain of AppArmor",
    "inet strem": (
        "`strem` is neither a type nor a protocol of a network rule; did you mean `stream`?"
    ),
    "inet stream tcp": (
        "`stream tcp` is neither a type nor a protocol of a network rule; did you mean `stream`?"
    ),
    "inet6 icmp": "the protocol `icmp` goes with `inet`; found `inet6`",
    "unix tcp": "the protocol `tcp` goes with `inet` or `inet6`; found `unix`",
}


@pytest.mark.parametrize("rule", NETWORK)
def test_network(rule: str) -> None:
    """A network rule is one that AppArmor's parser takes."""
    assert complaints(f"network: [inet dgram, '{rule}']") == [(("network", 1), NETWORK[rule])]


def test_network_rules_apart() -> None:
    """A rule that another one grants already is refused."""
    assert complaints("network: [unix, inet stream, unix]") == [
        (("network",), "`unix` stands here twice")
    ]
    assert complaints("network: [inet stream, unix, inet]") == [
        (("network",), "`inet stream` is part of `inet`, which stands here too")
    ]


WRITABLE = {
    "/": "`/` is the root itself: nothing would be read-only",
    "tmp": "`tmp` must begin with `/`",
    "~/x": "`~/x` must begin with `/`",
    "/srv/": "`/srv/` ends in a `/`; write `/srv`",
    "//": "`//` has two slashes in a row",
    "/a//b": "`/a//b` has two slashes in a row",
    "/a/../b": "`/a/../b` has a step `..`; write the path that it leads to",
    "/a/.": "`/a/.` has a step `.`; write the path that it leads to",
    "/a*": "`/a*` is a pattern; a writable path is one folder",
    "/a/[b]": "`/a/[b]` is a pattern; a writable path is one folder",
    "/@{run}": "`/@{run}` is a pattern; a writable path is one folder",
    "/a:b": "`/a:b` has a `:`, which no mount path may hold",
    "/proc": "`/proc` is in `/proc`, which no runtime mounts over",
    "/proc/sys": "`/proc/sys` is in `/proc`, which no runtime mounts over",
    "/a\\tb": "`/a\\tb` has a control character",
}


@pytest.mark.parametrize("path", WRITABLE)
def test_writable(path: str) -> None:
    """A writable path is absolute and literal, and written in one way."""
    assert complaints(f'writable: [/ok, "{path}"]') == [(("writable", 1), WRITABLE[path])]


def test_writable_paths_apart() -> None:
    """A path that is writable already is refused, however the paths are sorted."""
    said = "`/srv/x` is below `/srv`, which is writable already"
    for text in ("[/srv, /srv/x]", "[/srv/x, /srv-a, /a, /srv]", "[/srv/x, /srv.d/x, /srv, /srv0]"):
        assert complaints(f"writable: {text}") == [(("writable",), said)], text
    assert complaints("writable: [/a, /srv, /a]") == [(("writable",), "`/a` stands here twice")]


def test_shapes() -> None:
    """Unknown keys, wrong types and unknown bases are refused."""
    where = {
        "syscalls: {alow: [read]}": ("syscalls", "alow"),
        "syscalls: {base: container-default}": ("syscalls", "base"),
        "syscalls: {allow: read}": ("syscalls", "allow"),
        "syscalls: {allow: [{name: read, args: [{index: 0, op: eq, value: 0, valueTwo: 0}]}]}": (
            *("syscalls", "allow", 0, "args", 0, "valueTwo"),
        ),
        "files: {base: runtime-default}": ("files", "base"),
        "files: {deny: [3]}": ("files", "deny", 0),
        "network: inet": ("network",),
        "writable: /srv": ("writable",),
    }
    for text, place in where.items():
        assert [at for at, _ in complaints(text)] == [place], text


GLOBS = st.sampled_from(["/a", "/a/**", "/b/*", "@{HOME}/x", "/c/{d,e}", "/f[gh]"])


def test_json_schema() -> None:
    """An editor is offered the names, both forms of an item, and the bounds."""
    made = Spec.model_json_schema()["$defs"]
    every = {"type": "string", "enum": [*names()]}
    (allow, _), (deny, _) = (
        made["Syscalls"]["properties"][key]["anyOf"] for key in ("allow", "deny")
    )
    assert allow["items"] == {"anyOf": [every, {"$ref": "#/$defs/Call"}]}
    assert deny["items"] == every
    assert made["Call"]["properties"]["name"].items() >= every.items()
    word = {
        "type": ["integer", "string"],
        "minimum": 0,
        "pattern": "^(0x[0-9A-Fa-f]{1,16}|[0-9]{1,20})$",
    }
    expected: dict[str, dict[str, Any]] = {
        "index": {"enum": [0, 1, 2, 3, 4, 5]},
        "op": {"type": "string", "enum": ["eq", "ne", "lt", "le", "gt", "ge", "masked_eq"]},
        "value": word,
        "mask": word,
    }
    for key, shown in expected.items():
        assert made["Argument"]["properties"][key].items() >= shown.items(), key


def test_json_schema_of_texts() -> None:
    """What has a form is shown with it, and the form refuses nothing that may be said."""
    made = Spec.model_json_schema()
    forms = {
        "network": (made["properties"]["network"], ["inet", "inet6 tcp"], ["", "Inet", "inet "]),
        "writable": (made["properties"]["writable"], ["/a", "/a b/c"], ["a", "/", "/a/", "/a:b"]),
        "read": (made["$defs"]["Files"]["properties"]["read"], ["/", "@{HOME}/x"], ["a", "@a"]),
    }
    for key, (shown, good, bad) in forms.items():
        item = shown["anyOf"][0]["items"]
        assert item["type"] == "string", key
        assert all(re.search(item["pattern"], text) for text in good), key
        assert not any(re.search(item["pattern"], text) for text in bad), key


WORDS = st.integers(0, 2**64 - 1)


def argument(index: int, op: str, value: int, more: int) -> dict[str, Any]:
    """Return a condition; a mask has the value's bits, and more."""
    mask = {"mask": value | more} if op == "masked_eq" else {}
    return {"index": index, "op": op, "value": value} | mask


def call(name: str, args: list[dict[str, Any]]) -> dict[str, Any]:
    """Return an item of `allow`; a group has no conditions."""
    return {"name": name} | ({"args": args} if args and not name.startswith("@") else {})


def by_name(row: dict[str, Any]) -> tuple[str, int]:
    """Return what tells two items apart whatever the order of their conditions."""
    return row["name"], len(row.get("args", ()))


CALL: st.SearchStrategy[dict[str, Any]] = st.builds(
    call,
    st.sampled_from(names()),
    st.lists(
        st.builds(
            argument,
            st.integers(0, 5),
            st.sampled_from([op.value for op in Op]),
            WORDS,
            WORDS.filter(bool),
        ),
        unique_by=lambda row: int(row["index"]),
        max_size=3,
    ),
)
ALLOW: st.SearchStrategy[list[dict[str, Any]]] = st.lists(CALL, max_size=4, unique_by=by_name)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "syscalls": st.fixed_dictionaries(
            {},
            optional={
                "base": st.sampled_from(["runtime-default", "empty"]),
                "allow": ALLOW,
                "deny": st.lists(st.sampled_from(names()), max_size=3, unique=True),
            },
        ),
        "files": st.fixed_dictionaries(
            {},
            optional={
                "base": st.sampled_from(["container-default", "empty"]),
                **{key: st.lists(GLOBS, unique=True) for key in ("read", "write", "execute")},
                "deny": st.lists(st.sampled_from(["/x", "/y/**"]), unique=True),
            },
        ),
        "network": st.lists(st.sampled_from(["inet stream", "unix", "inet6 tcp"]), unique=True),
        "writable": st.lists(st.sampled_from(["/srv", "/run/x", "/run/y"]), unique=True),
    },
)


@settings(max_examples=200, deadline=None)
@given(DATA)
def test_round_trip(data: dict[str, Any]) -> None:
    """What a profile says is kept as it is said; what it means is what its dump means."""
    try:
        check_syscalls(data.get("syscalls") or {})
    except ProfileError:
        # Names that meet by chance.
        reject()
    read = Spec.model_validate(data).model_dump(exclude_unset=True)
    assert read == data
    meant = grants(read)
    dumped = dump(meant)
    assert grants(dumped) == meant
    assert grants(Spec.model_validate(dumped).model_dump(exclude_unset=True)) == meant
