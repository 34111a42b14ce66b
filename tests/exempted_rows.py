"""The rows of `exempted.py`: what is special, what is changed, and the rules that must refuse."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from tests.pods import DROP, annotation

if TYPE_CHECKING:
    from collections.abc import Mapping

    Changes = Mapping[Any, object]

MESH: Final = "registry.example.com/mesh/envoy:1.2"
AGENT: Final = "registry.example.com/agent:3"
SIDE: Final = "spec.containers.1"
WEB: Final = "spec.containers.0"
SETUP: Final = "spec.initContainers.0"
POD: Final = "spec.securityContext"
_ARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
_NOTHING: Final[Changes] = MappingProxyType({})


def _in(place: str, changes: Changes) -> dict[Any, object]:
    return {f"{place}.{way}".lstrip("."): value for way, value in changes.items()}


def _mesh(security: Changes = _NOTHING, image: str = MESH, place: str = SIDE) -> dict[Any, object]:
    """Return changes that give a container, or the one that is at hand, an image and settings."""
    inner = {f"securityContext.{key}": value for key, value in security.items()}
    return _in(place, {"image": image, **inner})


_ROOT: Final = {"runAsUser": 0, "runAsNonRoot": False, "capabilities": {"add": ["SYS_ADMIN"]}}
_ROOT_RULES: Final = ("capabilities", "runAsNonRoot", "runAsUser")
_UNCONFINED: Final = {"type": "Unconfined"}
_LOGS: Final = [
    {"name": "logs", "hostPath": {"path": "/var/log"}},
    {"name": "data", "hostPath": {"path": "/data"}},
]
_WRITES: Final = [{"name": "data", "mountPath": "/d"}, {"name": "logs", "mountPath": "/l"}]
_AGENT: Final = _in(SIDE, {"name": "agent", "image": AGENT, "securityContext.privileged": True})
_LOGGER: Final = {"spec.volumes": _LOGS, f"{SIDE}.name": "logger", f"{SIDE}.volumeMounts": _WRITES}

_Created = tuple[str, "Changes", tuple[str, ...]]
# Images that are nearly exempt.
_NEAR: Final = (
    ("another name", "registry.example.com/app:1.2"),
    ("one more slash", "registry.example.com/mesh/envoy/extra:1.2"),
    ("one slash less", "registry.example.com/mesh:1.2"),
    ("nothing before the tag", "registry.example.com/mesh/envoy"),
    ("another tag", "registry.example.com/mesh/envoy:2.1"),
    ("a digest for a tag", f"registry.example.com/mesh/envoy@sha256:{'0a' * 32}"),
    ("a registry before it", f"evil.example.com/{MESH}"),
    ("more before it", f"x{MESH}"),
    ("a dot that is any character", MESH.replace(".example", "-example")),
    ("another case", MESH.upper()),
    ("a longer digest", "registry.example.com/pinned@sha256:0a0a"),
    ("a tag and the digest", "registry.example.com/pinned:1@sha256:0a"),
    ("the tag in place of the digest", "registry.example.com/pinned:0a"),
)
# Images that are exempt.
_FAR: Final = (
    ("the image", MESH),
    ("nothing where a star is", "registry.example.com/mesh/:1."),
    ("a tag and a digest", f"{MESH}@sha256:{'0a' * 32}"),
    ("two colons", "registry.example.com/mesh/envoy:8080:1.2"),
    ("a line feed where a star is", "registry.example.com/mesh/en\nvoy:1.2"),
    ("the digest", "registry.example.com/pinned@sha256:0a"),
)
CREATED: Final[tuple[_Created, ...]] = (
    ("good", {}, ()),
    *((f"exempt: {name}", _mesh(_ROOT, image), ()) for name, image in _FAR),
    *((f"nearly exempt: {name}", _mesh(_ROOT, image), _ROOT_RULES) for name, image in _NEAR),
    ("init container", _mesh(_ROOT, place=SETUP), ()),
    ("own seccomp", _mesh({"seccompProfile": _UNCONFINED}), ()),
    ("own SELinux", _mesh({"seLinuxOptions": {"type": "spc_t"}}), ()),
    ("not exempt from it", _mesh({"appArmorProfile": _UNCONFINED}), ("appArmorProfile",)),
    ("its rules and another", _AGENT | _mesh(_ROOT) | {f"{SIDE}.name": "agent"}, ("privileged",)),
    ("the pod's seccomp", _mesh() | {f"{POD}.seccompProfile": _UNCONFINED}, ("seccompProfile",)),
    ("the pod's user", _mesh() | {f"{POD}.runAsUser": 0}, ("runAsUser",)),
    ("unset for all", _mesh() | {f"{POD}.runAsGroup": DROP}, ("runAsGroup",)),
    (
        "unset for the exempt one alone",
        _mesh()
        | {f"{POD}.runAsGroup": DROP}
        | {f"{each}.securityContext.runAsGroup": 7 for each in (SETUP, WEB)},
        (),
    ),
    (
        "beside a bad one",
        _mesh(_ROOT) | _mesh({"capabilities": None}, "x:1", WEB),
        ("capabilities",),
    ),
    ("both exempt", _mesh(_ROOT) | _mesh(_ROOT, place=WEB), ()),
    ("by name, writes", _LOGGER, ()),
    ("by name, another writes", _LOGGER | {f"{WEB}.volumeMounts": _WRITES}, ("hostPath",)),
    ("by name, another name", _LOGGER | {f"{SIDE}.name": "loggers"}, ("hostPath",)),
    (
        "by name, a path that nobody may have",
        _LOGGER | {"spec.volumes": [_LOGS[1], {"name": "logs", "hostPath": {"path": "/etc"}}]},
        ("hostPath",),
    ),
    ("by both", _AGENT, ()),
    ("by both, the name alone", _AGENT | {f"{SIDE}.image": "x:1"}, ("privileged",)),
    ("by both, the image alone", _AGENT | {f"{SIDE}.name": "agents"}, ("privileged",)),
    (
        "by both, in two containers",
        _AGENT | {f"{SIDE}.image": "x:1", f"{WEB}.image": AGENT},
        ("privileged",),
    ),
    ("annotation", _AGENT | {annotation(f"{_ARMOR}agent"): "unconfined"}, ()),
    ("annotation of another", {annotation(f"{_ARMOR}web"): "unconfined"}, ("appArmorProfile",)),
    (
        "annotation, the image is another",
        _AGENT | {f"{SIDE}.image": "x:1", annotation(f"{_ARMOR}agent"): "unconfined"},
        ("appArmorProfile", "privileged"),
    ),
    (
        "annotation of an init container",
        {f"{SETUP}.image": AGENT, annotation(f"{_ARMOR}setup"): "unconfined"},
        (),
    ),
)

_Changed = tuple[str, "Changes", "Changes", tuple[str, ...]]
_OLD_BAD: Final = _mesh(_ROOT, "x:1")
# What the pod has, and what the new container has.
ADDED: Final[tuple[_Changed, ...]] = (
    ("debug: exempt", {}, _mesh(_ROOT, place=""), ()),
    ("debug: nearly exempt", {}, _mesh(_ROOT, _NEAR[1][1], ""), _ROOT_RULES),
    ("debug: by name", {"spec.volumes": _LOGS}, {"name": "logger", "volumeMounts": _WRITES}, ()),
    (
        "debug: by another name",
        {"spec.volumes": _LOGS},
        {"volumeMounts": _WRITES},
        ("hostPath",),
    ),
    ("debug: the pod's user", {f"{POD}.runAsUser": 0}, _mesh(place=""), ()),
    ("debug: the pod's user, not exempt", {f"{POD}.runAsUser": 0}, {}, ("runAsUser",)),
    ("debug: beside an exempt one", _mesh(_ROOT), _mesh(_ROOT, "x:1", ""), _ROOT_RULES),
    (
        "debug: annotation",
        {annotation(f"{_ARMOR}agent"): "unconfined"},
        {"name": "agent", "image": AGENT},
        (),
    ),
    (
        "debug: annotation, not exempt",
        {annotation(f"{_ARMOR}agent"): "unconfined"},
        {"name": "agent", "image": "x:1"},
        ("appArmorProfile",),
    ),
)
# What the pod has, and what is changed in it.
UPDATED: Final[tuple[_Changed, ...]] = (
    ("update: out of it", _mesh(_ROOT), {f"{SIDE}.image": "x:1"}, _ROOT_RULES),
    ("update: nearly out", _mesh(_ROOT), {f"{SIDE}.image": _FAR[2][1]}, ()),
    *(
        (f"update: out, {name}", _mesh(_ROOT), {f"{SIDE}.image": image}, _ROOT_RULES)
        for name, image in _NEAR
    ),
    *((f"update: to {name}", _mesh(_ROOT), {f"{SIDE}.image": image}, ()) for name, image in _FAR),
    ("update: out, and good", _mesh(), {f"{SIDE}.image": "x:1"}, ()),
    ("update: init container", _mesh(_ROOT, place=SETUP), {f"{SETUP}.image": "x"}, _ROOT_RULES),
    ("update: never exempt, an image", _OLD_BAD, {f"{SIDE}.image": "x:2"}, ()),
    ("update: never exempt, a label", _OLD_BAD, {"metadata.labels": {"a": "b"}}, ()),
    ("update: never exempt, into it", _OLD_BAD, {f"{SIDE}.image": MESH}, ()),
    ("update: exempt, a label", _mesh(_ROOT), {"metadata.labels": {"a": "b"}}, ()),
    (
        "update: out, seccomp",
        _mesh({"seccompProfile": _UNCONFINED}),
        {f"{SIDE}.image": "x:1"},
        ("seccompProfile",),
    ),
    (
        "update: out, unset",
        _mesh() | {f"{SETUP}.securityContext.runAsGroup": 7, f"{POD}.runAsGroup": DROP},
        {f"{SIDE}.image": "x:1"},
        ("runAsGroup",),
    ),
    (
        "update: the pod's user",
        _mesh() | {f"{POD}.runAsUser": 0},
        {f"{SIDE}.image": "x"},
        ("runAsUser",),
    ),
    ("update: by name", _LOGGER, {f"{SIDE}.image": "x:1"}, ()),
    ("update: by both", _AGENT, {f"{SIDE}.image": "x:1"}, ("privileged",)),
    ("update: by both, another name", _AGENT | {f"{SIDE}.name": "x"}, {f"{SIDE}.image": "x"}, ()),
    (
        "update: annotation",
        _AGENT | {annotation(f"{_ARMOR}agent"): "unconfined"},
        {f"{SIDE}.image": "x:1"},
        ("appArmorProfile", "privileged"),
    ),
    (
        "update: two change places",
        _mesh(_ROOT) | _in(WEB, {"image": "x:1"}),
        {f"{SIDE}.image": "x:1", f"{WEB}.image": MESH},
        _ROOT_RULES,
    ),
    (
        "update: beside a bad one",
        _mesh(_ROOT) | _mesh({"seccompProfile": _UNCONFINED}, "x:1", WEB),
        {f"{SIDE}.image": "x:1", f"{WEB}.image": "x:2"},
        _ROOT_RULES,
    ),
)
