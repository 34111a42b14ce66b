"""The table against the kernel's header, the defaults against the runtimes' code, the codec."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgen.capabilities import canonical, default_set, from_bitmap, names, to_bitmap
from capgen.capabilities.table import capabilities, defaults, full
from capgen.errors import UsageError

# include/uapi/linux/capability.h, Linux 6.1.
HEADER = """
CAP_CHOWN 0
CAP_DAC_OVERRIDE 1
CAP_DAC_READ_SEARCH 2
CAP_FOWNER 3
CAP_FSETID 4
CAP_KILL 5
CAP_SETGID 6
CAP_SETUID 7
CAP_SETPCAP 8
CAP_LINUX_IMMUTABLE 9
CAP_NET_BIND_SERVICE 10
CAP_NET_BROADCAST 11
CAP_NET_ADMIN 12
CAP_NET_RAW 13
CAP_IPC_LOCK 14
CAP_IPC_OWNER 15
CAP_SYS_MODULE 16
CAP_SYS_RAWIO 17
CAP_SYS_CHROOT 18
CAP_SYS_PTRACE 19
CAP_SYS_PACCT 20
CAP_SYS_ADMIN 21
CAP_SYS_BOOT 22
CAP_SYS_NICE 23
CAP_SYS_RESOURCE 24
CAP_SYS_TIME 25
CAP_SYS_TTY_CONFIG 26
CAP_MKNOD 27
CAP_LEASE 28
CAP_AUDIT_WRITE 29
CAP_AUDIT_CONTROL 30
CAP_SETFCAP 31
CAP_MAC_OVERRIDE 32
CAP_MAC_ADMIN 33
CAP_SYSLOG 34
CAP_WAKE_ALARM 35
CAP_BLOCK_SUSPEND 36
CAP_AUDIT_READ 37
CAP_PERFMON 38
CAP_BPF 39
CAP_CHECKPOINT_RESTORE 40
"""

# capabilities(7), Linux man-pages 6.03: those that did not come with 2.2.
SINCE = {
    "MKNOD": "2.4",
    "LEASE": "2.4",
    "AUDIT_WRITE": "2.6.11",
    "AUDIT_CONTROL": "2.6.11",
    "SETFCAP": "2.6.24",
    "MAC_OVERRIDE": "2.6.25",
    "MAC_ADMIN": "2.6.25",
    "SYSLOG": "2.6.37",
    "WAKE_ALARM": "3.0",
    "BLOCK_SUSPEND": "3.5",
    "AUDIT_READ": "3.16",
    "PERFMON": "5.8",
    "BPF": "5.8",
    "CHECKPOINT_RESTORE": "5.9",
}

DEFAULTS = {
    # moby oci/caps/defaults.go, v20.10.27, v25.0.6 and v28.5.2.
    "docker": (
        (
            "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID"
            " CAP_SETUID CAP_SETFCAP CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL"
            " CAP_AUDIT_WRITE"
        ),
        0xA80425FB,
    ),
    # containerd pkg/oci/spec.go v2.4.2, oci/spec.go v1.7.29.
    "containerd": (
        (
            "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID"
            " CAP_SETUID CAP_SETFCAP CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL"
            " CAP_AUDIT_WRITE"
        ),
        0xA80425FB,
    ),
    # CRI-O internal/config/capabilities/capabilities_linux.go v1.34.0.
    "cri-o": (
        "CHOWN DAC_OVERRIDE FSETID FOWNER SETGID SETUID SETPCAP NET_BIND_SERVICE KILL",
        0x5FB,
    ),
    # containers/common pkg/config/default.go v0.64.2, which podman 5.6.2 uses.
    "podman": (
        (
            "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_NET_BIND_SERVICE"
            " CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_CHROOT"
        ),
        0x800405FB,
    ),
}


def test_names_stand_at_their_bits_in_the_kernel_header() -> None:
    """Every name, at its number, and no other."""
    header = [line.split() for line in HEADER.split("\n") if line]
    assert [(f"CAP_{one.name}", str(one.bit)) for one in capabilities()] == [
        (name, bit) for name, bit in header
    ]
    assert names() == tuple(name.removeprefix("CAP_") for name, _ in header)
    assert full() == 0x1FFFFFFFFFF


def test_kernel_versions_are_those_of_the_manual() -> None:
    """The manual names a version for these; the others came with capabilities themselves."""
    assert {one.name: one.since for one in capabilities() if one.since != "2.2"} == SINCE


def test_descriptions_are_one_short_line() -> None:
    """A description fits beside its name on a line."""
    for one in capabilities():
        assert 0 < len(one.description) <= 80
        assert one.description.isprintable()


@pytest.mark.parametrize("runtime", DEFAULTS)
def test_default_sets_are_those_of_the_runtimes_code(runtime: str) -> None:
    """The set as the runtime's own list has it, and its bitmap."""
    source, bitmap = DEFAULTS[runtime]
    assert default_set(runtime) == {name.removeprefix("CAP_") for name in source.split()}
    assert to_bitmap(default_set(runtime)) == bitmap
    assert to_bitmap(source.split()) == bitmap


