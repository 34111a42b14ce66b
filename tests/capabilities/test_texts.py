"""Texts that other tools print: process status, capsh, getcap, setcap, pscap."""

from __future__ import annotations

from typing import Any

import pytest

from capgen.capabilities import describe
from capgen.errors import InputError

STATUS = """Name:\tnginx
Umask:\t0022
State:\tS (sleeping)
Tgid:\t7
Pid:\t7
PPid:\t1
Uid:\t1000\t1000\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t0000000000001000
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
Seccomp_filters:\t1
"""

# libcap 2.66, a process with one ambient capability on a machine that lacks CAP_SYS_RESOURCE;
# the bounding set is shortened to three.
CAPSH = """Current: cap_net_raw=eip
Bounding set =cap_chown,cap_net_raw,cap_bpf
Ambient set =cap_net_raw
Current IAB: ^cap_net_raw,!cap_sys_resource
Securebits: 00/0x0/1'b0 (no-new-privs=1)
 secure-noroot: no (unlocked)
 secure-no-suid-fixup: no (unlocked)
 secure-keep-caps: no (unlocked)
 secure-no-ambient-raise: no (unlocked)
uid=65534(nobody) euid=0(root)
gid=65534(nogroup)
groups=65534(nogroup)
Guessed mode: HYBRID (4)
"""


def sets(text: str) -> dict[str, str]:
    """Return each set's bitmap by its name."""
    return {one["name"]: one["bitmap"] for one in describe([], text).to_json()["sets"]}


def refusal(text: str) -> str:
    """Return the error, with its position, that a text on standard input meets."""
    with pytest.raises(InputError) as caught:
        describe([], text)
    return str(caught.value)


def three(inheritable: int, permitted: int, effective: int) -> dict[str, str]:
    """Return the sets of a libcap text."""
    return {
        "inheritable": f"{inheritable:016x}",
        "permitted": f"{permitted:016x}",
        "effective": f"{effective:016x}",
    }


def test_status() -> None:
    """Five sets and what else decides what they are worth; every other line is ignored."""
    answer = describe([], STATUS).to_json()
    assert [(one["name"], one["bitmap"]) for one in answer["sets"]] == [
        ("CapInh", "0000000000000000"),
        ("CapPrm", "0000000000000000"),
        ("CapEff", "0000000000000000"),
        ("CapBnd", "0000000000001000"),
        ("CapAmb", "0000000000000000"),
    ]
    assert answer["processes"] == [
        {
            "of": "nginx (pid 7)",
            "uid": {"real": 1000, "effective": 1000, "saved": 1000, "filesystem": 1000},
            "noNewPrivs": True,
            "seccomp": "filter",
        }
    ]


def test_status_of_several_processes() -> None:
    """A new name begins a new process."""
    answer = describe([], STATUS + STATUS.replace("nginx", "sleep").replace("1000", "0")).to_json()
    assert {one["of"] for one in answer["sets"]} == {"nginx (pid 7)", "sleep (pid 7)"}
    assert [one["uid"]["real"] for one in answer["processes"]] == [1000, 0]


def test_status_through_grep() -> None:
    """The path that grep puts before a line says whose it is."""
    text = "/proc/1/status:CapEff:\t0000000000001000\n/proc/2/status:CapEff:\t0000000000002000\n"
    assert [(one["of"], one["capabilities"]) for one in describe([], text).to_json()["sets"]] == [
        ("/proc/1/status", ["NET_ADMIN"]),
        ("/proc/2/status", ["NET_RAW"]),
    ]


def test_status_joined_by_a_shell() -> None:
    """Fields on one line are told apart, as arguments too."""
    expected = {"CapPrm": "0000000000001000", "CapEff": "0000000000000000"}
    assert sets("CapPrm: 0000000000001000 CapEff: 0000000000000000") == expected
    answer = describe(["CapPrm:", "1000", "CapEff:", "0"], None).to_json()
    assert {one["name"]: one["bitmap"] for one in answer["sets"]} == expected


