"""Sets of profiles: any one of them admits the whole pod, within a scope."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import pytest

from capgen.errors import CapgenError
from capgen.policy.admit import Admission, Request
from capgen.policy.profile import Enforcement, Scope
from capgen.profile.library import names, open_profile
from capgen.profile.sets import open_union
from tests.pods import good, tweak
from tests.policy.made import rules_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pods import Pod

HEAD: Final = "apiVersion: capgen/v1\nkind: KIND\nmetadata: {name: NAME}\nspec:\n"
# `root` lets a container run as root and on no port of the node; `ports` the other way round.
ROOT: Final = "  rules: {runAsUser: {ranges: ['0-']}, hostPorts: {ranges: []}}\n"
PORTS: Final = "  rules: {runAsUser: {ranges: ['1-']}, hostPorts: {ranges: ['1-']}}\n"
AS_ROOT: Final[Pod] = {"spec.containers.0.securityContext.runAsUser": 0}
ON_PORT: Final[Pod] = {"spec.containers.1.ports": [{"containerPort": 80, "hostPort": 80}]}


def write(folder: Path, name: str, spec: str, kind: str = "Profile", version: str = "1.36") -> str:
    """Write a profile, or a set, and return its path; `spec` begins on line 5, or on line 6."""
    first = f'  kubernetes: "{version}"\n' if version else ""
    path = folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    head = HEAD.replace("KIND", kind).replace("NAME", name.rpartition("/")[2])
    path.write_text(head + first + spec)
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two profiles."""
    write(tmp_path, "root", ROOT)
    write(tmp_path, "ports", PORTS)
    return tmp_path


def made(folder: Path, spec: str) -> Admission:
    """Return a set, ready to decide."""
    return Admission(open_union(write(folder, "set", spec, "ProfileSet", "")))


@pytest.mark.parametrize(
    ("pod", "rules"),
    [
        (good(), []),
        (tweak(good(), AS_ROOT), []),
        (tweak(good(), ON_PORT), []),
        (tweak(good(), AS_ROOT | ON_PORT), ["hostPorts"]),
    ],
    ids=["good", "good by one", "good by the other", "half by each"],
)
def test_one_profile_admits_the_whole_pod(folder: Path, pod: Pod, rules: list[str]) -> None:
    """A pod that is half good by one and half by the other is refused, as the first says."""
    admission = made(folder, "  anyOf: [root, ports]\n")
    assert rules_of(admission.admit(Request(pod))) == rules
    other = made(folder, "  anyOf: [ports, root]\n").admit(Request(pod))
    assert rules_of(other) == [{"hostPorts": "runAsUser"}[rule] for rule in rules]


# A namespace, an account, and whether the scope holds.
SCOPES: Final = [
    ("{namespaces: [team-a]}", "team-a", None, True),
    ("{namespaces: [team-a]}", "team-ab", None, False),
    ("{namespaces: ['team-*']}", "team-ab", None, True),
    ("{namespaces: ['team-*']}", "other", None, False),
    ("{namespaces: [team-a]}", None, None, True),
    ("{serviceAccounts: [builder]}", "team-a", "builder", True),
    ("{serviceAccounts: [builder]}", "team-a", "default", False),
    ("{serviceAccounts: [builder]}", "team-a", None, False),
    ("{serviceAccounts: [default]}", "team-a", None, True),
    ("{serviceAccounts: [default]}", "team-a", "", True),
    ("{namespaces: [team-a], serviceAccounts: [builder]}", "team-a", "builder", True),
    ("{namespaces: [team-a], serviceAccounts: [builder]}", "team-b", "builder", False),
    ("{namespaces: [team-a], serviceAccounts: [builder]}", "team-a", "other", False),
    ("{namespaces: [a, b], serviceAccounts: [c, d]}", "b", "d", True),
    ("{}", "team-a", "builder", True),
]


@pytest.mark.parametrize(("scope", "namespace", "account", "holds"), SCOPES)
def test_scope(
    folder: Path, scope: str, namespace: str | None, account: str | None, holds: bool
) -> None:
    """Only the pods of these namespaces and of these accounts are judged; unset is `default`."""
    bad = tweak(good(), AS_ROOT)
    if account is not None:
        bad["spec"]["serviceAccountName"] = account
    admission = made(folder, f"  scope: {scope}\n  anyOf: [ports]\n")
    decision = admission.admit(Request(bad, namespace=namespace))
    assert (decision.matched, rules_of(decision)) == (holds, ["runAsUser"] if holds else [])