def test_defaults_carry_source_and_version() -> None:
    """Nobody has to believe a default set: its source stands beside it."""
    assert [default.key for default in defaults()] == list(DEFAULTS)
    for default in defaults():
        for release in default.releases:
            assert release.source.startswith("https://github.com/")
            assert release.version[0].isdigit()


def test_net_raw_is_granted_by_docker_and_not_by_podman_any_more() -> None:
    """Podman granted NET_RAW by default and has stopped; docker grants it still."""
    assert "NET_RAW" in default_set("docker")
    assert "NET_RAW" not in default_set("podman")
    old = next(default for default in defaults() if default.key == "podman").releases[-1]
    assert old.version == "4.3.1"
    assert "NET_RAW" in from_bitmap(old.bitmap)[0]


def test_a_runtime_that_is_not_known_is_refused_with_the_nearest() -> None:
    """A misspelt runtime is refused."""
    with pytest.raises(UsageError, match="for `crio`; did you mean `cri-o`"):
        default_set("crio")


@pytest.mark.parametrize(
    "written", ["NET_ADMIN", "net_admin", "CAP_NET_ADMIN", "cap_net_admin", "Cap_Net_Admin"]
)
def test_canonical_is_upper_case_without_the_prefix(written: str) -> None:
    """However a person writes a name, there is one bare form."""
    assert canonical(written) == "NET_ADMIN"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("NET_ADMN", "`NET_ADMN` is no capability; did you mean `NET_ADMIN`?"),
        ("cap_net_ra", "`cap_net_ra` is no capability; did you mean `NET_RAW`?"),
        # What containerd makes of a pod's `CAP_NET_ADMIN`.
        ("CAP_CAP_NET_ADMIN", "`CAP_CAP_NET_ADMIN` is no capability; did you mean `NET_ADMIN`?"),
        ("", "`` is no capability"),
        (" NET_RAW", "` NET_RAW` is no capability; did you mean `NET_RAW`?"),
        ("\u017fys_time", "`\u017fys_time` is no capability; did you mean `SYS_TIME`?"),
        ("ALL", "`ALL` is not one capability; every capability together is written `ALL`"),
        ("CAP_ALL", "`CAP_ALL` is not one capability; every capability together is written `ALL`"),
        ("\x1b[31m", "`\\x1b[31m` is no capability"),
        ("x" * 100, f"`{'x' * 60}[cut]` is no capability"),
    ],
)
def test_canonical_refuses_what_is_no_capability(written: str, message: str) -> None:
    """An unknown name is refused with the nearest, and is safe to print."""
    with pytest.raises(UsageError) as caught:
        canonical(written)
    assert caught.value.message == message


@given(st.sets(st.sampled_from(range(41))))
def test_every_set_of_known_capabilities_survives_both_ways(bits: set[int]) -> None:
    """Names to bitmap to names, in bit order, in any spelling."""
    bitmap = sum(1 << bit for bit in bits)
    known, unknown = from_bitmap(bitmap)
    assert known == [names()[bit] for bit in sorted(bits)]
    assert unknown == []
    assert to_bitmap(known) == bitmap
    assert to_bitmap(f"cap_{name.lower()}" for name in reversed(known)) == bitmap


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_no_bit_is_dropped(bitmap: int) -> None:
    """Every bit is a name or an unknown bit."""
    known, unknown = from_bitmap(bitmap)
    assert to_bitmap(known) | sum(1 << bit for bit in unknown) == bitmap
    assert all(41 <= bit < 64 for bit in unknown)


@pytest.mark.parametrize("bitmap", [-1, 2**64])
def test_a_bitmap_has_64_bits(bitmap: int) -> None:
    """A number that is no bitmap is a bug of the caller."""
    with pytest.raises(ValueError, match="64 bits"):
        from_bitmap(bitmap)
