"""A virtual machine with Debian's kernel: what this machine's own kernel may lack is there.

QEMU emulates the processor, so that it needs no right and no help of this machine's kernel.
"""

from __future__ import annotations

import platform
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.engines import debian
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from tests.engines.kernel.initramfs import Initramfs

_KERNEL_PACKAGE: Final = "linux-image-cloud-amd64"
_QEMU_PACKAGE: Final = "qemu-system-x86"
_BUSYBOX_PACKAGE: Final = "busybox-static"
# A busy host may let a timer come too late for the kernel's check that it works.
# What protects against a processor that speculates only costs time where there is none, and so does
# what guards the kernel's memory and looks for large pages. Its clock is read without a device.
_OPTIONS: Final = (
    "console=ttyS0 quiet panic=-1 no_timer_check tsc=reliable clocksource=tsc mitigations=off"
    " transparent_hugepage=never apparmor=1 security=apparmor"
)
# A processor of few features: with more of them programs take ways that are emulated slowly.
_PROCESSOR: Final = "qemu64"
# Of what a machine prints, the end that goes into an error.
_TAIL: Final = 3000

# What a machine writes its results to.
_RESULTS: Final = "/dev/ttyS1"
_RECORD: Final = "\x1e"
_END: Final = "\x04"

# What a machine's script starts with. What it says itself, such as of a failure, comes before the
# first record. `record NAME FILE` hands out a file, `end` and `fail` are the machine's end.
PROLOGUE: Final = f"""#!/bin/busybox sh
export PATH=/bin:/sbin
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /mnt
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t securityfs security /sys/kernel/security
ifconfig lo 127.0.0.1 up
stty -F {_RESULTS} raw
exec >{_RESULTS} 2>&1
record() {{ printf '\\036%s\\n' "$1"; cat "$2"; }}
end() {{ printf '\\004'; sync; poweroff -f; }}
fail() {{ sync; poweroff -f; }}
"""


class Record(NamedTuple):
    """One result of a machine.

    Attributes:
        name: one line.
        text: any.
    """

    name: str
    text: str


def kernel_version() -> str:
    """Return the kernel's version, as Debian writes it."""
    return debian.version(debian.tree(_KERNEL_PACKAGE), _KERNEL_PACKAGE)


def module(name: str) -> Path:
    """Return a module of the kernel, such as `overlay`.

    Raises:
        LabError: the kernel has none of the name.
    """
    for found in debian.tree(_KERNEL_PACKAGE).glob(f"lib/modules/*/kernel/**/{name}.ko"):
        return found
    raise LabError(f"{_KERNEL_PACKAGE} has no module `{name}`")


def busybox() -> Path:
    """Return a program that is a shell and all small tools, and needs no library."""
    return debian.program(debian.tree(_BUSYBOX_PACKAGE), "busybox")


def run(files: Initramfs, *, seconds: float, megabytes: int) -> list[Record]:
    """Start a machine, wait until it powers itself off, and return its results.

    Args:
        files: its root file system; `/init` is the first process.
        seconds: after which it hangs.
        megabytes: of memory.

    Raises:
        LabError: it cannot be started, it hangs, its kernel panicked, or its script failed.
    """
    if platform.machine() != "x86_64":
        raise LabError(f"the virtual machine is one of x86_64, and this is {platform.machine()}")
    with tempfile.TemporaryDirectory(prefix="capgen-lab-") as name:
        state = Path(name)
        files.save(state / "initramfs")
        tree = debian.tree(_QEMU_PACKAGE)
        command = [
            *(str(debian.program(tree, "qemu-system-x86_64")), "-nodefaults", "-no-reboot"),
            *("-machine", "q35", "-accel", "tcg", "-cpu", _PROCESSOR, "-smp", "2"),
            *("-m", str(megabytes), "-display", "none", "-nic", "none"),
            *("-L", str(tree / "usr/share/qemu"), "-L", str(tree / "usr/share/seabios")),
            *("-kernel", str(_kernel()), "-initrd", str(state / "initramfs")),
            *("-append", _OPTIONS),
            *("-serial", f"file:{state / 'console'}", "-serial", f"file:{state / 'results'}"),
        ]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=debian.environment(tree),
                timeout=seconds,
                text=True,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            said = _read(state / "console")[-_TAIL:] + _read(state / "results")[-_TAIL:]
            raise LabError(f"the virtual machine hung for {seconds} s:\n{said}") from error
        console = _read(state / "console")
        if done.returncode or "Kernel panic" in console:
            raise LabError(f"the virtual machine failed:\n{done.stderr}{console[-_TAIL:]}")
        said = _read(state / "results")
    if _END not in said:
        raise LabError(f"what runs in the virtual machine failed:\n{said[-_TAIL:]}{console}")
    records = said.partition(_END)[0].split(_RECORD)[1:]
    return [Record(*each.split("\n", 1)) for each in records]


def _kernel() -> Path:
    for found in (debian.tree(_KERNEL_PACKAGE) / "boot").glob("vmlinuz-*"):
        return found
    raise LabError(f"{_KERNEL_PACKAGE} has no kernel")


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace") if path.exists() else ""
