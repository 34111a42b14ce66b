"""Cases in which the interpreter once said otherwise than the Kubernetes API.

Each is decided by the API: what its validation, its admission plugins or the kubelet do.
"""

from __future__ import annotations

from typing import Final

from tests.pods import annotation

from .cases import Changes, refuses, unset
from .sheets import Sheet, Sheets

_SECCOMP = "*.securityContext.seccompProfile"
_WEB = annotation("container.apparmor.security.beta.kubernetes.io/web")
_TOKEN: Changes = {
    "volumes": [
        {"name": "kube-api-access-x", "projected": {"sources": [{"serviceAccountToken": {}}]}}
    ]
}


def _path(path: str) -> Changes:
    return {"volumes": [{"name": "v", "hostPath": {"path": path}}]}


def _shared(rule: str) -> Sheets:
    """Return the cases of a boolean that is no pointer: false is left out, so it is unset."""
    case = unset("v1.PodSpec: bool, omitempty", {rule: False}, allowed=False)
    return Sheets(rule, "types.go", (Sheet("{allow: [true, false], unset: refuse}", (case,)),))


TABLES: Final = (
    # Where a volume of that name stands the plugin mounts that one.
    Sheets(
        "automountServiceAccountToken",
        "plugin/pkg/admission/serviceaccount/admission.go",
        (Sheet("false", (unset("mountServiceAccountToken", _TOKEN, allowed=False),)),),
    ),
    # On a Windows node `\\` is a slash: validatePathNoBacksteps leaves that check to the node.
    Sheets(
        "hostPath",
        "pkg/apis/core/validation/validation.go",
        (
            Sheet(
                "/data",
                (refuses("validatePathNoBacksteps", _path("/data/x\\..\\..\\Windows")),),
                apart=("volumes",),
            ),
        ),
    ),
    # A type, or an annotation, that is written like a joined value is none.
    Sheets(
        "seccompProfile",
        "pkg/apis/core/validation/validation.go",
        (
            Sheet(
                '{allow: [RuntimeDefault, "Localhost:profiles/*"]}',
                (
                    refuses(
                        "validateSeccompProfileType", {_SECCOMP: {"type": "Localhost:profiles/x"}}
                    ),
                    refuses(
                        "validateLocalDescendingPath",
                        {_SECCOMP: {"type": "Localhost", "localhostProfile": "profiles/.."}},
                    ),
                ),
            ),
        ),
    ),
    Sheets(
        "appArmorProfile",
        "pkg/security/apparmor/helpers.go",
        (
            Sheet(
                '{allow: [RuntimeDefault, "Localhost:k8s-*"]}',
                (refuses("getProfileFromPodAnnotations", {_WEB: "Localhost:k8s-web"}),),
            ),
        ),
    ),
    # What Kubernetes does is known: the "legacy" class, which is the node's own runtime.
    Sheets(
        "runtimeClassName",
        "types.go PodSpec.RuntimeClassName; pkg/kubelet/runtimeclass LookupRuntimeHandler",
        (
            Sheet("gvisor", (unset("unset", {}, allowed=False),)),
            Sheet("{allow: [gvisor], unset: allow}", (unset("", {"runtimeClassName": ""}),)),
        ),
    ),
    # An empty list is left out by the API (omitempty), so a policy sees it unset.
    Sheets(
        "capabilities",
        "types.go Capabilities.Add",
        (
            Sheet(
                "{allow: [CHOWN], unset: refuse}",
                (unset("", {"**.securityContext.capabilities.add": []}, allowed=False),),
            ),
        ),
    ),
    *(_shared(rule) for rule in ("hostNetwork", "hostPID", "hostIPC")),
)
