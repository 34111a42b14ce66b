"""The README and the kustomization beside a target's objects."""

from __future__ import annotations

from typing import Final

import pytest

from capgen.policy.exempt import Exemption
from capgen.targets.base import Artefact, Cell, Status, content_hash
from capgen.targets.folder import Guide, Step, folder, inline, kustomization, readme
from tests.loading import loaded
from tests.policy.made import profile

SPEC: Final = """
kubernetes: "1.30-1.36"
rules:
  privileged: false
  hostPID: false
  volumes: {allow: [secret]}
  sysctls: {allow: ["kernel.shm*"]}
accept: {made: {sysctls: "seen_by <all> # of us"}}
"""
CELLS: Final = {
    "privileged": Cell(Status.EXACT, "by `a*b`"),
    "hostPID": Cell(Status.STRICTER, "also x_y"),
    "volumes": Cell(Status.NOT_APPLICABLE, "none there"),
    "sysctls": Cell(Status.GAP, "no field"),
}
OBJECTS: Final = (
    Artefact("z.yaml", "kind: Z\n", "Z/capgen-made"),
    Artefact("a.yaml", "kind: A\n", "A/capgen-made"),
)
GUIDE: Final = Guide(
    "made",
    "Things",
    "They judge pods.",
    ("Updates are not judged.",),
    ("The plugin is on.",),
    (Step("Look.", ("kubectl diff -k .",)), Step("Apply it.", ("kubectl apply -k .",))),
    (Step("Delete it.", ("kubectl delete -k .",)),),
)


def section(text: str, heading: str) -> str:
    """Return what stands below a heading."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0].strip()


PAGE: Final = readme(profile(SPEC), GUIDE, OBJECTS, CELLS).text


def test_beside_the_objects() -> None:
    """The objects stay as they are, and come first; both files are no objects of a cluster."""
    files = folder(profile(SPEC), GUIDE, OBJECTS, CELLS).artefacts
    assert files[:2] == OBJECTS
    assert [(each.path, each.object) for each in files[2:]] == [
        ("kustomization.yaml", ""),
        ("README.md", ""),
    ]


def test_kustomization() -> None:
    """The kustomization applies every object, in the order given."""
    assert loaded(kustomization(OBJECTS).text) == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["z.yaml", "a.yaml"],
    }


def test_head() -> None:
    """The page says what it is, of which profile, and which file is which object."""
    assert PAGE.startswith("# Things: the profile made\n")
    assert f"`{content_hash(profile(SPEC))}`" in PAGE
    assert "for Kubernetes 1.30 to 1.36," in PAGE
    assert "| `z.yaml` | `Z/capgen-made` |\n| `a.yaml` | `A/capgen-made` |\n" in PAGE


def test_what_is_enforced() -> None:
    """Each rule that is exact or stricter stands there with what it asks; no other does."""
    begins = "- `privileged` (exact): securityContext.privileged must be false or unset."
    assert section(PAGE, "What is enforced").splitlines() == [
        f"{begins} Here: by `a*b`.",
        "- `hostPID` (stricter): spec.hostPID must be false or unset. Here: also x\\_y.",
    ]


def test_what_is_not_enforced() -> None:
    """Gaps stand there with the reason that they are accepted for; then the target's limits."""
    begins = "- `sysctls` (gap): spec.securityContext.sysctls\\[\\*\\].name must be kernel.shm\\*."
    assert section(PAGE, "What is not enforced").splitlines() == [
        f"{begins} Here: no field. Accepted: seen\\_by \\<all\\> \\# of us.",
        "- `volumes` (not applicable): spec.volumes\\[\\*\\] must be secret. Here: none there.",
        "- Updates are not judged.",
    ]


def test_what_is_done() -> None:
    """The preflight can be ticked; steps are numbered, with their commands below them."""
    assert section(PAGE, "Preflight") == "- [ ] The plugin is on."
    assert section(PAGE, "Rollout").splitlines() == [
        *("1. Look.", "", "   ```sh", "   kubectl diff -k .", "   ```"),
        *("2. Apply it.", "", "   ```sh", "   kubectl apply -k .", "   ```"),
    ]
    assert section(PAGE, "Removal").startswith("1. Delete it.\n")


def test_nothing_to_say() -> None:
    """Where there is nothing to say the page says so."""
    page = readme(profile("kubernetes: '1.36'"), Guide("made", "Things", "None."), (), {}).text
    assert "| file |" not in page
    assert section(page, "What is enforced") == "No rule of the profile."
    assert section(page, "What is not enforced") == "Nothing that the profile asks."
    assert section(page, "Preflight") == "Nothing has to be configured."


def test_exemptions() -> None:
    """Who is exempt stands there, from what, until when and why."""
    exempt = Exemption(("hostPID", "sysctls"), ("a/*:1",), ("c",), "by *hand*", "2027-03-31")
    page = readme(profile(SPEC)._replace(exempt=(exempt,)), GUIDE, OBJECTS, CELLS).text
    line = "- `a/*:1` `c` from `hostPID`, `sysctls` until 2027-03-31: by \\*hand\\*."
    assert line in section(page, "What is enforced").splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words, 1-2", "plain words, 1-2"),
        ("`code` and `c*d`", "`code` and `c*d`"),
        ("a\n# b", "a \\# b"),
        ("one ` alone", "one \\` alone"),
        ("<b> & |x|", "\\<b\\> \\& \\|x\\|"),
    ],
)
def test_inline(text: str, expected: str) -> None:
    """What Markdown would take for markup is quoted, and text stays on its line."""
    assert inline(text) == expected
