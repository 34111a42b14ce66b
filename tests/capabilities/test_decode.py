"""Bitmaps as libcap decodes them: the lines are what `capsh --decode=` of libcap 2.66 printed."""

from __future__ import annotations

import pytest

from capgen.capabilities import describe

CAPSH = [
    "0x0000000000000000=",
    "0x0000000000000001=cap_chown",
    "0x0000000000000002=cap_dac_override",
    "0x0000000000000021=cap_chown,cap_kill",
    (
        "0x00000000000000ff=cap_chown,cap_dac_override,cap_dac_read_search,cap_fowner,"
        "cap_fsetid,cap_kill,cap_setgid,cap_setuid"
    ),
    "0x0000000000001000=cap_net_admin",
    "0x0000000000002000=cap_net_raw",
    "0x0000000000003000=cap_net_admin,cap_net_raw",
    "0x0000000002001000=cap_net_admin,cap_sys_time",
    (
        "0x00000000a80425fb=cap_chown,cap_dac_override,cap_fowner,cap_fsetid,cap_kill,"
        "cap_setgid,cap_setuid,cap_setpcap,cap_net_bind_service,cap_net_raw,cap_sys_chroot,"
        "cap_mknod,cap_audit_write,cap_setfcap"
    ),
    (
        "0x00000000aa0435fb=cap_chown,cap_dac_override,cap_fowner,cap_fsetid,cap_kill,"
        "cap_setgid,cap_setuid,cap_setpcap,cap_net_bind_service,cap_net_admin,cap_net_raw,"
        "cap_sys_chroot,cap_sys_time,cap_mknod,cap_audit_write,cap_setfcap"
    ),
    "0x0000000020000000=cap_audit_write",
    (
        "0x00000000000025fb=cap_chown,cap_dac_override,cap_fowner,cap_fsetid,cap_kill,"
        "cap_setgid,cap_setuid,cap_setpcap,cap_net_bind_service,cap_net_raw"
    ),
    (
        "0x00000000000005fb=cap_chown,cap_dac_override,cap_fowner,cap_fsetid,cap_kill,"
        "cap_setgid,cap_setuid,cap_setpcap,cap_net_bind_service"
    ),
    (
        "0x00000000800405fb=cap_chown,cap_dac_override,cap_fowner,cap_fsetid,cap_kill,"
        "cap_setgid,cap_setuid,cap_setpcap,cap_net_bind_service,cap_sys_chroot,cap_setfcap"
    ),
    (
        "0x000000007fffffff=cap_chown,cap_dac_override,cap_dac_read_search,cap_fowner,"
        "cap_fsetid,cap_kill,cap_setgid,cap_setuid,cap_setpcap,cap_linux_immutable,"
        "cap_net_bind_service,cap_net_broadcast,cap_net_admin,cap_net_raw,cap_ipc_lock,"
        "cap_ipc_owner,cap_sys_module,cap_sys_rawio,cap_sys_chroot,cap_sys_ptrace,"
        "cap_sys_pacct,cap_sys_admin,cap_sys_boot,cap_sys_nice,cap_sys_resource,cap_sys_time,"
        "cap_sys_tty_config,cap_mknod,cap_lease,cap_audit_write,cap_audit_control"
    ),
    (
        "0x000001fffeffffff=cap_chown,cap_dac_override,cap_dac_read_search,cap_fowner,"
        "cap_fsetid,cap_kill,cap_setgid,cap_setuid,cap_setpcap,cap_linux_immutable,"
        "cap_net_bind_service,cap_net_broadcast,cap_net_admin,cap_net_raw,cap_ipc_lock,"
        "cap_ipc_owner,cap_sys_module,cap_sys_rawio,cap_sys_chroot,cap_sys_ptrace,"
        "cap_sys_pacct,cap_sys_admin,cap_sys_boot,cap_sys_nice,cap_sys_time,"
        "cap_sys_tty_config,cap_mknod,cap_lease,cap_audit_write,cap_audit_control,"
        "cap_setfcap,cap_mac_override,cap_mac_admin,cap_syslog,cap_wake_alarm,"
        "cap_block_suspend,cap_audit_read,cap_perfmon,cap_bpf,cap_checkpoint_restore"
    ),
    (
        "0x0000003fffffffff=cap_chown,cap_dac_override,cap_dac_read_search,cap_fowner,"
        "cap_fsetid,cap_kill,cap_setgid,cap_setuid,cap_setpcap,cap_linux_immutable,"
        "cap_net_bind_service,cap_net_broadcast,cap_net_admin,cap_net_raw,cap_ipc_lock,"
        "cap_ipc_owner,cap_sys_module,cap_sys_rawio,cap_sys_chroot,cap_sys_ptrace,"
        "cap_sys_pacct,cap_sys_admin,cap_sys_boot,cap_sys_nice,cap_sys_resource,cap_sys_time,"
        "cap_sys_tty_config,cap_mknod,cap_lease,cap_audit_write,cap_audit_control,"
        "cap_setfcap,cap_mac_override,cap_mac_admin,cap_syslog,cap_wake_alarm,"
        "cap_block_suspend,cap_audit_read"
    ),
    (
        "0x000000ffffffffff=cap_chown,cap_dac_override,cap_dac_read_search,cap_fowner,"
        "cap_fsetid,cap_kill,cap_setgid,cap_setuid,cap_setpcap,cap_linux_immutable,"
        "cap_net_bind_service,cap_net_broadcast,cap_net_admin,cap_net_raw,cap_ipc_lock,"
        "cap_ipc_owner,cap_sys_module,cap_sys_rawio,cap_sys_chroot,cap_sys_ptrace,"
        "cap_sys_pacct,cap_sys_admin,cap_sys_boot,cap_sys_nice,cap_sys_resource,cap_sys_time,"
        "cap_sys_tty_config,cap_mknod,cap_lease,cap_audit_write,cap_audit_control,"
        "cap_setfcap,cap_mac_override,cap_mac_admin,cap_syslog,cap_wake_alarm,"
        "cap_block_suspend,cap_audit_read,cap_perfmon,cap_bpf"
    ),
    (
        "0x000001ffffffffff=cap_chown,cap_dac_override,cap_dac_read_search,cap_fowner,"
        "cap_fsetid,cap_kill,cap_setgid,cap_setuid,cap_setpcap,cap_linux_immutable,"
        "cap_net_bind_service,cap_net_broadcast,cap_net_admin,cap_net_raw,cap_ipc_lock,"
        "cap_ipc_owner,cap_sys_module,cap_sys_rawio,cap_sys_chroot,cap_sys_ptrace,"
        "cap_sys_pacct,cap_sys_admin,cap_sys_boot,cap_sys_nice,cap_sys_resource,cap_sys_time,"
        "cap_sys_tty_config,cap_mknod,cap_lease,cap_audit_write,cap_audit_control,"
        "cap_setfcap,cap_mac_override,cap_mac_admin,cap_syslog,cap_wake_alarm,"
        "cap_block_suspend,cap_audit_read,cap_perfmon,cap_bpf,cap_checkpoint_restore"
    ),
    (
        "0x000003ffffffffff=cap_chown,cap_dac_override,cap_dac_read_search,cap_fowner,"
        "cap_fsetid,cap_kill,cap_setgid,cap_setuid,cap_setpcap,cap_linux_immutable,"
        "cap_net_bind_service,cap_net_broadcast,cap_net_admin,cap_net_raw,cap_ipc_lock,"
        "cap_ipc_owner,cap_sys_module,cap_sys_rawio,cap_sys_chroot,cap_sys_ptrace,"
        "cap_sys_pacct,cap_sys_admin,cap_sys_boot,cap_sys_nice,cap_sys_resource,cap_sys_time,"
        "cap_sys_tty_config,cap_mknod,cap_lease,cap_audit_write,cap_audit_control,"
        "cap_setfcap,cap_mac_override,cap_mac_admin,cap_syslog,cap_wake_alarm,"
        "cap_block_suspend,cap_audit_read,cap_perfmon,cap_bpf,cap_checkpoint_restore,41"
    ),
    "0x0000020000000000=41",
    "0x8000000000000000=63",
    (
        "0x00000000a80425fa=cap_dac_override,cap_fowner,cap_fsetid,cap_kill,cap_setgid,"
        "cap_setuid,cap_setpcap,cap_net_bind_service,cap_net_raw,cap_sys_chroot,cap_mknod,"
        "cap_audit_write,cap_setfcap"
    ),
    "0x000000c000000000=cap_perfmon,cap_bpf",
]


