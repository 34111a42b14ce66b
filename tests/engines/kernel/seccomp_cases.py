"""What the seccomp profiles under `artefacts/seccomp` do to syscalls, as runc's sources have it."""

from __future__ import annotations

from typing import Final, NamedTuple

from tests.engines.kernel.seccomp import Node, Reader, Syscall

ALLOW: Final = "SCMP_ACT_ALLOW"
EPERM: Final = "SCMP_ACT_ERRNO(1)"
ENOSYS: Final = "SCMP_ACT_ERRNO(38)"
KILLED: Final = "SCMP_ACT_KILL_THREAD"

# Also on a node of the other architecture, whose own numbers the names then have.
BOTH: Final = ("x86_64", "aarch64")
ADMIN: Final = frozenset({"CAP_SYS_ADMIN"})
NEWUSER: Final = 0x10000000
# By itself it is an invalid argument: nothing is cloned.
THREAD: Final = 0x00010000
UPPER: Final = 1 << 32
# No process has this number.
NOBODY: Final = 0x7FFFFFF0


class Expected(NamedTuple):
    """What becomes of a syscall.

    Attributes:
        profile: the artefact.
        syscall: its name or number, and its arguments.
        action: as `Filter.judge` says it.
        nodes: the architectures of nodes on which it is so.
        asked: the architecture of the process; "": the node's.
        reader: who reads the profile.
        capabilities: the bounding set.
        kernel: its version.
        bugs: those of `tests/engines/bugs.py` that it shows.
    """

    profile: str
    syscall: tuple[str | int, *tuple[int, ...]]
    action: str
    nodes: tuple[str, ...] = BOTH
    asked: str = ""
    reader: Reader = "docker"
    capabilities: frozenset[str] = frozenset()
    kernel: tuple[int, int] = (6, 12)
    bugs: tuple[str, ...] = ()

    def node(self, architecture: str) -> Node:
        """Return the node that the profile is loaded on."""
        return Node(architecture, self.capabilities, self.kernel)

    def call(self, architecture: str) -> Syscall:
        """Return the syscall of a process on that node."""
        name, *arguments = self.syscall
        return Syscall(self.asked or architecture, name, tuple(arguments))


