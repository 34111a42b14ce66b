"""What the processes of pods are on a real node, by the pods' securityContexts.

Of capabilities here is what the kubelet could change: the rest is containerd's, which the cases of
`tests/engines/runtimes/` ask about. Where a case surprises, it is upstream that does so: containerd
passes over names that it does not know (`pkg/oci`, `WithCapabilities`), and the kubelet hands them
on as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.capabilities.table import to_bitmap
from tests.engines.runtimes import image

if TYPE_CHECKING:
    from tests.engines.rest import Object

# What containerd gives when nothing is asked for, and what there is.
DEFAULT: Final = 0xA80425FB
ALL: Final = 0x1FFFFFFFFFF
BIND: Final = to_bitmap(["NET_BIND_SERVICE"])
NET_ADMIN: Final = to_bitmap(["NET_ADMIN"])

ROOT_REFUSED: Final = (
    "CreateContainerConfigError: container has runAsNonRoot and image will run as root"
)
CONFINED: Final = "cri-containerd.apparmor.d (enforce)"

# Of AppArmor: it denies one thing that a container is allowed otherwise.
PROFILES: Final = {
    "lab-node": """\
abi <abi/3.0>,
profile lab-node flags=(attach_disconnected, mediate_deleted) {
  file,
  deny /tmp/** w,
}
"""
}
_SECCOMP: Final = Path(__file__).parents[1] / "artefacts" / "seccomp" / "container.json"
# Of the first the BPF interpreter and this machine's kernel say the same: `seccomp_cases.py`.
FILTERS: Final = {
    "container.json": _SECCOMP.read_text("utf-8"),
    "misspelt.json": '{"defaultAction": "SCMP_ACT_ALOW"}',
}


_OWN: Final = ("command", "container", "image")


class Expected(NamedTuple):
    """A container, and what becomes of it.

    Attributes:
        pod: what its pod's spec says, besides its own `image` and `command`, and under `container`
            its securityContext. If that is all, it can share a pod with others.
        process: fields of `Process`; strings: words of the refusal, all of them.
        bugs: those of `tests/engines/bugs.py` that it shows.
    """

    pod: dict[str, Any]
    process: dict[str, object] | str | tuple[str, ...]
    bugs: tuple[str, ...] = ()

    @property
    def spec(self) -> Object:
        """The spec of its pod, without containers."""
        return {key: value for key, value in self.pod.items() if key not in _OWN}

    def container(self, name: str) -> Object:
        """Return the container."""
        own = {"container": {}, "image": image.ROOT, **self.pod}
        context = {"name": name, "securityContext": own["container"]}
        return context | {key: own[key] for key in ("image", "command") if key in own}


def _capabilities(add: list[str], drop: list[str], **context: object) -> dict[str, Any]:
    return {"container": {"capabilities": {"add": add, "drop": drop}, **context}}


def _sets(bits: int) -> dict[str, object]:
    """Return the capabilities of root, who has effective what is in the bounding set."""
    return {"permitted": bits, "effective": bits, "bounding": bits, "inheritable": 0, "ambient": 0}


def _filtered(*words: str) -> dict[str, Any]:
    """Return a container that runs a command of busybox's under the filter of the artefacts."""
    profile = {"type": "Localhost", "localhostProfile": "container.json"}
    return {"container": {"seccompProfile": profile}, "command": ["/bin/busybox", *words]}


# What a container does first.
_MKDIR: Final = {"command": ["/bin/busybox", "mkdir", "/tmp/folder"]}  # noqa: S108
_CONFINING: Final = {
    "container": {"appArmorProfile": {"type": "Localhost", "localhostProfile": "lab-node"}}
}
_USER: Final = {"runAsUser": 1000, "runAsGroup": 1000}

CASES: Final = {
    "default": Expected(
        {},
        {
            **_sets(DEFAULT),
            "user": 0,
            "group": 0,
            "no_new_privs": False,
            "read_only": False,
            "seccomp": 0,
            "confinement": CONFINED,
            "shares": frozenset({"user"}),
        },
    ),
    "user": Expected(
        {"container": {"runAsUser": 1000, "appArmorProfile": {"type": "Unconfined"}}},
        {
            "user": 1000,
            "group": 1000,
            "effective": 0,
            "permitted": 0,
            "bounding": DEFAULT,
            "confinement": "unconfined",
        },
    ),
    "hardened": Expected(
        {
            "securityContext": {
                "supplementalGroups": [3000],
                "supplementalGroupsPolicy": "Strict",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "container": {
                **_USER,
                "runAsNonRoot": True,
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
            },
        },
        {
            "user": 1000,
            "groups": (1000, 3000),
            "effective": 0,
            "permitted": 0,
            "ambient": 0,
            "bounding": BIND,
            "no_new_privs": True,
            "seccomp": 2,
            "read_only": True,
        },
    ),
    "merged-groups": Expected(
        {"securityContext": {**_USER, "supplementalGroups": [3000], "fsGroup": 4000}},
        {"groups": (1000, image.EXTRA, 3000, 4000)},
        ("containerd-merges-groups",),
    ),
    "drop-all-add": Expected(_capabilities(["NET_BIND_SERVICE"], ["ALL"]), _sets(BIND)),
    "add": Expected(
        _capabilities(["NET_ADMIN"], [], seccompProfile={"type": "RuntimeDefault"}) | _MKDIR,
        {**_sets(DEFAULT | NET_ADMIN), "seccomp": 2},
    ),
    "add-all": Expected(_capabilities(["ALL"], []), _sets(ALL)),
    # With the prefix, and of any unknown name, nothing is added.
    "unknown": Expected(
        _capabilities(["CAP_NET_ADMIN", "NET_ADMINS"], []),
        _sets(DEFAULT),
        ("containerd-prefix", "runc-unknown-capability"),
    ),
    "privileged": Expected(
        {"container": {"privileged": True}},
        {**_sets(ALL), "confinement": "unconfined", "masked": 0, "seccomp": 0},
    ),
    "privileged-drop": Expected(
        {"container": {"privileged": True, "capabilities": {"drop": ["ALL"]}}},
        _sets(ALL),
        ("privileged-drops-nothing",),
    ),
    "privileged-user": Expected(
        {"container": {"privileged": True, "runAsUser": 1000}},
        {"effective": 0, "permitted": 0, "bounding": ALL},
    ),
    "host": Expected(
        {"hostNetwork": True, "hostPID": True, "hostIPC": True},
        {"shares": frozenset({"ipc", "net", "pid", "user"}), **_sets(DEFAULT)},
    ),
    "non-root": Expected({"container": {"runAsNonRoot": True}}, ROOT_REFUSED),
    "non-root-pod": Expected({"securityContext": {"runAsNonRoot": True}}, ROOT_REFUSED),
    "non-root-zero": Expected(
        {"container": {"runAsNonRoot": True, "runAsUser": 0}},
        "container's runAsUser breaks non-root policy",
    ),
    "non-root-image": Expected(
        {"image": image.PLAIN, "container": {"runAsNonRoot": True}}, {"user": image.IMAGE_USER}
    ),
    "non-root-not": Expected(
        {"securityContext": {"runAsNonRoot": True}, "container": {"runAsNonRoot": False}},
        {"user": 0},
    ),
    "said-defaults": Expected(
        {
            "container": {
                "appArmorProfile": {"type": "RuntimeDefault"},
                "seccompProfile": {"type": "Unconfined"},
            }
        },
        {"confinement": CONFINED, "seccomp": 0},
    ),
    "apparmor-local": Expected(
        _CONFINING,
        {"confinement": "lab-node (enforce)"},
    ),
    "apparmor-denies": Expected(
        _CONFINING | _MKDIR,
        "can't create directory '/tmp/folder': Permission denied",
    ),
    "apparmor-missing": Expected(
        {"container": {"appArmorProfile": {"type": "Localhost", "localhostProfile": "lab-none"}}},
        "lab-none",
    ),
    # One container does what the filter refuses in several ways. That of `rmdir` has what docker
    # would read as a condition that no machine fulfils.
    "seccomp-refuses": Expected(
        _filtered(
            "sh",
            "-c",
            "/bin/busybox mkdir /tmp/folder; /bin/busybox ln -s a /tmp/link;"
            " /bin/busybox rmdir /tmp/none; /bin/busybox kill -10 1",
        ),
        (
            "can't create directory '/tmp/folder': Operation not permitted",
            "link: Function not implemented",
            "'/tmp/none': Operation not permitted",
            "can't kill pid 1: Operation not permitted",
        ),
        bugs=("oci-conditions",),
    ),
    "seccomp-other-argument": Expected(_filtered("kill", "-12", "1"), {"seccomp": 2}),
    "seccomp-missing": Expected(
        {"container": {"seccompProfile": {"type": "Localhost", "localhostProfile": "none.json"}}},
        "none.json",
    ),
    "seccomp-misspelt": Expected(
        {
            "container": {
                "seccompProfile": {"type": "Localhost", "localhostProfile": "misspelt.json"}
            }
        },
        "SCMP_ACT_ALOW is not a valid action for seccomp",
    ),
    "sysctl": Expected(
        {"securityContext": {"sysctls": [{"name": "net.core.somaxconn", "value": "9"}]}},
        'forbidden sysctl: "net.core.somaxconn" not allowlisted',
    ),
}
