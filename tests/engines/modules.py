"""The Go modules that the engines are built of, and how."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Module:
    """How one Go module under `go/` becomes engines.

    Attributes:
        binaries: Go package of each binary, by the binary's name.
        subject: The dependency that the engine is, as in go.mod: its version is the engine's.
        stamps: Linker variables and their values, where `{version}` is the subject's version as
            in `v1.36.3`, and `{major}` and `{minor}` are its first two numbers.
        data: Folders of the subject to keep beside the binaries, by the name they get there.
        tags: Build tags.
        cgo: Whether C may be linked; without it the binaries are static and run on any Linux.
        linker: Further flags of the linker.
        bulky: Whether the build fills gigabytes of Go's build cache: it then has one of its own,
            which is gone afterwards.
        headers: Debian packages with the C headers and libraries that the build needs.
    """

    binaries: dict[str, str]
    subject: str
    stamps: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    # Not part of the representation, of which the keys of older builds are made: see `_key`.
    tags: tuple[str, ...] = field(default=(), repr=False)
    cgo: bool = field(default=True, repr=False)
    linker: tuple[str, ...] = field(default=(), repr=False)
    bulky: bool = field(default=False, repr=False)
    headers: tuple[str, ...] = field(default=(), repr=False)


MODULES = {
    "psa": Module(
        {"psa": "."}, "k8s.io/pod-security-admission", data={"fixtures": "test/testdata"}
    ),
    "yaml": Module({"yaml": "."}, "sigs.k8s.io/yaml"),
    "cel": Module({"cel": "."}, "k8s.io/apiserver"),
    "etcd": Module({"etcd": "go.etcd.io/etcd/server/v3"}, "go.etcd.io/etcd/server/v3"),
    "kubernetes": Module(
        {
            name: f"k8s.io/kubernetes/cmd/{name}"
            for name in ("kube-apiserver", "kube-controller-manager")
        },
        "k8s.io/kubernetes",
        # Without them the server calls itself v0.0.0-master, which version gates act upon.
        stamps={
            "k8s.io/component-base/version.gitVersion": "{version}",
            "k8s.io/component-base/version.gitMajor": "{major}",
            "k8s.io/component-base/version.gitMinor": "{minor}",
        },
    ),
    "kubectl": Module(
        {"kubectl": "."},
        "k8s.io/kubectl",
        stamps={"k8s.io/component-base/version.gitVersion": "{version}"},
        cgo=False,
    ),
    "kubelet": Module(
        {"kubelet": "k8s.io/kubernetes/cmd/kubelet"},
        "k8s.io/kubernetes",
        stamps={"k8s.io/component-base/version.gitVersion": "{version}"},
        cgo=False,
        bulky=True,
    ),
    "gatekeeper": Module(
        {
            "gatekeeper-manager": "github.com/open-policy-agent/gatekeeper/v3",
            "gator": "github.com/open-policy-agent/gatekeeper/v3/cmd/gator",
        },
        "github.com/open-policy-agent/gatekeeper/v3",
        data={"deploy": "deploy"},
        cgo=False,
        bulky=True,
    ),
    "kyverno": Module(
        {
            "kyverno": "github.com/kyverno/kyverno/cmd/kyverno",
            "kubectl-kyverno": "github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno",
            "reports-controller": "github.com/kyverno/kyverno/cmd/reports-controller",
        },
        "github.com/kyverno/kyverno",
        stamps={"github.com/kyverno/kyverno/pkg/version.BuildVersion": "{version}"},
        data={"crds": "config/crds"},
        cgo=False,
        bulky=True,
    ),
    "psp": Module(
        {"kube-apiserver-1.24": "k8s.io/kubernetes/cmd/kube-apiserver", "psp": "."},
        "k8s.io/kubernetes",
        # Asked over the network, it tells the version of its client library.
        stamps={
            f"k8s.io/{package}/version.{variable}": value
            for package in ("component-base", "client-go/pkg")
            for variable, value in (
                ("gitVersion", "{version}"),
                ("gitMajor", "{major}"),
                ("gitMinor", "{minor}"),
            )
        },
        bulky=True,
    ),
    "containerd": Module(
        {
            name: f"github.com/containerd/containerd/v2/cmd/{name}"
            for name in ("containerd", "containerd-shim-runc-v2", "ctr")
        },
        "github.com/containerd/containerd/v2",
        stamps={"github.com/containerd/containerd/v2/version.Version": "{version}"},
        cgo=False,
    ),
    "runc": Module(
        {"runc": "github.com/opencontainers/runc"},
        "github.com/opencontainers/runc",
        stamps={"main.version": "{version}"},
        tags=("seccomp", "netgo", "osusergo"),
        # Static, so that it runs on any Linux, with or without libseccomp.
        linker=("-linkmode=external", "-extldflags=-static"),
        headers=("libseccomp-dev", "libseccomp2"),
    ),
    "cri": Module({"cri": "."}, "k8s.io/kubernetes", cgo=False),
    "kustomize": Module(
        {"kustomize": "sigs.k8s.io/kustomize/kustomize/v5"},
        "sigs.k8s.io/kustomize/kustomize/v5",
    ),
}