def test_a_process_cannot_name_itself_privileged() -> None:
    """A process chooses its own name; a set in it is not read."""
    text = "Name:\tx CapEff: ffffffff\nPid:\t1\nCapEff:\t0000000000000000\n"
    assert sets(text) == {"CapEff": "0000000000000000"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CapInh:\t0\nCapEff:\txyz\n", "-:2:9: `xyz` is no bitmap; expected hexadecimal digits"),
        ("CapEff:\t10000000000000000\n", "-:1:9: `10000000000000000` has more than 64 bits"),
        ("CapEff:\n", "-:1:1: `CapEff:` has no value"),
        ("Uid:\tx\nCapEff:\t0\n", "-:1:6: `x` is no user id"),
        (
            "Name:\tnginx\nUid:\t0\t0\t0\t0\n",
            "-: a process' status without its `CapInh` to `CapAmb` lines",
        ),
    ],
)
def test_status_refused(text: str, message: str) -> None:
    """A damaged status is refused where it is damaged."""
    assert refusal(text) == message


def test_capsh() -> None:
    """The whole output of `capsh --print`: five sets, user ids, no_new_privs."""
    assert sets(CAPSH) == three(0x2000, 0x2000, 0x2000) | {
        "bounding": "0000008000002001",
        "ambient": "0000000000002000",
    }
    assert describe([], CAPSH).to_json()["processes"] == [
        {"uid": {"real": 65534, "effective": 0}, "noNewPrivs": True}
    ]


# The right-hand sides are what libcap 2.66 itself made of the text (`capsh --caps=TEXT --print`).
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("= cap_chown,cap_kill+eip", three(0x21, 0x21, 0x21)),
        ("cap_net_raw=ep", three(0, 0x2000, 0x2000)),
        ("cap_net_admin,cap_net_raw+p", three(0, 0x3000, 0)),
        ("CAP_NET_RAW+p", three(0, 0x2000, 0)),
        ("cap_net_raw=", three(0, 0, 0)),
        ("=", three(0, 0, 0)),
        ("cap_chown=p+e", three(0, 1, 1)),
        ("cap_chown=p-p", three(0, 0, 0)),
        ("7=p", three(0, 0x80, 0)),
        ("cap_chown= cap_kill=p", three(0, 0x20, 0)),
        ("=ep cap_sys_resource-ep", three(0, 0x1FFFEFFFFFF, 0x1FFFEFFFFFF)),
        ("all=ep", three(0, 0x1FFFFFFFFFF, 0x1FFFFFFFFFF)),
        ("=eip cap_setpcap-e", three(0x1FFFFFFFFFF, 0x1FFFFFFFFFF, 0x1FFFFFFFEFF)),
    ],
)
def test_libcap_text(text: str, expected: dict[str, str]) -> None:
    """The text form alone, and behind `Current:`."""
    assert sets(text) == expected
    assert sets(f"Current: {text}\n") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("+p", "`+p` is no capability text"),
        ("cap_chown=e=p", "`cap_chown=e=p` is no capability text"),
        ("cap_net_raw+P", "`cap_net_raw+P` is no capability text"),
        ("cap_chown+", "`cap_chown+` is no capability text"),
        ("cap_chown+ cap_kill=p", "`cap_chown+` is no capability text"),
        ("cap_chown-i=p cap_kill=p", "`cap_chown-i=p` is no capability text"),
        ("all+p= cap_kill=p", "`all+p=` is no capability text"),
        ("-p cap_kill=p", "`-p` is no capability"),
        ("=p+e", "`=p+e` is no capability text"),
        ("cap_net_rww+p", "`cap_net_rww` is no capability; did you mean `NET_RAW`?"),
        ("cap_chown,0x7=p", "`0x7` is no capability"),
        ("SYS_TIME cap_net_raw+p", "`cap_net_raw+p` is no capability text"),
        ("Current: cap_chown", "`cap_chown` is no capability text"),
        ("Current: nonsense cap_chown=p", "`nonsense` is no capability text"),
        ("Bounding set =cap_chwn", "`cap_chwn` is no capability"),
        ("Current: = ...,cap_kill+eip", "`...` stands for capabilities that were left out"),
        ("= cap_chown,\u2026,cap_kill+eip", "`\u2026` stands for capabilities that were left out"),
        ("0x0000000000000001=cap_kill", "bitmap and names of `0x0000000000000001=cap_kill` differ"),
    ],
)
def test_libcap_text_refused(text: str, message: str) -> None:
    """What libcap refuses, what was shortened, and what would leave out a capability."""
    assert message in refusal(text)


