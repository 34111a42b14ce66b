"""The answer as people and programs read it."""

from __future__ import annotations

import json

import pytest

from capgen.capabilities import describe
from capgen.capabilities.show import equals, relation


def test_one_set() -> None:
    """A set alone says what each capability is and who grants it by default."""
    assert describe(["NET_RAW,NET_ADMIN"], None).text() == (
        "names: 0000000000003000, 2 capabilities\n"
        "  12  NET_ADMIN           configure interfaces, routes and firewalls;"
        " set privileged socket options\n"
        "  13  NET_RAW             open raw and packet sockets;"
        " bind to foreign addresses as a proxy [default of docker, containerd]"
    )


def test_several_sets() -> None:
    """Sets of a process that are equal are shown once, under both names."""
    text = (
        "Name:\tnginx\nPid:\t7\nUid:\t1000\t0\t0\t0\n"
        "CapInh:\t0000000000000000\nCapPrm:\t00000000aa0435fb\nCapEff:\t00000000aa0435fb\n"
        "CapBnd:\t0000020000001000\nNoNewPrivs:\t0\nSeccomp:\t0\n"
    )
    assert describe([], text).text() == (
        "nginx (pid 7)\n"
        "uid 1000 real, 0 effective, 0 saved, 0 filesystem;"
        " no_new_privs not set; seccomp disabled\n"
        "CapInh: 0000000000000000, no capabilities\n"
        "CapPrm, CapEff: 00000000aa0435fb, 16 capabilities\n"
        "  docker's and containerd's default set plus NET_ADMIN SYS_TIME\n"
        "  CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE"
        " NET_ADMIN NET_RAW\n"
        "  SYS_CHROOT SYS_TIME MKNOD AUDIT_WRITE SETFCAP\n"
        "CapBnd: 0000020000001000, 2 capabilities\n"
        "  NET_ADMIN bit 41 (unknown)"
    )


def test_a_bitmap_is_not_repeated() -> None:
    """A bitmap needs no title: it is its own; an unknown bit has its row."""
    assert describe(["0x20000000000"], None).text() == (
        "0000020000000000, 1 capability\n  41  bit 41 (unknown)"
    )


def test_a_label_cannot_steer_the_terminal() -> None:
    """A process' name is shown with its control characters escaped."""
    assert "\x1b" not in describe([], "Name:\t\x1b[2Jx\nCapEff:\t0\n").text()


def test_json() -> None:
    """The JSON form to the byte where it matters to scripts."""
    answer = describe(["a80425fb"], None)
    assert answer.to_json() == {
        "version": 1,
        "sets": [
            {
                "name": "a80425fb",
                "bitmap": "00000000a80425fb",
                "capabilities": [
                    "CHOWN",
                    "DAC_OVERRIDE",
                    "FOWNER",
                    "FSETID",
                    "KILL",
                    "SETGID",
                    "SETUID",
                    "SETPCAP",
                    "NET_BIND_SERVICE",
                    "NET_RAW",
                    "SYS_CHROOT",
                    "MKNOD",
                    "AUDIT_WRITE",
                    "SETFCAP",
                ],
                "unknownBits": [],
                "equals": ["docker-default", "containerd-default"],
            }
        ],
    }
    assert json.loads(answer.json()) == answer.to_json()


@pytest.mark.parametrize(
    ("bitmap", "expected"),
    [
        (0x0, ["none"]),
        (0x5FB, ["cri-o-default"]),
        (0x800405FB, ["podman-default"]),
        (0x1FFFFFFFFFF, ["all"]),
        (0x3FFFFFFFFFF, []),
        (0x1000, []),
    ],
)
def test_equals(bitmap: int, expected: list[str]) -> None:
    """Only the very set counts; a bit that nobody knows makes it another."""
    assert equals(bitmap) == expected


@pytest.mark.parametrize(
    ("bitmap", "expected"),
    [
        (0xA80425FB, "docker's and containerd's default set"),
        (0xAA0435FB, "docker's and containerd's default set plus NET_ADMIN SYS_TIME"),
        (0xA80425FA, "docker's and containerd's default set minus CHOWN"),
        (0xAA0425FA, "docker's and containerd's default set plus SYS_TIME, minus CHOWN"),
        (0x5FB, "CRI-O's default set"),
        (0x15FB, "CRI-O's default set plus NET_ADMIN"),
        (0x800405FB, "podman's default set"),
        (0x1FFFFFFFFFF, "every capability (of Linux 5.9 and later)"),
        (0x1FFFEFFFFFF, "every capability (of Linux 5.9 and later) minus SYS_RESOURCE"),
        (0x3FFFFFFFFFF, "every capability (of Linux 5.9 and later) plus bit 41 (unknown)"),
        (0x3FFFFFFFFF, "every capability of Linux 3.16 (until PERFMON came with 5.8)"),
        (0xFFFFFFFFFF, "every capability of Linux 5.8 (until CHECKPOINT_RESTORE came with 5.9)"),
        (0x0, None),
        (0x1000, None),
        (0x3000, None),
        (0x2A0435FB ^ 0xFF, None),
    ],
)
def test_relation(bitmap: int, expected: str | None) -> None:
    """A set near to a known one is told by its changes; one that is not, by its names alone."""
    assert relation(bitmap) == expected
