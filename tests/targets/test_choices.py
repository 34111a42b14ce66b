"""Choices for one container, and exemptions, in what sets values: docker and securityContexts."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from capgen.errors import ProfileError
from capgen.targets import docker, security_context
from capgen.targets.base import Output, Status, content_hash
from tests.loading import loaded
from tests.policy.made import profile

RULES: Final = """
kubernetes: "1.36"
rules:
  privileged: {allow: [true, false], default: false}
  capabilities: {drop: [ALL], allow: [CHOWN, KILL], add: [CHOWN]}
  runAsUser: {ranges: ["1-"], default: 5}
  seLinuxOptions: {type: [a_t, b_t], level: ["s0", "s1"], default: {type: a_t, level: s0}}
  seccompProfile: {allow: [RuntimeDefault, "Localhost:p/*"], default: RuntimeDefault}
  volumes: {allow: [secret]}
  hostProbes: {allow: []}
"""
OWN: Final = """
containers:
  agent: {runAsUser: 7, capabilities: {add: [KILL]}, seccompProfile: "Localhost:p/a"}
  db: {seLinuxOptions: {type: b_t}, seccompProfile: RuntimeDefault}
"""
EXEMPT: Final = """
exempt:
  - {images: ["a:*"], rules: [capabilities, hostProbes], reason: seen, until: 9999-12-31}
  - {containers: [b], rules: [runAsUser], reason: seen, until: 9999-12-31}
"""


def texts(output: Output) -> dict[str, str]:
    """Return the texts by path."""
    return {each.path: each.text for each in output.artefacts}


def line(spec: str, folder: str = "") -> str:
    """Return the flags of a container's line, or of the common one."""
    return texts(docker.emit(profile(spec)))[f"{folder}flags.txt"].strip()


def patch(spec: str, system: str = "linux") -> Any:  # noqa: ANN401 - a pod's spec
    """Return the strategic-merge patch."""
    files = texts(security_context.emit(profile(spec)))
    return loaded(files[f"{system}/strategic-merge.yaml"])["spec"]


def named(spec: str, system: str = "linux") -> dict[str, Any]:
    """Return what the patch sets in each container, by its name."""
    return {each["name"]: each for each in patch(spec, system)["containers"]}


COMMON: Final = (
    "--cap-add CHOWN --cap-drop ALL --user 5"
    " --security-opt label=type:a_t --security-opt label=level:s0"
)


def test_docker_has_a_line_for_each() -> None:
    """A container with choices has its own files beside the common ones, which stay as they are."""
    names = {"run.sh", "flags.txt", "args.json"}
    assert set(texts(docker.emit(profile(RULES)))) == names
    files = texts(docker.emit(profile(RULES + OWN)))
    assert set(files) == names | {
        f"containers/{container}/{name}" for container in ("agent", "db") for name in names
    }
    plain = texts(docker.emit(profile(RULES)))
    assert {name: files[name] for name in names} == {name: plain[name] for name in names}
    assert line(RULES + OWN) == COMMON


def test_docker_says_the_choices() -> None:
    """What is chosen for a container takes the place of the common value, in all its files."""
    assert line(RULES + OWN, "containers/db/") == COMMON.replace("type:a_t", "type:b_t").replace(
        " --security-opt label=level:s0", ""
    )
    user = RULES + "containers: {agent: {runAsUser: 7, capabilities: {add: [KILL]}}}"
    expected = COMMON.replace("CHOWN", "KILL").replace("--user 5", "--user 7")
    files = texts(docker.emit(profile(user)))
    assert files["containers/agent/flags.txt"].strip() == expected
    assert json.loads(files["containers/agent/args.json"]) == expected.split()
    assert "--user 7" in files["containers/agent/run.sh"]


GAPS: Final = {
    # `--privileged` ignores `--cap-drop`, in this container's line alone.
    "privileged": ("containers: {agent: {privileged: true}}", "capabilities"),
    # docker takes a seccomp profile as a file.
    "a local profile": ("containers: {agent: {seccompProfile: 'Localhost:p/a'}}", "seccompProfile"),
}


@pytest.mark.parametrize("name", GAPS)
def test_docker_loses_nothing_in_silence(name: str) -> None:
    """What cannot be said in one container's line is a gap, though the common line says it."""
    own, rule = GAPS[name]
    assert docker.emit(profile(RULES)).cells[rule].status is Status.EXACT
    assert docker.emit(profile(RULES + own)).cells[rule].status is Status.GAP


def test_patch_for_each() -> None:
    """The patch has an entry for the container's name, with the common values and its own."""
    common = {"privileged": False, "capabilities": {"add": ["CHOWN"], "drop": ["ALL"]}}
    found = named(RULES + OWN)
    assert list(found) == ["CONTAINER", "agent", "db"]
    assert found["CONTAINER"]["securityContext"] == common
    assert found["agent"]["securityContext"] == common | {
        "capabilities": {"add": ["KILL"], "drop": ["ALL"]},
        "runAsUser": 7,
        "seccompProfile": {"type": "Localhost", "localhostProfile": "p/a"},
    }
    # A pod may hold another profile: what may not stand beside this one is taken away.
    assert found["db"]["securityContext"] == common | {
        "seLinuxOptions": {"type": "b_t"},
        "seccompProfile": {"type": "RuntimeDefault", "localhostProfile": None},
    }
    assert list(named(RULES)) == ["CONTAINER"]
    above = patch(RULES + OWN)["securityContext"]
    assert (above["runAsUser"], above["seccompProfile"]["type"]) == (5, "RuntimeDefault")


