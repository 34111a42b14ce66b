"""What a container tells of itself, read; and what is expected of it, compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.engines.engine import Process, Refusal
from tests.engines.lab import LabError
from tests.engines.runtimes.expected import Expected, difference, docker, pod, podman, unsaid
from tests.engines.runtimes.seen import from_specification, parse
from tests.engines.runtimes.wanted import Wanted

NODE = {"net": "net:[1]", "pid": "pid:[2]"}
PRINTED = """\
Name:	sh
Uid:	1000	1001	1000	1000
Gid:	7	8	7	7
Groups:	3000 8
CapInh:	0000000000000000
CapPrm:	0000000000000400
CapEff:	0000000000000400
CapBnd:	00000000a80425fb
CapAmb:	0000000000000000
NoNewPrivs:	1
Seccomp:	2
Seccomp_filters:	1
mounts
39 36 0:38 / / ro,relatime - overlay overlay rw
40 39 0:41 / /proc rw,nosuid - proc proc rw
41 40 0:41 /bus /proc/bus ro,nosuid - proc proc rw
42 40 0:42 / /proc/kcore rw - tmpfs tmpfs rw
43 39 0:43 / /sys/fs/cgroup ro - tmpfs tmpfs rw
namespace net:[1]
namespace pid:[9]
namespace
confinement docker-default (enforce)
"""
SEEN = Process(
    user=1001,
    group=8,
    groups=(8, 3000),
    inheritable=0,
    permitted=0x400,
    effective=0x400,
    bounding=0xA80425FB,
    ambient=0,
    no_new_privs=True,
    seccomp=2,
    read_only=True,
    masked=2,
    confinement="docker-default (enforce)",
    shares=frozenset({"net"}),
)


def test_parse() -> None:
    """The effective ids count, sets are hexadecimal, and only mounts on kernel paths mask."""
    assert parse(PRINTED, NODE) == SEEN


@pytest.mark.parametrize("part", ["Groups:", "mounts\n", " / / ", "confinement"])
def test_incomplete(part: str) -> None:
    """A report that breaks off is no report."""
    with pytest.raises(LabError, match="printed no status"):
        parse(PRINTED.partition(part)[0], NODE)


def test_specification() -> None:
    """What cannot start is known by what it asks for; a name that runc skips counts for nothing."""
    specification = {
        "process": {
            "user": {"uid": 5, "gid": 6, "additionalGids": [7, 6]},
            "capabilities": {"bounding": ["CAP_CHOWN", "CAP_CAP_KILL"], "effective": []},
            "noNewPrivileges": True,
        },
        "root": {"path": "r", "readonly": True},
        "linux": {
            "namespaces": [{"type": "network"}, {"type": "mount"}],
            "maskedPaths": ["/proc/kcore"],
        },
    }
    expected = replace(
        SEEN,
        user=5,
        group=6,
        groups=(6, 7),
        permitted=0,
        effective=0,
        bounding=1,
        seccomp=0,
        masked=1,
        confinement="",
        shares=frozenset({"ipc", "pid", "user"}),
        started=False,
    )
    assert from_specification(specification) == expected


@pytest.mark.parametrize(
    ("expected", "actual", "right", "seen"),
    [
        (Expected({"user": 1001, "masked": True}), SEEN, "", ""),
        (Expected({"user": 0, "group": 8}), SEEN, "user 0", "user 1001"),
        (Expected({"effective": 0}), SEEN, "effective 0", "effective 400"),
        (Expected({"shares": frozenset()}), SEEN, "shares none", "shares net"),
        (Expected(refusal="no way"), SEEN, "refused: no way", "it starts"),
        (Expected(refusal="no way"), Refusal("there is no way in"), "", ""),
        (Expected(refusal="no way"), Refusal("out of paper"), "no way", "refused: out of paper"),
        (Expected({"user": 0}), Refusal("out of paper"), "it starts", "refused: out of paper"),
    ],
)
def test_difference(expected: Expected, actual: Process | Refusal, right: str, seen: str) -> None:
    """A refusal must be the expected one, and of values only those that differ are told."""
    assert difference(expected, actual) == (right, seen)


def test_runtimes_differ() -> None:
    """What is added to a user is podman's alone, and only Kubernetes refuses root."""
    wanted = Wanted(add=("CHOWN",), drop=("ALL",), user=1000, non_root=True, group=5)
    assert docker(wanted).values["effective"] == 0
    assert podman(wanted).values["ambient"] == 1
    assert pod(wanted).values["groups"] == (5, 2000)
    assert docker(wanted).values["groups"] == (5,)
    assert pod(replace(wanted, user=None)).refusal == "runAsNonRoot"
    assert unsaid(replace(wanted, user=None)) == {"runAsNonRoot", "runAsGroup"}
