"""What the API server makes of a pod before any admission policy judges it.

Only what some rule can see. Upstream: kubernetes 1.36, pkg/apis/core/v1/defaults.go,
pkg/registry/core/pod/strategy.go and plugin/pkg/admission/serviceaccount. The input is left alone:
what changes is copied.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .annotations import SCHEMES, Annotation, meaning
from .pod import Mapping, mapping, sequence
from .subjects import ACCOUNT_PATH, ACCOUNT_VOLUME, CONTAINER_LISTS

if TYPE_CHECKING:
    from collections.abc import Callable

# Before 1.21 the token came as a `secret` volume, since then as a `projected` one
# (BoundServiceAccountTokenVolume, on by default).
_PROJECTED_SINCE = 21
# The API server wrote seccomp annotations into the fields from 1.19 to 1.26; AppArmor since 1.30.
_SECCOMP_SYNC = range(19, 27)
_APPARMOR_SYNC_SINCE = 30
# Up to 1.27 a template's host ports were defaulted like a pod's
# (DefaultHostNetworkHostPortsInPodTemplates, off since 1.28).
_TEMPLATE_PORTS_UNTIL = 27


def spans(minors: range) -> tuple[range, ...]:
    """Cut a span of minor versions where defaulting changes: a pod is judged once for each part."""
    cuts = (_PROJECTED_SINCE, _SECCOMP_SYNC[0], _SECCOMP_SYNC[-1] + 1, _APPARMOR_SYNC_SINCE)
    inner = (*cuts, _TEMPLATE_PORTS_UNTIL + 1)
    edges = [minors[0], *(cut for cut in inner if cut in minors[1:]), minors[-1] + 1]
    return tuple(range(low, high) for low, high in pairwise(sorted(set(edges))))


def defaulted(pod: Mapping, span: range, *, template: bool, automount: bool = True) -> Mapping:
    """Return the pod as the API server would judge it when it is created.

    Args:
        pod: a pod, or a controller's pod template.
        span: the minor versions of the API server. Where they differ, what only some of them add to
            make a pod pass is left out, and what some add to make it fail is put in.
        template: it is a template: its own pods will get a token volume and synced annotations, the
            template itself has neither.
        automount: what the pod's ServiceAccount says of mounting its token.
    """
    spec = pod.get("spec")
    if not isinstance(spec, dict):
        return pod
    changed = dict(spec)
    if isinstance(spec.get("volumes"), list):
        changed["volumes"] = [_sourced(volume) for volume in spec["volumes"]]
    if spec.get("hostNetwork") is True and (not template or span[0] <= _TEMPLATE_PORTS_UNTIL):
        _host_ports(changed)
    if not template:
        if _mounts_token(spec, automount=automount):
            _token_volume(changed, span)
        notes = mapping(mapping(pod.get("metadata")).get("annotations"))
        if notes and mapping(spec.get("os")).get("name") != "windows":
            if span[0] in _SECCOMP_SYNC and span[-1] in _SECCOMP_SYNC:
                _sync(changed, notes, Annotation.SECCOMP, "seccompProfile")
            if span[0] >= _APPARMOR_SYNC_SINCE:
                _sync(changed, notes, Annotation.APPARMOR, "appArmorProfile")
    return {**pod, "spec": changed}


def token_volume(minor: int) -> str:
    """Return the type of the volume in which a minor version mounts the account's token."""
    return "projected" if minor >= _PROJECTED_SINCE else "secret"


def _host_ports(spec: Mapping) -> None:
    def bind(container: Mapping) -> Mapping:
        ports = container.get("ports")
        if not isinstance(ports, list):
            return container
        bound = [
            {**port, "hostPort": port.get("containerPort")}
            if isinstance(port, dict) and port.get("hostPort") in (None, 0)
            else port
            for port in ports
        ]
        return {**container, "ports": bound}

    # Ephemeral containers have no ports.
    _each_container(spec, bind, CONTAINER_LISTS[:2])


def _mounts_token(spec: Mapping, *, automount: bool) -> bool:
    wish = spec.get("automountServiceAccountToken")
    if not (wish if isinstance(wish, bool) else automount):
        return False
    return any(
        all(mapping(mount).get("mountPath") != ACCOUNT_PATH for mount in mounts)
        for listed in CONTAINER_LISTS[:2]
        for container in sequence(spec.get(listed))
        for mounts in [sequence(mapping(container).get("volumeMounts"))]
    )


def _token_volume(spec: Mapping, span: range) -> None:
    """Mount the token in every container; a volume that is called like the token's is taken."""
    volumes = spec.get("volumes")
    if volumes is not None and not isinstance(volumes, list):
        # To put a list in its place would hide what stands there from the check of shapes.
        return
    named = (mapping(volume).get("name") for volume in sequence(volumes))
    name = next((each for each in named if str(each or "").startswith(ACCOUNT_VOLUME)), None)
    if name is None:
        kinds = sorted({token_volume(minor) for minor in span})
        added = [{"name": f"{ACCOUNT_VOLUME}{kind}", kind: {}} for kind in kinds]
        spec["volumes"] = [*sequence(volumes), *added]
        name = added[0]["name"]
    token = {"name": name, "mountPath": ACCOUNT_PATH, "readOnly": True}

    def mount(container: Mapping) -> Mapping:
        mounts = container.get("volumeMounts")
        if mounts is not None and not isinstance(mounts, list):
            return container
        if any(mapping(each).get("mountPath") == ACCOUNT_PATH for each in sequence(mounts)):
            return container
        return {**container, "volumeMounts": [*sequence(mounts), token]}

    _each_container(spec, mount, CONTAINER_LISTS[:2])


def _sourced(volume: object) -> object:
    """Return a volume with a source: without one it is an emptyDir."""
    if not isinstance(volume, dict):
        return volume
    bare = all(value is None for key, value in volume.items() if key != "name")
    return {**volume, "emptyDir": {}} if bare else volume


def _sync(spec: Mapping, notes: Mapping, scheme: Annotation, field: str) -> None:
    """Write the annotations of one scheme into the fields that are unset."""
    rows = SCHEMES[scheme]
    known = {kind for _, kind in (*rows.exact, *rows.prefixes)}

    def profile(key: str | None) -> dict[str, Any] | None:
        text = notes.get(key) if key is not None else None
        if not isinstance(text, str) or meaning(rows, text) not in known:
            return None
        kind = meaning(rows, text)
        if kind != "Localhost":
            return {"type": kind}
        # `localhost/` names no profile: the API server leaves the field unset.
        path = text.partition("/")[2]
        return {"type": kind, "localhostProfile": path} if path else None

    def put(struct: Mapping, value: dict[str, Any]) -> Mapping:
        context = struct.get("securityContext")
        if context is not None and not isinstance(context, dict):
            return struct
        return {**struct, "securityContext": {**(context or {}), field: value}}

    def write(container: Mapping) -> Mapping:
        value = profile(rows.prefix + str(container.get("name")))
        unset = mapping(container.get("securityContext")).get(field) is None
        return put(container, value) if value is not None and unset else container

    above = profile(rows.pod)
    if above is not None and mapping(spec.get("securityContext")).get(field) is None:
        spec.update(put(spec, above))
    _each_container(spec, write, CONTAINER_LISTS)


def _each_container(
    spec: Mapping, change: Callable[[Mapping], Mapping], lists: tuple[str, ...]
) -> None:
    for listed in lists:
        containers = spec.get(listed)
        if isinstance(containers, list):
            spec[listed] = [change(item) if isinstance(item, dict) else item for item in containers]
