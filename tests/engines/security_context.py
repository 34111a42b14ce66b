"""Applies the target `security-context` with the real tools, and has Kubernetes judge the pods.

The API server applies the strategic-merge patch and the second JSON patch, to stored PodTemplates,
as these can change. The first JSON patch, which is for manifests, and the component are
kustomize's. Pod Security admission, by the label of a namespace, must then admit what comes out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Self

from capgen.policy.choice import choose
from capgen.profile.library import open_profile
from capgen.targets import security_context
from tests.engines.canaries import BAD, GOOD
from tests.engines.hardening import ALONE, SPECS, STORE, WAYS
from tests.engines.proving import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.choice import Os
    from capgen.policy.profile import Profile
    from tests.engines.apiserver import Cluster

    # What was done, what was expected and what was seen.
    Case = tuple[object, str, str]

# Versions at which the levels, or what the fields of a pod may say, changed.
VERSIONS: Final = {
    "baseline": ("1.0", "1.18", "1.19", "1.36"),
    "restricted": ("1.0", "1.8", "1.19", "1.22", "1.24", "1.25", "1.34", "1.35", "1.36"),
}
PSA: Final = "pod-security.kubernetes.io"
# A profile with values for one container alone.
_NEWEST: Final = "1.36"
OWN: Final = ("worked/database", "restricted", _NEWEST)


def prove(cluster: Cluster) -> tuple[int, list[Difference]]:
    """Hardens pods at every level, version and system, and has them judged.

    Returns:
        How many cases there were, and those that came out otherwise than expected.
    """
    cases = 0
    differing = []
    for name, level, version in _profiles():
        with Hardening(cluster, open_profile(name, version), level, version) as hardening:
            # Each kind of workload by itself is a run of kustomize: at one version of each profile.
            alone = version == _NEWEST
            for done, expected, actual in hardening.cases(alone=alone):
                cases += 1
                if actual != expected:
                    differing.append(Difference(done, expected, actual))
    return cases, differing


def _profiles() -> Iterator[tuple[str, str, str]]:
    """Yield profiles, each with the level, and its version, that their pods must satisfy."""
    for level, versions in VERSIONS.items():
        for version in versions:
            yield f"pss/{level}", level, version
    yield OWN


class Hardening:
    """What a profile's patches make of pods; a context manager.

    Attributes:
        files: the texts of the target, by their path below each system's folder.
    """

    def __init__(self, cluster: Cluster, profile: Profile, level: str, version: str) -> None:
        """Write the patches, for pods that must satisfy a level of Pod Security."""
        artefacts = security_context.TARGET.emit(profile).artefacts
        self.files: dict[Os, dict[str, str]] = {
            system: {
                each.path.removeprefix(f"{system}/"): each.text
                for each in artefacts
                if each.path.startswith(f"{system}/")
            }
            for system in SPECS
        }
        self._at = [profile.name, level, version]
        self._choices = {system: choose(profile, system) for system in SPECS}
        self._cluster = cluster
        self._namespace = f"lab-{profile.name.replace('/', '-')}-{version.replace('.', '-')}"
        self._labels = {f"{PSA}/enforce": level, f"{PSA}/enforce-version": f"v{version}"}

    def __enter__(self) -> Self:
        """Wait until the level is enforced."""
        self._cluster.namespace(STORE)
        self._cluster.namespace(self._namespace, self._labels)
        says = ":".join(self._labels.values())
        self._cluster.wait_enforced(self._namespace, BAD, GOOD, says=says)
        return self

    def __exit__(self, *_: object) -> None:
        meta = {"name": self._namespace}
        self._cluster.delete([{"apiVersion": "v1", "kind": "Namespace", "metadata": meta}])

    def cases(self, *, alone: bool = True) -> Iterator[Case]:
        """Yield the cases of all patches, as they are, and of kinds of workload that are alone."""
        for system, files in self.files.items():
            for way in WAYS if files else ():
                if way != ALONE or alone:
                    yield from self.judged(system, way, files)

    def judged(self, system: Os, way: str, files: dict[str, str]) -> Iterator[Case]:
        """Yield the cases of one way to harden pods, with texts that may be others."""
        for done, spec, expected in WAYS[way](self._cluster, files, self._choices[system], system):
            about = {"at": [*self._at, system], **done}
            if not isinstance(expected, dict):
                yield about, expected, str(spec)
            elif not _holds(spec, expected):
                yield about, json.dumps(expected), json.dumps(spec)
            else:
                (answer,) = self._cluster.judge(self._namespace, [{"spec": spec}])
                yield about, "", answer.message


def _holds(found: object, expected: object) -> bool:
    """Tell whether what is expected stands in what was found, which may have defaults besides."""
    if isinstance(expected, dict):
        # What is set whole has nothing besides.
        whole = set(expected) == {"type"} and isinstance(found, dict) and set(found) != {"type"}
        return (
            isinstance(found, dict)
            and not whole
            and all(key in found and _holds(found[key], expected[key]) for key in expected)
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(_holds(*pair) for pair in zip(found, expected, strict=True))
        )
    return type(found) is type(expected) and found == expected
