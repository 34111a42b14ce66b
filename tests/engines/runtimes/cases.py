"""What the runtimes are known to make of what they are asked: each runtime's own cases.

Much of it surprises. A case says what happens, not what should: a runtime that changes is noticed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tests.engines.runtimes import image
from tests.engines.runtimes.case import Case
from tests.engines.runtimes.cri import SECCOMP
from tests.engines.runtimes.expected import DEFAULT, DOCKER_ALL, Expected
from tests.engines.runtimes.seen import SHELL, own_capabilities
from tests.engines.runtimes.wanted import Wanted

_USER: Final = image.IMAGE_USER
_BIND, _SYS_RESOURCE, _NET_ADMIN, _CHOWN, _BPF = 1 << 10, 1 << 24, 1 << 12, 1, 1 << 39
# This machine may lack some: SYS_RESOURCE, as a rule.
_ALL: Final = own_capabilities()


def _sets(effective: int, bounding: int, ambient: int = 0, **more: Any) -> Expected:  # noqa: ANN401
    return Expected(
        {
            "effective": effective,
            "permitted": effective,
            "bounding": bounding,
            "ambient": ambient,
            "inheritable": ambient,
            **more,
        }
    )


def _root(bounding: int, **more: Any) -> Expected:  # noqa: ANN401
    return _sets(bounding, bounding, **more)


def _says(**values: Any) -> Expected:  # noqa: ANN401
    return Expected(values)


def _no(words: str) -> Expected:
    return Expected(refusal=words)


def _same(asked: Wanted, expected: Expected, shell: tuple[str, ...] = SHELL) -> Case:
    return Case(asked, expected, expected, expected, shell=shell)


_BINDING: Final = Wanted(add=("NET_BIND_SERVICE",), drop=("ALL",))
_BINDING_USER: Final = replace(_BINDING, user=_USER)
_BINDING_ALONE: Final = replace(_BINDING_USER, escalation=False)
_HARDENED: Final = Wanted(
    drop=("ALL",), user=_USER, escalation=False, read_only=True, seccomp="RuntimeDefault"
)
# A program with a file capability as the first process, or as a child of one without.
_CAPABLE: Final = (f"/{image.CAPABLE}/sh", "-c")
_CHILD: Final = (*SHELL, '"$@"; :', "sh", *_CAPABLE)

_PREFIX: Final = ("containerd-prefix",)

CASES: Final = (
    # A container that may do nothing, and one that may do everything.
    _same(_HARDENED, _root(0, user=_USER, no_new_privs=True, seccomp=2, read_only=True)),
    Case(
        Wanted(privileged=True),
        _root(_ALL, seccomp=0, masked=False),
        _root(DOCKER_ALL, seccomp=0, masked=False),
        _root(_ALL, seccomp=0, masked=False),
    ),
    # Without a word: the kubelet must ask for seccomp, and podman forgets root's own group.
    Case(
        Wanted(),
        _root(DEFAULT, seccomp=0, masked=True, groups=(0, image.EXTRA)),
        _root(DEFAULT, seccomp=2, masked=True, groups=(0, image.EXTRA)),
        _root(DEFAULT, seccomp=2, masked=True, groups=(image.EXTRA,)),
        bugs=("podman-root-group",),
    ),
    _same(Wanted(user=_USER), _sets(0, DEFAULT)),
    _same(Wanted(drop=("ALL",)), _root(0)),
    _same(_BINDING, _root(_BIND)),
    # Only podman gives an added capability to a user who is not root, whatever no_new_privs says.
    Case(
        _BINDING_USER,
        _sets(0, _BIND),
        _sets(0, _BIND),
        _sets(_BIND, _BIND, ambient=_BIND),
        bugs=("podman-ambient",),
    ),
    Case(
        _BINDING_ALONE,
        _sets(0, _BIND, no_new_privs=True),
        _sets(0, _BIND, no_new_privs=True),
        _sets(_BIND, _BIND, ambient=_BIND, no_new_privs=True),
        bugs=("podman-ambient",),
    ),
    # A file's capability: limited by the bounding set. With no_new_privs only that is left of it
    # which the process had: runc gives the first one, just before it becomes the program, what
    # containerd and podman list as permitted. docker lists nothing for users other than root.
    _same(Wanted(user=_USER), _sets(_BIND, DEFAULT), _CAPABLE),
    _same(Wanted(user=_USER, drop=("ALL",)), _no("peration not permitted"), _CAPABLE),
    Case(
        _BINDING_ALONE,
        _sets(_BIND, _BIND),
        _sets(0, _BIND),
        _sets(_BIND, _BIND, inheritable=_BIND),
        shell=_CAPABLE,
        bugs=("first-program-keeps",),
    ),
    _same(_BINDING_USER, _says(effective=_BIND), _CHILD),
    Case(
        _BINDING_ALONE,
        _sets(0, _BIND),
        _sets(0, _BIND),
        _says(effective=_BIND),
        shell=_CHILD,
    ),
    # The prefix: containerd looks for CAP_CAP_NET_ADMIN and says nothing.
    _same(Wanted(add=("NET_ADMIN",)), _root(DEFAULT | _NET_ADMIN)),
    _same(Wanted(add=("net_admin",), drop=("all",)), _root(_NET_ADMIN)),
    Case(
        Wanted(add=("CAP_NET_ADMIN",)),
        _root(DEFAULT),
        _root(DEFAULT | _NET_ADMIN),
        _root(DEFAULT | _NET_ADMIN),
        bugs=_PREFIX,
    ),
    Case(
        Wanted(drop=("CAP_CHOWN",)),
        _root(DEFAULT),
        _root(DEFAULT & ~_CHOWN),
        _root(DEFAULT & ~_CHOWN),
        bugs=_PREFIX,
    ),
    Case(
        Wanted(drop=("CAP_ALL",)),
        _root(DEFAULT),
        _no('unknown capability: "CAP_ALL"'),
        _no("unknown capability"),
        bugs=_PREFIX,
    ),
    Case(
        Wanted(add=("NO_SUCH",)),
        _root(DEFAULT),
        _no("unknown capability"),
        _no("unknown capability"),
        bugs=("runc-unknown-capability",),
    ),
    # What is added and dropped: containerd drops it, docker grants it, podman refuses.
    Case(
        Wanted(add=("NET_ADMIN",), drop=("NET_ADMIN",)),
        _root(DEFAULT),
        _root(DEFAULT | _NET_ADMIN),
        _no('capability "CAP_NET_ADMIN" cannot be dropped and added'),
        bugs=("docker-add-wins",),
    ),
    Case(
        Wanted(add=("ALL",), drop=("ALL",)),
        _root(0),
        _root(DOCKER_ALL),
        _no("adding all caps and removing all caps not allowed"),
        bugs=("docker-add-wins",),
    ),
    # A privileged container drops nothing.
    Case(
        Wanted(privileged=True, drop=("ALL",)),
        _root(_ALL),
        _root(DOCKER_ALL),
        _root(_ALL),
        bugs=("privileged-drops-nothing",),
    ),
    Case(
        Wanted(privileged=True, user=_USER),
        _sets(0, _ALL),
        # Nothing of the bounding set can be refused, so it starts.
        _sets(0, DOCKER_ALL & _ALL),
        _sets(0, _ALL),
    ),
    # docker 20.10 does not know what came after AUDIT_READ.
    Case(
        Wanted(add=("BPF",)),
        _root(DEFAULT | _BPF),
        _no('unknown capability: "CAP_BPF"'),
        _root(DEFAULT | _BPF),
        bugs=("docker-unknown-names",),
    ),
    # What this machine has not: podman leaves it out in silence.
    Case(
        Wanted(add=("SYS_RESOURCE",)),
        _root(DEFAULT | _SYS_RESOURCE),
        _root(DEFAULT | _SYS_RESOURCE),
        _root((DEFAULT | _SYS_RESOURCE) & _ALL),
        bugs=("podman-leaves-out",),
    ),
    # With a group beside the user, docker and podman forget the groups that the image gives.
    Case(
        Wanted(user=_USER, group=_USER, groups=(3000,)),
        _says(groups=(_USER, image.EXTRA, 3000)),
        _says(groups=(_USER, 3000)),
        _says(groups=(_USER, 3000)),
        bugs=("containerd-merges-groups", "docker-group-forgets"),
    ),
    _same(Wanted(user=_USER), _says(groups=(_USER, image.EXTRA))),
    _same(Wanted(user=5000), _says(group=0, groups=(0,))),
    # containerd before 2.0 let this pass.
    Case(Wanted(user=_USER, groups=(3000,), strict=True), _says(groups=(_USER, 3000))),
    Case(Wanted(non_root=True), _no("runAsNonRoot and image will run as root")),
    Case(Wanted(non_root=True, user=0), _no("breaks non-root policy")),
    Case(Wanted(non_root=True), _says(user=_USER), image=image.PLAIN),
    _same(Wanted(unmasked=True), _root(DEFAULT, masked=False)),
    _same(
        Wanted(network=True, processes=True, ipc=True),
        _says(shares=frozenset({"net", "pid", "ipc", "user"})),
    ),
    Case(Wanted(users=False), _root(DEFAULT, shares=frozenset())),
    # What privileged does not overrule.
    Case(
        Wanted(privileged=True, escalation=False, read_only=True, seccomp="RuntimeDefault"),
        _root(_ALL, no_new_privs=True, read_only=True, seccomp=0, masked=False),
    ),
    # A local profile that is not there must not be taken for none.
    Case(Wanted(seccomp=f"Localhost:{SECCOMP}"), _says(seccomp=2)),
    Case(Wanted(seccomp="Localhost:missing.json"), _no("missing.json")),
)