def test_the_older_name_of_the_account(folder: Path) -> None:
    """`serviceAccount` is read where `serviceAccountName` is not written, as by the API server."""
    admission = made(folder, "  scope: {serviceAccounts: [builder]}\n  anyOf: [ports]\n")
    old = tweak(good(), AS_ROOT | {"spec.serviceAccount": "builder"})
    assert rules_of(admission.admit(Request(old))) == ["runAsUser"]
    both = tweak(old, {"spec.serviceAccountName": "other"})
    assert not admission.admit(Request(both)).matched


def test_where_members_are_found(folder: Path) -> None:
    """Beside the file, by a path from it, or in the library; the file before the library."""
    write(folder, "below/deep", PORTS)
    write(folder, "pss/baseline", ROOT, version="1.30")
    spec = "  anyOf: [root, ./below/deep.yaml, pss/restricted, pss/baseline]\n"
    union = open_union(write(folder, "set", spec, "ProfileSet", ""))
    assert [(each.name, each.minors) for each in union.any_of] == [
        ("root", range(36, 37)),
        ("deep", range(36, 37)),
        ("pss-restricted", range(36, 37)),
        ("baseline", range(30, 31)),
    ]


def test_a_pinned_member(folder: Path) -> None:
    """A name of the library may be pinned to a version, as everywhere."""
    spec = "  anyOf: [pss/restricted@1.29]\n"
    path = write(folder, "set", spec, "ProfileSet", "")
    assert [each.minors for each in open_union(path).any_of] == [range(29, 30)]
    # The command line's version takes the place of any other.
    assert [each.minors for each in open_union(path, "1.35").any_of] == [range(35, 36)]


def test_what_a_set_says(folder: Path) -> None:
    """Its name, scope, enforcement and version; without a word as a profile."""
    spec = (
        "  scope: {namespaces: [a], serviceAccounts: [b]}\n  anyOf: [root]\n  enforcement: audit\n"
    )
    path = write(folder, "set", spec, "ProfileSet", "1.30-1.32")
    union = open_union(path)
    assert (union.name, union.scope, union.enforcement) == (
        "set",
        Scope(("a",), ("b",)),
        Enforcement.AUDIT,
    )
    assert union.any_of[0].minors == range(30, 33)
    assert open_union(path, "1.35").any_of[0].minors == range(35, 36)
    plain = open_union(write(folder, "set", "  anyOf: [root]\n", "ProfileSet", ""))
    assert (plain.scope, plain.enforcement) == (Scope(), Enforcement.DENY)


# What may be used, the pods that are then admitted, and by which rules the others are refused.
USES: Final[list[tuple[tuple[str, ...] | None, dict[str, list[str]]]]] = [
    (None, {"good": [], "as root": [], "on port": [], "both": ["runAsUser"]}),
    ((), {
        "good": ["use"], "as root": ["runAsUser", "use"], "on port": ["use"],
        "both": ["runAsUser", "use"],
    }),
    (("a",), {"good": [], "as root": ["runAsUser"], "on port": [], "both": ["runAsUser"]}),
    (("b",), {"good": [], "as root": [], "on port": ["use"], "both": ["runAsUser", "use"]}),
    (("a", "b"), {"good": [], "as root": [], "on port": [], "both": ["runAsUser"]}),
]  # fmt: skip


@pytest.mark.parametrize(("may", "expected"), USES)
def test_who_may_use_a_profile(
    folder: Path, may: tuple[str, ...] | None, expected: dict[str, list[str]]
) -> None:
    """A profile counts for those alone who may use it; where nobody knows, for all."""
    spec = "  anyOf: [{profile: ports, use: a}, {profile: root, use: b}]\n"
    admission = made(folder, spec)
    pods = {
        "good": good(),
        "as root": tweak(good(), AS_ROOT),
        "on port": tweak(good(), ON_PORT),
        "both": tweak(good(), AS_ROOT | ON_PORT),
    }
    known = None if may is None else frozenset(may)
    found = {
        name: rules_of(admission.admit(Request(pod, may_use=known))) for name, pod in pods.items()
    }
    assert found == expected


def test_one_profile_is_a_set_of_one(folder: Path) -> None:
    """By a path or by a name of the library, at the version that is asked for."""
    union = open_union(str(folder / "root.yaml"))
    assert ([each.name for each in union.any_of], union.name) == (["root"], "")
    library = open_union("pss/restricted@1.30")
    assert library.any_of == (open_profile("pss/restricted", "1.30"),)


def test_today_holds_for_members(folder: Path) -> None:
    """An exemption of a member ends on the day that is asked about."""
    row = "    - {containers: [a], rules: [runAsUser], reason: seen, until: 2030-01-01}\n"
    write(folder, "root", f"{ROOT}  exempt:\n{row}")
    path = write(folder, "set", "  anyOf: [ports, root]\n", "ProfileSet", "")
    assert open_union(path, today=date(2030, 1, 1)).any_of[1].exempt
    with pytest.raises(CapgenError, match=r"root\.yaml:8:66: the exemption ended on `2030-01-01`"):
        open_union(path, today=date(2030, 1, 2))


