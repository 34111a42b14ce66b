"""How the runtimes are asked: pods, and flags of `docker run`. The words are not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.rest import Object
    from tests.engines.runtimes.wanted import Wanted


def pod(asked: Wanted) -> Object:
    """Return a pod that asks for something, every field said."""
    own: dict[str, Any] = {
        "privileged": asked.privileged,
        "allowPrivilegeEscalation": asked.escalation,
        "readOnlyRootFilesystem": asked.read_only,
        "runAsNonRoot": asked.non_root,
        "capabilities": {"add": asked.add, "drop": asked.drop},
        "procMount": "Unmasked" if asked.unmasked else "Default",
    }
    if asked.user is not None:
        own["runAsUser"] = asked.user
    if asked.group is not None:
        own["runAsGroup"] = asked.group
    if asked.seccomp:
        kind, _, name = asked.seccomp.partition(":")
        own["seccompProfile"] = {"type": kind} | ({"localhostProfile": name} if name else {})
    context = {
        "supplementalGroups": asked.groups,
        "supplementalGroupsPolicy": "Strict" if asked.strict else "Merge",
    }
    spec = {
        "hostNetwork": asked.network,
        "hostPID": asked.processes,
        "hostIPC": asked.ipc,
        "hostUsers": asked.users,
        "securityContext": context,
        "containers": [{"name": "c", "securityContext": own}],
    }
    return {"metadata": {}, "spec": spec}


def flags(asked: Wanted) -> Iterator[str]:
    """Yield the words of a line that asks docker or podman for it."""
    for flag, said in (
        (("--privileged",), asked.privileged),
        (("--security-opt", "no-new-privileges"), not asked.escalation),
        (("--read-only",), asked.read_only),
        (("--security-opt", "systempaths=unconfined"), asked.unmasked),
        (("--network", "host"), asked.network),
        (("--pid", "host"), asked.processes),
        (("--ipc", "host"), asked.ipc),
    ):
        yield from flag if said else ()
    for name in asked.add:
        yield from ("--cap-add", name)
    for name in asked.drop:
        yield from ("--cap-drop", name)
    if asked.user is not None:
        yield from ("--user", f"{asked.user}" + (f":{asked.group}" if asked.group else ""))
    for group in asked.groups:
        yield from ("--group-add", str(group))
