"""The README of a PodSecurityPolicy's folder: what must be so, how to bring it in and out."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from capgen.targets.base import object_name
from capgen.targets.folder import Guide, Step

from .elsewhere import EPHEMERAL, limits, scoped, spaces

if TYPE_CHECKING:
    from capgen.policy.profile import Profile

_ABOUT: Final = """\
The API server's own plugin enforces it, in Kubernetes up to 1.24. Where the plugin is on, a pod
is refused unless some PodSecurityPolicy that its creator or its service account may `use` admits
all of it: policies are alternatives, and this one holds only where no wider one may be used. It
fills in what it asks for where a pod leaves that unset, and then judges."""
_PREFLIGHT: Final = (
    (
        "`--enable-admission-plugins` of every API server has `PodSecurityPolicy`. Without it"
        " nothing is judged."
    ),
    (
        "Nobody whom this is meant for may use a wider policy: `kubectl get podsecuritypolicies`,"
        " and `kubectl auth can-i use podsecuritypolicy/NAME --as=USER -n NAMESPACE` for each."
    ),
    (
        "Nobody is bound to a role with the verb `*` on `podsecuritypolicies`, as cluster-admin is,"
        " who should be held to it: nor is the service account of what they make."
    ),
)
_EPHEMERAL: Final = (
    "Nobody may `patch` or `update` `pods/ephemeralcontainers` (Kubernetes 1.23 and 1.24), or the"
    " feature gate `EphemeralContainers` is off."
)
_APPARMOR: Final = (
    "Every node has AppArmor: a node without it refuses a pod that names a profile, and the policy"
    " names one where a pod does not."
)


def guide(profile: Profile, annotations: dict[str, str]) -> Guide:
    """Return what the README says beside the rules."""
    preflight = list(_PREFLIGHT)
    if profile.minors[-1] >= EPHEMERAL:
        preflight.append(_EPHEMERAL)
    if any("apparmor" in key and key.endswith("/defaultProfileName") for key in annotations):
        preflight.append(_APPARMOR)
    policy = f"podsecuritypolicy/{object_name(profile.name)}"
    where = spaces(profile)[0] if scoped(profile) and spaces(profile) else "NAMESPACE"
    account = f"system:serviceaccount:{where}:default"
    asks = shlex.join(["kubectl", "auth", "can-i", "use", policy, f"--as={account}", "-n", where])
    made = "custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,"
    made += r"POLICY:.metadata.annotations.kubernetes\.io/psp"
    return Guide(
        "psp",
        "PodSecurityPolicy",
        " ".join(_ABOUT.split()),
        tuple(limits(profile)),
        tuple(preflight),
        (
            Step("See what would change.", ("kubectl diff -k .",)),
            Step(
                "Apply it while the plugin is off, or while a wider policy may be used: nothing is"
                " refused yet.",
                ("kubectl apply -k .",),
            ),
            Step("Ask whether it may be used where it should be.", (asks,)),
            Step(
                "Turn the plugin on, or take the permission to use the wider policy away. Pods"
                " that run stay; make one anew, and see which policy it was admitted by.",
                (
                    "kubectl create --dry-run=server -f POD.yaml",
                    shlex.join(["kubectl", "get", "pods", "-A", "-o", made]),
                ),
            ),
        ),
        (
            Step(
                "Let another policy be used by whoever needs this one, or turn the plugin off:"
                " where no policy is left no pod is made. What runs stays."
            ),
            Step("Delete it.", ("kubectl delete -k .",)),
        ),
    )