@pytest.mark.parametrize("line", CAPSH, ids=lambda line: line.partition("=")[0])
def test_a_bitmap_holds_what_capsh_says(line: str) -> None:
    """The same names in the same order; libcap prints an unknown bit as its number."""
    bitmap, _, listed = line.partition("=")
    (one,) = describe([bitmap], None).to_json()["sets"]
    names = [f"cap_{name.lower()}" for name in one["capabilities"]]
    assert ",".join(names + [str(bit) for bit in one["unknownBits"]]) == listed
    assert one["bitmap"] == bitmap.removeprefix("0x")


@pytest.mark.parametrize("line", CAPSH, ids=lambda line: line.partition("=")[0])
def test_the_line_itself_is_read(line: str) -> None:
    """What capsh prints can be given back."""
    (one,) = describe([line], None).to_json()["sets"]
    assert one["bitmap"] == line[2:18]


@pytest.mark.parametrize(
    "line", [line for line in CAPSH if "," in line], ids=lambda line: line[:18]
)
def test_the_names_give_the_bitmap_back(line: str) -> None:
    """The list of names alone, unknown numbers among them, is the same bitmap."""
    bitmap, _, listed = line.partition("=")
    (one,) = describe([listed], None).to_json()["sets"]
    assert one["bitmap"] == bitmap.removeprefix("0x")
