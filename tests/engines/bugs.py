"""What the engines do that nobody would expect of them: each bug once, for all the rooms.

A case that asserts one names it by its key, and a row that no case names fails a test. The cases
say what happens, so that an engine that is mended is noticed: then the row goes, and what our
lowerings do to step around it. `docs/engines.md` has the table.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Bug(NamedTuple):
    """A bug, or what surprises as much as one.

    Attributes:
        engine: whose it is: a key of `ENGINES`.
        happens: what the engine does.
        expected: what one would expect of it.
        upstream: where upstream speaks of it: an issue, a pull request, or the line that does it.
            Empty where nothing was found.
    """

    engine: str
    happens: str
    expected: str
    upstream: tuple[str, ...] = ()


# The engines, and the versions that the bugs were seen in. A test holds those that we build
# against their go.mod.
ENGINES: Final = {
    "Kyverno": "v1.19.0",
    "Gatekeeper": "v3.23.0",
    "PodSecurityPolicy": "v1.24.17",
    "kube-apiserver": "v1.36.3",
    "containerd": "v2.4.2",
    "runc": "v1.5.2",
    "docker": "20.10.24",
    "podman": "4.3.1",
    "AppArmor": "3.0.8",
}

_GITHUB: Final = "https://github.com"
_KYVERNO: Final = f"{_GITHUB}/kyverno/kyverno"
_GATEKEEPER: Final = f"{_GITHUB}/open-policy-agent/gatekeeper"
_KUBERNETES: Final = f"{_GITHUB}/kubernetes/kubernetes"
_SOURCE: Final = "staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic"
_PSP: Final = "plugin/pkg/admission/security/podsecuritypolicy"
_UNKNOWN_NAMES: Final = (
    f"{_GITHUB}/opencontainers/runtime-spec/pull/1094",
    f"{_GITHUB}/opencontainers/runc/pull/2854",
)

BUGS: Final = {
    "kyverno-subresource-ends-autogen": Bug(
        "Kyverno",
        "a ValidatingPolicy that lists `pods/ephemeralcontainers` judges no controller, though its"
        " autogen names them",
        "autogen goes on, or the policy is refused",
        (f"{_KYVERNO}/issues/16947", f"{_KYVERNO}/blob/v1.19.0/pkg/cel/autogen/support.go"),
    ),
    "kyverno-no-subresource": Bug(
        "Kyverno",
        "a ValidatingPolicy on `pods` never sees a debug container",
        "`pods/ephemeralcontainers` comes with it, as it does for a ClusterPolicy",
        (f"{_KYVERNO}/pull/16961",),
    ),
    "kyverno-optional-spec": Bug(
        "Kyverno",
        "autogen rewrites the text `object.spec`: with `object.?spec` controllers pass",
        "the expression is rewritten, or refused",
        (f"{_KYVERNO}/blob/v1.19.0/pkg/cel/autogen/replacement.go",),
    ),
    "kyverno-no-podtemplates": Bug(
        "Kyverno",
        "autogen leaves PodTemplates out",
        "whatever has the template of a pod is judged",
        (f"{_KYVERNO}/issues/16477",),
    ),
    "kyverno-error-denies": Bug(
        "Kyverno",
        "an expression that errs denies, though the failure policy is Ignore",
        "the policy is ignored, as it is when a match condition errs",
    ),
    "kyverno-autogen-json-patch": Bug(
        "Kyverno",
        "autogen does not rewrite the JSON patch of a MutatingPolicy: every Deployment is refused",
        "the patch is rewritten, or the policy judges pods only",
        (f"{_KYVERNO}/issues/15474",),
    ),
    "kyverno-mutates-updates": Bug(
        "Kyverno",
        "a MutatingPolicy that matches UPDATE makes a change of labels invalid",
        "what the API lets nobody change is left alone",
        (f"{_KYVERNO}/issues/14393",),
    ),
    "kyverno-not-asked-again": Bug(
        "Kyverno",
        "a MutatingPolicy with `reinvocationPolicy: IfNeeded` is not asked again where a webhook"
        " after it changed the pod",
        "it is asked again, as that of a ClusterPolicy is",
        (f"{_KYVERNO}/issues/17282", f"{_KYVERNO}/pull/17324"),
    ),
    "kyverno-cli-passes-over": Bug(
        "Kyverno",
        "the command line passes over a policy that it cannot read, and exits with 0",
        "it fails",
        (f"{_KYVERNO}/blob/v1.19.0/cmd/cli/kubectl-kyverno/policy/load.go",),
    ),
    "gatekeeper-builtin-admits": Bug(
        "Gatekeeper",
        "a built-in function of Rego that errs is undefined: the policy admits everything",
        "the error denies, or is told",
        (f"{_GITHUB}/microsoft/regorus/issues/153",),
    ),
    "gatekeeper-missing-library": Bug(
        "Gatekeeper",
        "a library that is imported and missing is undefined: the policy admits everything",
        "the template is refused, as it is for a missing function",
    ),
    "gatekeeper-error-as-violation": Bug(
        "Gatekeeper",
        "an expression that does not compile, or errs, is told as a violation of the pod",
        "the template is refused, or the error is told as one",
        (f"{_GITHUB}/open-policy-agent/frameworks/pull/348",),
    ),
    "gatekeeper-message-fails": Bug(
        "Gatekeeper",
        "a message that is no text fails the webhook for every request",
        "the template is refused, or its violation is told",
    ),
    "gatekeeper-mutates-updates": Bug(
        "Gatekeeper",
        "a mutator acts on UPDATE unless told otherwise: a change of labels is invalid",
        "what the API lets nobody change is left alone",
        (f"{_GATEKEEPER}/issues/4121", f"{_GATEKEEPER}/issues/2196"),
    ),
    "gatekeeper-expansion-operation": Bug(
        "Gatekeeper",
        "a mutator for CREATE passes over the pods that expansion makes of a Deployment",
        "pods that will be created are created",
        (f"{_GATEKEEPER}/pull/4135",),
    ),
    "psp-subresource": Bug(
        "PodSecurityPolicy",
        "a debug container is not judged; the next change of a label is, and then refused",
        "a privileged debug container is refused",
        (f"{_KUBERNETES}/blob/v1.24.17/{_PSP}/admission.go",),
    ),
    "psp-seccomp-of-pod": Bug(
        "PodSecurityPolicy",
        "a pod whose containers all have an allowed seccomp profile is refused if it has none",
        "what takes effect is judged",
    ),
    "psp-drop-all": Bug(
        "PodSecurityPolicy",
        "`drop: [ALL]` does not cover a capability that must be dropped: it is dropped beside it",
        "ALL are all",
    ),
    "psp-no-reason": Bug(
        "PodSecurityPolicy",
        "an update that a policy would have to change is refused without a reason",
        "the denial says why",
        (f"{_GITHUB}/kubernetes/website/issues/12501",),
    ),
    "apiserver-unknown-field": Bug(
        "kube-apiserver",
        "an expression that reads a field which no pod has is taken; only a status warns",
        "the policy is refused",
        (f"{_KUBERNETES}/pull/115668",),
    ),
    "apiserver-stale-configmaps": Bug(
        "kube-apiserver",
        "once the last policy with ConfigMaps as parameters is deleted, a later one judges by the"
        " values that were known then, until the server is started again",
        "ConfigMaps are watched anew",
        (f"{_KUBERNETES}/blob/v1.36.3/{_SOURCE}/policy_source.go",),
    ),
    "containerd-prefix": Bug(
        "containerd",
        "`CAP_` is put before every name: `CAP_CHOWN` is neither added nor dropped, in silence",
        "the prefix is known, or refused",
        (f"{_GITHUB}/containerd/cri/pull/71", *_UNKNOWN_NAMES),
    ),
    "runc-unknown-capability": Bug(
        "runc",
        "a capability that it does not know is passed over",
        "the container does not start",
        (*_UNKNOWN_NAMES, f"{_GITHUB}/opencontainers/runc/issues/4426"),
    ),
    "privileged-drops-nothing": Bug(
        "containerd",
        "a privileged container drops no capability, whatever it asks for",
        "what is dropped is gone",
        (f"{_KUBERNETES}/issues/44503",),
    ),
    "containerd-merges-groups": Bug(
        "containerd",
        "the groups that the image gives a user are added to those of the pod",
        "the pod's groups are the process's",
        (f"{_GITHUB}/kubernetes/enhancements/pull/3620", f"{_KUBERNETES}/issues/112879"),
    ),
    "first-program-keeps": Bug(
        "containerd",
        "the first program of a container gains its file capability in spite of no_new_privs",
        "no_new_privs voids file capabilities",
        (f"{_GITHUB}/kubernetes/enhancements/pull/2757",),
    ),
    "runc-unknown-syscall": Bug(
        "runc",
        "a syscall that is misspelt in a seccomp profile is passed over: nothing is denied",
        "the container does not start",
        (f"{_GITHUB}/opencontainers/runtime-spec/issues/972",),
    ),
    "oci-conditions": Bug(
        "containerd",
        "`includes` and `excludes` of docker's seccomp profiles are passed over: what they limit is"
        " in force for all",
        "the profile is refused",
    ),
    "docker-add-wins": Bug(
        "docker",
        "what is both added and dropped is added",
        "what is dropped is gone, as in containerd",
    ),
    "docker-unknown-names": Bug(
        "docker",
        "a capability that its kernel has and it does not know is refused",
        "what the kernel has can be added",
        (f"{_GITHUB}/moby/moby/issues/41562",),
    ),
    "docker-group-forgets": Bug(
        "docker",
        "a group beside the user takes the groups away that the image gives the user",
        "they are kept, as they are without a group",
        (f"{_GITHUB}/docker/cli/issues/3058",),
    ),
    "podman-ambient": Bug(
        "podman",
        "what is added is effective and ambient for a user other than root, no_new_privs or not",
        "such a user has nothing effective, as in docker",
        (f"{_GITHUB}/podman-container-tools/podman/pull/8217",),
    ),
    "podman-root-group": Bug(
        "podman",
        "a container without a word on its user is not in root's group",
        "root's own group is among its groups",
    ),
    "podman-leaves-out": Bug(
        "podman",
        "a capability that the machine lacks is left out in silence",
        "the container does not start",
    ),
    "apparmor-empty-file": Bug(
        "AppArmor",
        "the parser takes a file without any profile: nothing is loaded, in silence",
        "it is refused",
    ),
}