# What stands below `spec:`, and what is said: line 5 is its first.
WRONG: Final = {
    "  anyOf: [rot]\n": (
        f"set.yaml:5:11: the library has no profile `rot`; known: {', '.join(names())}; nor is"
        " there a file `rot.yaml` beside this one"
    ),
    "  anyOf: [root, pss/restrictd]\n": (
        "set.yaml:5:17: the library has no profile `pss/restrictd`; did you mean `pss/restricted`?;"
        " nor is there a file `pss/restrictd.yaml` beside this one"
    ),
    "  anyOf: [root, ./none.yaml]\n": "none.yaml: cannot read: no such file or directory",
    "  anyOf: [root, 3]\n": (
        "set.yaml:5:17: `anyOf[1]` must be text: quote it; found the number `3`"
    ),
    "  anyOf: root\n": "set.yaml:5:10: `anyOf` must be a list; found the text `root`",
    "  scope: {}\n": "set.yaml:5:3: `anyOf` is required here",
    "  anyOf: [other]\n": "other.yaml:1:1: `other` is a set of profiles; expected one profile",
    "  anyOf: [child]\n": "other.yaml:1:1: `other` is a set of profiles; expected one profile",
    "  anyOf: [pod]\n": (
        "pod.yaml:2:7: `kind` must be `Profile` or `ProfileSet`; found the text `Pod`"
    ),
    "  anyOf: [bad]\n": "bad.yaml:6:11: `privilegd` is no key here; did you mean `privileged`?",
    "  anyof: [root]\n  anyOf: [root]\n": (
        "set.yaml:5:3: `anyof` is no key here; did you mean `anyOf`?"
    ),
    "  anyOf: [root]\n  rules: {}\n": (
        "set.yaml:6:3: `rules` is no key here;"
        " expected `scope`, `anyOf`, `enforcement`, `kubernetes`, `targets`, `accept`"
    ),
    "  anyOf: [root]\n  scope: {namespace: [a]}\n": (
        "set.yaml:6:11: `namespace` is no key here; did you mean `namespaces`?"
    ),
    "  anyOf: [root]\n  scope: {namespaces: ['a*b']}\n": (
        "set.yaml:6:24: `a*b` is no namespace; a `*` may stand at the end of a name only"
    ),
    "  anyOf: [root]\n  scope: {serviceAccounts: [A b]}\n": (
        "set.yaml:6:29: `A b` is no service account: lower-case letters, digits, `-` and `.`"
    ),
    "  anyOf: [root, ports, ./root.yaml]\n": (
        "set.yaml:5:24: two profiles of the set are called `root`: rename one of them"
    ),
    "  anyOf: [{profile: root, use: A b}]\n": (
        "set.yaml:5:32: `A b` is no PodSecurityPolicy: lower-case letters, digits, `-` and `.`"
    ),
    "  anyOf: [{use: a}]\n": "set.yaml:5:11: `profile` is required here",
    "  anyOf: [{profile: root, uses: a}]\n": (
        "set.yaml:5:27: `uses` is no key here; did you mean `use`?"
    ),
    "  anyOf: [root]\n  enforcement: block\n": (
        "set.yaml:6:16: `enforcement` must be `deny` or `warn` or `audit`; found the text `block`"
    ),
    "  anyOf: [root]\n  kubernetes: 1.30\n": (
        "set.yaml:6:15: `kubernetes` must be text: quote it; found the number `1.3`"
    ),
}


@pytest.mark.parametrize("spec", WRONG)
def test_wrong(folder: Path, spec: str) -> None:
    """What is wrong is told with its place, in the file in which it stands."""
    write(folder, "other", "  anyOf: [root]\n", "ProfileSet", "")
    write(folder, "child", "  extends: [./other.yaml]\n")
    write(folder, "bad", "  rules: {privilegd: false}\n")
    write(folder, "pod", "  rules: {}\n", "Pod")
    with pytest.raises(CapgenError) as caught:
        made(folder, spec)
    assert str(caught.value).replace(f"{folder}/", "") == WRONG[spec]


@pytest.mark.parametrize("kind", ["ProfileSets", "Profileset", "Set"])
def test_a_misspelt_kind(folder: Path, kind: str) -> None:
    """Who misspells the kind of a set is told that there are sets."""
    with pytest.raises(
        CapgenError, match=rf"set\.yaml:2:7: .*`ProfileSet`.*found the text `{kind}`"
    ):
        open_union(write(folder, "set", "  anyOf: [root]\n", kind, ""))
