"""The files of each format: they name each other, and the policies are those of a compile."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from capgen.compiler.plan import plan
from capgen.engine_tests.base import Given, Suite
from capgen.engine_tests.cases import chosen
from capgen.engine_tests.run import FORMATS
from capgen.policy.profile import Enforcement
from capgen.targets.base import Cell, Status
from tests.loading import loaded

if TYPE_CHECKING:
    from pathlib import Path

    from capgen.compiler.compiled import Compiled

ODD = """\
apiVersion: capgen/v1
kind: Profile
metadata: {name: odd}
spec:
  kubernetes: "1.36"
  enforceOn: [pods, controllers]
  match:
    namespaces: {include: ["team-*"]}
    namespaceSelector: {matchLabels: {tier: "on"}}
    podSelector: {matchLabels: {app: "1e3"}}
  rules:
    privileged: false
    hostPID: false
    runAsUser: {ranges: [10-20]}
"""


def compiled(path: Path, target: str, text: str = ODD) -> Compiled:
    """Return what a target makes of the profile."""
    file = path / "odd.yaml"
    file.write_text(text, "utf-8")
    (found,) = plan(str(file), [target], None)
    return found


def made(given: Compiled) -> Suite:
    """Return the tests of a target."""
    cases = chosen(given.one)
    assert cases is not None
    return FORMATS[given.target].tests(Given(given, cases))


def documents(tests: Suite) -> dict[str, Any]:
    """Return what stands in each YAML file."""
    return {
        each.path: loaded(each.text)
        for each in tests.artefacts
        if each.path.endswith((".yaml", ".json"))
    }


@pytest.mark.parametrize("target", FORMATS)
def test_policies_are_those_of_a_compile(tmp_path: Path, target: str) -> None:
    """What is tested is what a compile writes, byte for byte."""
    given = compiled(tmp_path, target)
    texts = {each.text for each in (*given.artefacts, *given.shared)}
    beside = [
        each
        for each in made(given).artefacts
        if each.path.startswith(("policies/", "constraints/", "templates/"))
    ]
    assert beside
    assert all(each.text in texts for each in beside)
    assert not [each for each in made(given).artefacts if each.object]


@pytest.mark.parametrize("target", FORMATS)
def test_the_same_every_time(tmp_path: Path, target: str) -> None:
    """The same profile makes the same bytes."""
    assert made(compiled(tmp_path, target)) == made(compiled(tmp_path, target))


@pytest.mark.parametrize("target", FORMATS)
def test_a_rule_that_is_not_said_is_not_tested(tmp_path: Path, target: str) -> None:
    """Cases of a rule that is a gap are left out, and that is said."""
    given = compiled(tmp_path, target)
    gap = {"hostPID": Cell(Status.GAP, "it cannot be said")}
    tests = made(replace(given, cells={**given.cells, **gap}))
    assert "`hostPID` is not tested: gap: it cannot be said" in tests.untested
    assert {rule for _, rule, _ in tests.shown} == {"", "privileged", "runAsUser"}


@pytest.mark.parametrize("target", ["kyverno", "kyverno-legacy"])
def test_kyverno(tmp_path: Path, target: str) -> None:
    """Each resource has a file and one result, of the policy and rule that judge its kind."""
    tests = made(compiled(tmp_path, target))
    files = documents(tests)
    test = files["kyverno-test.yaml"]
    resources = {path: files[path] for path in test["resources"]}
    assert set(resources) == {path for path in files if path.startswith("resources/")}
    policies = {each["metadata"]["name"]: each for each in map(files.get, test["policies"]) if each}
    named = []
    for row in test["results"]:
        policy = policies[row["policy"]]
        if policy["kind"] == "ClusterPolicy":
            assert row["rule"] == policy["spec"]["rules"][0]["name"]
        else:
            assert row["isValidatingPolicy"] is True
        for name in row["resources"]:
            resource = resources[f"resources/{name.partition('/')[2]}.yaml"]
            assert (resource["kind"], resource["metadata"]["namespace"]) == (
                row["kind"],
                name.partition("/")[0],
            )
            assert row["policy"] == {
                "Pod": "capgen-odd",
                "CronJob": "capgen-odd-cronjobs",
                "PodTemplate": "capgen-odd-podtemplates",
            }.get(row["kind"], "capgen-odd-controllers")
            named.append(resource["metadata"]["name"])
    assert sorted(named) == sorted(each["metadata"]["name"] for each in resources.values())
    assert tests.reported == len(named)
    results = {name: row["result"] for row in test["results"] for name in row["resources"]}
    assert results["team-capgen-test/good"] == "pass"
    assert results["team-capgen-test/privileged-init-true"] == "fail"
    assert results["team-capgen-test/not-selected"] == "skip"
    assert results["capgen-test/elsewhere"] == "skip"
    selectors = files[test["variables"]]["namespaceSelector"]
    assert {each["name"]: each["labels"]["tier"] for each in selectors} == {
        "team-capgen-test": "on",
        "capgen-test": "on",
    }


def test_gatekeeper(tmp_path: Path) -> None:
    """Each rule has a test by its constraint, each object is asked about, updates as reviews."""
    tests = made(compiled(tmp_path, "gatekeeper"))
    files = documents(tests)
    suite = files["suite.yaml"]
    assert [test["name"] for test in suite["tests"]] == ["privileged", "runAsUser", "hostPID"]
    asked, count = set(), 0
    for test in suite["tests"]:
        constraint = files[test["constraint"]]
        template = files[test["template"]]
        assert template["spec"]["crd"]["spec"]["names"]["kind"] == constraint["kind"]
        words = [case["assertions"] for case in test["cases"]]
        assert [{"violations": "no"}] in words
        assert [{"violations": "yes", "message": f"^{test['name']}: "}] in words
        for case in test["cases"]:
            assert case["inventory"] == ["namespace.yaml"]
            assert case["object"] == f"objects/{case['name']}.yaml"
            count += 1
            asked.add(case["object"])
    assert asked == {path for path in files if path.startswith("objects/")}
    assert tests.reported == count
    review = files["objects/privileged-ephemeral-true.yaml"]["request"]
    assert (review["operation"], review["subResource"]) == ("UPDATE", "ephemeralcontainers")
    assert "ephemeralContainers" not in review["oldObject"]["spec"]
    assert files["namespace.yaml"]["metadata"] == {
        "name": "team-capgen-test",
        "labels": {"tier": "on"},
    }


class Script:
    """The script of `vap`, with a kubectl that answers what it is told to."""

    def __init__(self, folder: Path, tests: Suite) -> None:
        self.folder = folder / "tests"
        self.bin = folder / "bin"
        for each in tests.artefacts:
            path = self.folder / each.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(each.text, "utf-8")
        text = (self.folder / "test.sh").read_text("utf-8")
        self.asked = [
            shlex.split(line) for line in re.findall(r"^(?:create|add) .*/.*$", text, re.MULTILINE)
        ]
        self.bin.mkdir()

    def run(self, answer: str, prelude: str = "") -> tuple[int, list[str]]:
        """Run it: of what is refused kubectl says `answer`, with POLICY and RULE filled in."""
        cases = []
        for _, file, policy, *rule in self.asked:
            if rule:
                words = shlex.quote(answer.replace("POLICY", policy).replace("RULE", rule[0]))
                cases.append(f"  *' {file} '*) printf '%s\\n' {words} >&2; exit $code ;;")
        lines = ["#!/bin/sh", "code=1", prelude, 'echo "$*" >>"$LOG"', 'case " $* " in', *cases]
        kubectl = self.bin / "kubectl"
        kubectl.write_text("\n".join([*lines, "esac", "exit 0"]) + "\n", "utf-8")
        kubectl.chmod(0o755)
        done = subprocess.run(
            ["sh", str(self.folder / "test.sh")],
            env={"PATH": f"{self.bin}:{os.defpath}", "LOG": str(self.bin / "log")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()


DENIED = (
    'Error from server: error when creating "x": pods "x" is forbidden: ValidatingAdmissionPolicy'
    " 'POLICY' with binding 'POLICY' denied request: RULE: x (allowed: y)"
)
WARNED = (
    "Warning: Validation failed for ValidatingAdmissionPolicy 'POLICY' with binding 'POLICY':"
    " RULE: x (allowed: y)"
)


def test_script(tmp_path: Path) -> None:
    """It passes where every answer is right, and counts; each file is asked about once."""
    tests = made(compiled(tmp_path, "vap"))
    script = Script(tmp_path, tests)
    code, lines = script.run(DENIED)
    count = tests.reported
    assert (code, lines[-1]) == (0, f"{count} of {count} cases: {count} as expected, 0 not")
    files = {file for _, file, *_ in script.asked}
    assert len(script.asked) == len(files) == count
    assert files == {
        each.path for each in tests.artefacts if each.path[:7] in ("admitte", "refused")
    }
    log = (script.bin / "log").read_text("utf-8").splitlines()
    # A pod is made, for debug containers to be added to, and taken away in the end.
    assert log[0] == "create -f standing.yaml"
    assert log[-1] == "delete --ignore-not-found --wait=false -f standing.yaml"
    assert all("dry" in line for line in log[1:-1])
    standing = loaded((script.folder / "standing.yaml").read_text("utf-8"))
    assert standing["spec"]["schedulingGates"] == [{"name": "capgen/never"}]
    added = json.loads(
        (script.folder / "refused/privileged-ephemeral-true.json").read_text("utf-8")
    )
    assert added["metadata"]["name"] == standing["metadata"]["name"]


@pytest.mark.parametrize(
    ("answer", "prelude"),
    [
        # Nobody refuses; another policy does, or for another rule, or the API itself; it warns.
        ("", "code=0"),
        (DENIED.replace("POLICY", "other"), ""),
        (DENIED.replace("RULE", "other"), ""),
        ('Error from server (Invalid): Pod "x" is invalid', ""),
        (DENIED, "code=0"),
        (WARNED, "code=0"),
    ],
)
def test_script_fails(tmp_path: Path, answer: str, prelude: str) -> None:
    """It fails where what is to be refused is not, or not so."""
    script = Script(tmp_path, made(compiled(tmp_path, "vap")))
    code, lines = script.run(answer, prelude)
    refused = sum(len(each) > 3 for each in script.asked)
    assert code == 1
    assert lines[-1].endswith(f" as expected, {refused} not")


def test_script_fails_where_all_is_refused(tmp_path: Path) -> None:
    """It fails where the server is away: nothing is admitted."""
    tests = made(compiled(tmp_path, "vap"))
    script = Script(tmp_path, tests)
    away = 'case "$*" in *dry*) echo "The connection was refused"; exit 1 ;; esac'
    code, lines = script.run(DENIED, away)
    assert (code, lines[-1]) == (
        1,
        f"{tests.reported} of {tests.reported} cases: 0 as expected, {tests.reported} not",
    )


def test_warnings(tmp_path: Path) -> None:
    """Where the profile only warns, a warning is expected, and that the pod is admitted."""
    tests = made(compiled(tmp_path, "vap", ODD + "  enforcement: warn\n"))
    script = Script(tmp_path, tests)
    assert script.run(WARNED, "code=0")[0] == 0
    assert script.run(DENIED)[0] == 1
    assert script.run("", "code=0")[0] == 1


def test_audits(tmp_path: Path) -> None:
    """Where nobody is told, nothing is written, and that is said."""
    given = compiled(tmp_path, "vap", ODD + "  enforcement: audit\n")
    assert given.profile.enforcement is Enforcement.AUDIT
    tests = made(given)
    assert (tests.artefacts, tests.reported) == ((), 0)
    assert tests.untested[0].startswith("nothing can be tested: with `enforcement: audit`")