@pytest.mark.parametrize(
    ("line", "path", "permitted", "effective"),
    [
        ("/usr/bin/ping = cap_net_admin,cap_net_raw+p", "/usr/bin/ping", 0x3000, 0),
        ("/usr/bin/ping cap_net_raw=ep", "/usr/bin/ping", 0x2000, 0x2000),
        ("ping cap_net_raw=ep", "ping", 0x2000, 0x2000),
        ("x y/foo bar cap_net_raw=ep", "x y/foo bar", 0x2000, 0x2000),
        ("/opt/a, b cap_net_raw=p", "/opt/a, b", 0x2000, 0),
        ("./c=d cap_net_raw=p", "./c=d", 0x2000, 0),
        ("/t =ep cap_chown-ep", "/t", 0x1FFFFFFFFFE, 0x1FFFFFFFFFE),
        ("/t =", "/t", 0, 0),
        ("/t cap_net_raw=ep [rootid=1000]", "/t [rootid=1000]", 0x2000, 0x2000),
    ],
)
def test_getcap(line: str, path: str, permitted: int, effective: int) -> None:
    """A line of getcap, of older and newer releases, with whatever a path may hold."""
    answer = describe([], line).to_json()["sets"]
    assert {one["of"] for one in answer} == {path}
    assert sets(line) == three(0, permitted, effective)


def test_getcap_of_a_folder() -> None:
    """Each line is a file of its own; as arguments a shell has split it."""
    text = "/bin/a cap_net_raw=ep\n/bin/b cap_sys_time=ep\n"
    assert [one["of"] for one in describe([], text).to_json()["sets"][::3]] == ["/bin/a", "/bin/b"]
    answer = describe(["/usr/bin/ping", "=", "cap_net_raw+p"], None).to_json()["sets"]
    assert answer[1]["of"] == "/usr/bin/ping"
    assert answer[1]["capabilities"] == ["NET_RAW"]


def test_pscap() -> None:
    """A process a line, its permitted set; marks for ambient and bounding sets are no names."""
    text = (
        "ppid  pid   uid         command             capabilities\n"
        "0     1     root        my init             full +\n"
        "14519 14542 root        nginx: worker       chown, net_raw @ +\n"
        "1     18066 root        python3             chown, net_raw +\n"
    )
    assert [(one["of"], one["bitmap"]) for one in describe([], text).to_json()["sets"]] == [
        ("my init (pid 1)", "000001ffffffffff"),
        ("nginx: worker (pid 14542)", "0000000000002001"),
        ("python3 (pid 18066)", "0000000000002001"),
    ]
    assert refusal(text.replace("net_raw +", "net_rwa +")).startswith("-:4:52: `net_rwa` is no")


def test_a_list_broken_behind_a_comma_goes_on() -> None:
    """Terminals and pages break long lists; nothing of them is lost."""
    assert sets("Current: = cap_chown,\n  cap_kill, cap_setuid+eip\r\n") == three(0xA1, 0xA1, 0xA1)
    assert sets("/b/ping = cap_net_admin,\ncap_net_raw+p") == three(0, 0x3000, 0)


@pytest.mark.parametrize(
    "text",
    [
        "Cap" + " " * 16_000 + "x\n",
        "/" * 16_000 + "\n",
        "a, " * 5_000 + "=p\n",
        "1 1 a " + " " * 16_000 + "+\n",
        "chown," * 2_000 + "\n",
    ],
    ids=["blanks", "slashes", "commas", "columns", "names"],
)
def test_long_lines_are_refused_or_read_at_once(text: str) -> None:
    """No text makes the patterns backtrack for long; a quadratic one would take minutes here."""
    try:
        answer: dict[str, Any] | None = describe([], text * 50).to_json()
    except InputError:
        answer = None
    assert answer is None or answer["sets"]