def test_patch_of_one_container_alone() -> None:
    """Where nothing is set in every container, only the named one has an entry."""
    spec = 'kubernetes: "1.36"\nrules: {runAsUser: {ranges: ["1-"], default: 5}}\n'
    assert "containers" not in patch(spec)
    assert patch(spec + "containers: {agent: {runAsUser: 7}}")["containers"] == [
        {"name": "agent", "securityContext": {"runAsUser": 7}}
    ]


def test_cells_name_the_choices() -> None:
    """The cell of a rule says what is set in which container, and in which file."""
    cells = security_context.emit(profile(RULES + OWN)).cells
    assert "; in `agent` 7, in strategic-merge.yaml" in cells["runAsUser"].note
    assert "; in `agent` add: [KILL], in strategic-merge.yaml" in cells["capabilities"].note
    assert "; in `db` type: b_t, in strategic-merge.yaml" in cells["seLinuxOptions"].note
    assert "agent" not in cells["privileged"].note
    assert "agent" not in security_context.emit(profile(RULES)).cells["runAsUser"].note


def test_windows_choices() -> None:
    """A Windows container's entry has what Windows takes, and no field of the pod."""
    spec = """
    kubernetes: "1.36"
    rules:
      runAsUser: {ranges: ["1-"], default: 5}
      seccompProfile: {allow: [RuntimeDefault], unless: [windows]}
      windowsOptions: {runAsUserName: [App, Web], default: {runAsUserName: Web}}
    containers:
      agent: {runAsUser: 7, seccompProfile: RuntimeDefault, windowsOptions: {runAsUserName: App}}
    """
    assert named(spec, "windows")["agent"] == {
        "name": "agent",
        "securityContext": {"windowsOptions": {"runAsUserName": "App"}},
    }
    assert "windowsOptions" not in named(spec)["agent"]["securityContext"]
    assert named(spec)["agent"]["securityContext"]["runAsUser"] == 7


def test_choices_go_together() -> None:
    """A choice that the API refuses beside the common values is an error."""
    spec = RULES + "  allowPrivilegeEscalation: false\ncontainers: {agent: {privileged: true}}"
    with pytest.raises(ProfileError, match=r"the API refuses `securityContext\.allowPrivilegeEsc"):
        security_context.emit(profile(spec))


STRICTER: Final = {
    "privileged": (Status.EXACT, Status.EXACT),
    "capabilities": (Status.STRICTER, Status.STRICTER),
    "runAsUser": (Status.STRICTER, Status.STRICTER),
    "volumes": (Status.GAP, Status.NOT_APPLICABLE),
    "hostProbes": (Status.NOT_APPLICABLE, Status.NOT_APPLICABLE),
}


@pytest.mark.parametrize("rule", STRICTER)
def test_exempt_is_stricter(rule: str) -> None:
    """What sets values exempts nobody: where a rule is lifted from some, the cell says so."""
    for target, status, words in zip(
        (docker, security_context),
        STRICTER[rule],
        ("no container is exempt from this line", "exempt containers get it too, unless they say"),
        strict=True,
    ):
        cell = target.emit(profile(RULES + EXEMPT)).cells[rule]
        assert cell.status is status
        assert (words in cell.note) == (status is Status.STRICTER)
        plain = target.emit(profile(RULES)).cells[rule]
        assert plain.status is not Status.STRICTER


def test_exempt_changes_no_file() -> None:
    """The values are the same for all; only the word on them differs."""
    for target in (docker, security_context):
        with_, without = (
            {
                path: text
                for path, text in texts(target.emit(profile(spec))).items()
                if "values" not in path
            }
            for spec in (RULES + EXEMPT, RULES)
        )
        assert with_ == without


MEANING: Final = [
    RULES,
    RULES + OWN,
    RULES + OWN.replace("7", "8"),
    RULES + EXEMPT,
    RULES + EXEMPT.replace("[b]", "[c]"),
    RULES + EXEMPT.replace("a:*", "a:1"),
    RULES + EXEMPT.replace("9999-12-31", "9999-12-30"),
    RULES + "mutate: true",
    RULES + "reading: both",
    RULES + "enforcement: warn",
    RULES + "enforceOn: [pods, controllers]",
    RULES + "enforceOn: [controllers]",
    RULES + "match: {podSelector: {matchExpressions: [{key: a, operator: Exists}]}}",
    RULES + "match: {podSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}",
    RULES.replace("1.36", "1.35"),
    RULES.replace("1.36", "1.35-1.36"),
]


def test_the_hash_is_of_the_meaning() -> None:
    """Whatever of it changes, the hash that every artefact carries changes with it."""
    assert len({content_hash(profile(spec)) for spec in MEANING}) == len(MEANING)
    same = RULES + "mutate: false\nexempt: []\ncontainers: {}"
    assert content_hash(profile(same)) == content_hash(profile(RULES))