CASES: Final = (
    Expected("allow-list", ("getpid",), ALLOW),
    Expected("allow-list", ("open",), ALLOW, ("x86_64",)),
    Expected("allow-list", ("mkdirat", 0), EPERM),
    Expected("allow-list", ("dup", 999), EPERM),
    Expected("allow-list", ("keyctl", 999), "SCMP_ACT_KILL_PROCESS"),
    Expected("allow-list", ("socket", 1, 99), ALLOW),
    Expected("allow-list", ("socket", 2, 99), EPERM),
    # A condition is on all 64 bits, though the kernel reads 32 of them.
    Expected("allow-list", ("socket", UPPER | 1, 99), EPERM),
    # `clone3` is the newest that the profile names: what is newer does not exist.
    Expected("allow-list", (435, 0, 0), ALLOW),
    Expected("allow-list", (436,), ENOSYS),
    Expected("allow-list", ("getpid",), ALLOW, asked="x86"),
    Expected("allow-list", ("getpid",), ALLOW, asked="arm"),
    # An architecture that is not listed.
    Expected("allow-list", ("getpid",), KILLED, ("x86_64",), asked="x32"),
    Expected("docker", ("getpid",), ALLOW),
    Expected("docker", ("mkdirat", 0), EPERM),
    Expected("docker", ("personality", 8), ALLOW),
    Expected("docker", ("personality", 0xFFFFFFFF), EPERM),
    Expected("docker", ("socket", 1, 99), ALLOW),
    Expected("docker", ("socket", 40, 1), EPERM),
    # The kernel reads 32 bits: this is AF_VSOCK, and passes.
    Expected("docker", ("socket", UPPER | 40, 99), ALLOW),
    Expected("docker", ("clone", NEWUSER | THREAD), EPERM),
    Expected("docker", ("clone", THREAD), ALLOW),
    # `excludes.caps` leaves the rule out, and no other allows the call.
    Expected("docker", ("clone", THREAD), EPERM, capabilities=ADMIN),
    Expected("docker", ("clone3", 0, 0), ENOSYS),
    Expected("docker", ("setns", 999), EPERM),
    Expected("docker", ("setns", 999), ALLOW, capabilities=ADMIN),
    Expected("docker", ("ptrace", 999), ALLOW),
    Expected("docker", ("ptrace", 999), EPERM, kernel=(4, 4)),
    Expected("docker", ("arch_prctl", 999), ALLOW, ("x86_64",)),
    Expected("docker", ("chroot", 0), ALLOW, ("x86_64",)),
    Expected("docker", ("chroot", 0), EPERM, ("aarch64",)),
    # Conditions on two arguments must both hold; of two on one argument, one is enough.
    Expected("docker", ("dup3", 1000, 4), ALLOW),
    Expected("docker", ("dup3", 1000, 5), EPERM),
    Expected("docker", ("dup3", 999, 4), EPERM),
    Expected("docker", ("lseek", 999, 15), ALLOW),
    Expected("docker", ("lseek", 999, 25), ALLOW),
    Expected("docker", ("lseek", 999, 5), ALLOW),
    Expected("docker", ("chdir", 0), "SCMP_ACT_LOG"),
    Expected("docker", ("getgid",), "SCMP_ACT_TRAP"),
    Expected("docker", (436,), ENOSYS),
    Expected("docker", ("getpid",), ALLOW, ("x86_64",), asked="x86"),
    Expected("docker", ("getpid",), ALLOW, ("x86_64",), asked="x32"),
    Expected("docker", ("getpid",), ALLOW, ("aarch64",), asked="arm"),
    Expected("docker", ("getpid",), KILLED, ("x86_64",), asked="aarch64"),
    # On Kubernetes the same file says something else: what depends is in force for everyone, the
    # other architectures are killed, and `name` names nothing.
    Expected("docker", ("setns", 999), ALLOW, reader="oci", bugs=("oci-conditions",)),
    Expected("docker", ("ptrace", 999), ALLOW, reader="oci", kernel=(4, 4)),
    Expected("docker", ("chroot", 0), ALLOW, reader="oci"),
    Expected("docker", ("getpid",), KILLED, ("x86_64",), asked="x86", reader="oci"),
    Expected("docker", ("getgid",), EPERM, reader="oci"),
    Expected("deny-list", ("mount", 0), EPERM),
    # What it was meant to deny and does not: a misspelt `fchmodat`, and what a signed number hides.
    Expected("deny-list", ("fchmodat", 999, 0), ALLOW, bugs=("runc-unknown-syscall",)),
    Expected("deny-list", ("socket", 16, 99), ALLOW),
    Expected("deny-list", ("socket", 17, 99), EPERM),
    # Where newer syscalls are allowed, nothing is put before the filter.
    Expected("deny-list", (436,), ALLOW),
    Expected("deny-list", ("getpid",), KILLED, ("x86_64",), asked="x86"),
    # What containers of the node are started with.
    Expected("container", ("mkdir", 0), EPERM, ("x86_64",), reader="oci"),
    Expected("container", ("mkdirat", 0), EPERM, reader="oci"),
    Expected("container", ("symlinkat", 0), ENOSYS, reader="oci"),
    Expected("container", ("rmdir", 0), EPERM, ("x86_64",), reader="oci"),
    Expected("container", ("rmdir", 0), ALLOW, ("x86_64",)),
    Expected("container", ("kill", NOBODY, 10), EPERM, reader="oci"),
    Expected("container", ("kill", NOBODY, 12), ALLOW, reader="oci"),
)

# What of a profile makes the runtime refuse a container, and why.
REFUSED: Final = (
    ({"defaultAction": "SCMP_ACT_PERMIT"}, "SCMP_ACT_PERMIT is not a valid action"),
    ({"architectures": ["x86_64"]}, "x86_64 is not a valid arch"),
    ({"architectures": ["SCMP_ARCH_VAX"]}, "no architecture `vax`"),
    ({"archMap": [{}], "architectures": ["SCMP_ARCH_X86"]}, "both 'architectures' and 'archMap'"),
    ({"syscalls": [{"names": ["read"], "action": ""}]}, "not a valid action"),
    ({"syscalls": [{"names": [""], "action": ALLOW}]}, "empty string is not a valid syscall"),
    ({"syscalls": [{"names": ["a"], "name": "b", "action": ALLOW}]}, "both 'name' and 'names'"),
    (
        {"syscalls": [{"names": ["dup"], "action": ALLOW, "args": [{"op": "SCMP_CMP_IS"}]}]},
        "SCMP_CMP_IS is not a valid operator",
    ),
    (
        {"syscalls": [{"names": ["dup"], "action": ALLOW, "includes": {"minKernel": "4"}}]},
        "minKernel `4`",
    ),
)
