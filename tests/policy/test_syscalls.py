"""The table of syscalls against what the kernel's own documents say, and how it is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from capgen.policy.syscalls import check_name, members, names, numbers
from tests.engines.syscalls import text

# Numbers as x86_64, x86, aarch64, arm have them; None: it has no such syscall.
# arch/x86/entry/syscalls/syscall_{64,32}.tbl, include/uapi/asm-generic/unistd.h,
# arch/arm/tools/syscall.tbl, arch/arm/include/uapi/asm/unistd.h (0x0f0000 and on).
NUMBERS = {
    "read": (0, 3, 63, 3),
    "open": (2, 5, None, 5),
    "openat": (257, 295, 56, 322),
    "ptrace": (101, 26, 117, 26),
    "execve": (59, 11, 221, 11),
    "socketcall": (None, 102, None, None),
    "mmap2": (None, 192, None, 192),
    "arch_prctl": (158, 384, None, None),
    "set_tls": (None, None, None, 0x0F0005),
    "newfstatat": (262, None, 79, None),
    "seccomp": (317, 354, 277, 383),
    # From 424 on the numbers are the same everywhere.
    "pidfd_send_signal": (424, 424, 424, 424),
    "io_uring_setup": (425, 425, 425, 425),
    "clone3": (435, 435, 435, 435),
    "openat2": (437, 437, 437, 437),
    "landlock_create_ruleset": (444, 444, 444, 444),
    "memfd_secret": (447, 447, 447, None),
    "futex_waitv": (449, 449, 449, 449),
    "clock_gettime64": (None, 403, None, 403),
    "uretprobe": (335, None, None, None),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name: str) -> None:
    """A syscall has the kernel's numbers, and is on no other architecture."""
    found = numbers(name)
    expected = dict(zip(("x86_64", "x86", "aarch64", "arm"), NUMBERS[name], strict=True))
    assert found == {arch: number for arch, number in expected.items() if number is not None}


def test_a_number_is_one_syscall() -> None:
    """On no architecture two syscalls have one number, and none is without any."""
    taken: set[tuple[str, int]] = set()
    for name in names():
        if not name.startswith("@"):
            rows = set(numbers(name).items())
            assert rows, name
            assert not rows & taken, name
            taken |= rows


# systemd.exec(5), "SystemCallFilter=": what the sets that a profile is likely to deny hold.
GROUPS = {
    "@module": {"delete_module", "finit_module", "init_module"},
    "@swap": {"swapoff", "swapon"},
    "@keyring": {"add_key", "keyctl", "request_key"},
    "@reboot": {"kexec_file_load", "kexec_load", "reboot"},
    "@raw-io": {"ioperm", "iopl"},
}
PARTS = {
    "@aio": {"io_setup", "io_uring_setup", "io_uring_enter", "io_uring_register"},
    "@clock": {"adjtimex", "clock_settime", "settimeofday"},
    "@mount": {"mount", "umount2", "pivot_root", "chroot", "move_mount", "fsmount"},
    "@obsolete": {"_sysctl", "create_module", "uselib"},
    "@debug": {"ptrace", "perf_event_open", "pidfd_getfd"},
    "@cpu-emulation": {"modify_ldt", "vm86"},
    # Sets in the set are taken apart.
    "@privileged": {"bpf", *GROUPS["@module"], *GROUPS["@swap"], "chown", "reboot"},
}


def test_groups() -> None:
    """The groups are systemd's, of syscalls that the table knows."""
    for group, listed in PARTS.items():
        assert listed <= members(group), group
    for group, listed in GROUPS.items():
        assert listed <= members(group), group
    assert members("@module") == GROUPS["@module"]
    assert members("@swap") == GROUPS["@swap"]
    assert members("@keyring") == GROUPS["@keyring"]
    for name in names():
        assert members(name) <= set(names()), name
        assert "read" not in members(name) or name in ("read", "@basic-io", "@system-service"), name


def test_all_names_are_taken() -> None:
    """What is listed may be written, and no name stands twice."""
    for name in names():
        check_name(name)
    assert len(set(names())) == len(names())


def test_the_file_is_as_it_is_made() -> None:
    """A table and the sets that are printed make the file: numbers, groups in groups, sources."""
    table = (
        "#syscall (v7.1.0-rc4 2026-05-21),x86,x86_kver,x86_64,x86_64_kver,arm,arm_kver,"
        "aarch64,aarch64_kver,s390,s390_kver\n"
        "read,3,SCMP_KV_UNDEF,0,SCMP_KV_UNDEF,3,SCMP_KV_UNDEF,63,SCMP_KV_UNDEF,3,SCMP_KV_UNDEF\n"
        "open,5,SCMP_KV_UNDEF,2,SCMP_KV_UNDEF,5,SCMP_KV_UNDEF,PNR,SCMP_KV_UNDEF,5,SCMP_KV_UNDEF\n"
        "io_uring_setup,425,X,425,X,425,X,425,X,425,X\n"
        "rtas,PNR,SCMP_KV_UNDEF,PNR,SCMP_KV_UNDEF,PNR,SCMP_KV_UNDEF,PNR,SCMP_KV_UNDEF,1,X\n"
    )
    filters = "@b\n    # Its own\n    @a\n    rtas\n\n@a\n    # More\n    read\n@known\n    open\n"
    made = text(table, "2.6.1", filters, "262")
    assert json.loads(made) == {
        "sources": {
            "syscalls": "libseccomp 2.6.1, src/syscalls.csv, of Linux v7.1.0-rc4",
            "groups": "systemd 262, systemd-analyze syscall-filter, of the syscalls above;"
            " @io-uring is those of that name",
        },
        "syscalls": {
            "io_uring_setup": {"x86_64": 425, "x86": 425, "aarch64": 425, "arm": 425},
            "open": {"x86_64": 2, "x86": 5, "arm": 5},
            "read": {"x86_64": 0, "x86": 3, "aarch64": 63, "arm": 3},
        },
        "elsewhere": ["rtas"],
        "groups": {"@a": ["read"], "@b": ["read"], "@io-uring": ["io_uring_setup"]},
    }
    kept = (Path(__file__).parents[2] / "capgen" / "data" / "syscalls.json").read_text("utf-8")
    assert kept.splitlines()[:4] == made.splitlines()[:4]
