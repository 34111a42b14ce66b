"""Exemptions, choices, notes and the day on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from capgen.listing import schema

if TYPE_CHECKING:
    from tests.cli.conftest import Capgen

WEB: Final = """\
apiVersion: capgen/v1
kind: Profile
metadata: {name: web}
spec:
  kubernetes: "1.36"
  rules:
    privileged: false
    runAsUser: {ranges: ["1-"], default: 5}
"""
EXEMPT: Final = """\
  match: {podSelector: {matchLabels: {tier: web}}}
  exempt:
    - {containers: [proxy], rules: [privileged], reason: injected, until: 2027-03-31}
    - images: ["example.com/mesh/*:1"]
      rules: [privileged, runAsUser]
      reason: needs the node
      until: 2027-12-31
  containers: {web: {runAsUser: 7}, db: {privileged: false, runAsUser: 8}}
"""
POD: Final = """\
apiVersion: v1
kind: Pod
metadata: {name: NAME, labels: {tier: web}}
spec: {containers: [{name: NAME, image: i, securityContext: {privileged: true}}]}
"""
NOTES: Final = [
    (
        "web.yaml:9:24: warning: `podSelector` rests on the pod's labels, which whoever creates the"
        " pod chooses; `namespaces` and `namespaceSelector` rest on the namespace"
    ),
    (
        "web.yaml:11:7: warning: the exemption of `proxy` rests on a container's name, which"
        " whoever creates the pod chooses; name its `images` too"
    ),
    (
        "web.yaml:11:7: note: coverage lost: container `proxy` exempt from `privileged` until"
        " 2027-03-31: injected"
    ),
    (
        "web.yaml:12:7: note: coverage lost: image `example.com/mesh/*:1` exempt from `privileged`,"
        " `runAsUser` until 2027-12-31: needs the node"
    ),
]
LAST: Final = "2027-03-31"
AFTER: Final = "2027-04-01"
ENDED: Final = (
    "web.yaml:11:75: the exemption ended on `2027-03-31`: take it out, or give it a new end"
)


@pytest.fixture
def web(capgen: Capgen) -> Capgen:
    """Return the command in a folder with a profile and two pods."""
    capgen.write("web.yaml", WEB + EXEMPT)
    capgen.write("pods.yaml", "---\n".join(POD.replace("NAME", name) for name in ("proxy", "web")))
    return capgen


def test_notes_go_to_stderr_once(web: Capgen) -> None:
    """Each line once for all targets, before what is written; stdout stays empty."""
    done = web("compile", "web.yaml", "--today", LAST)
    assert (done.code, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    assert lines[:-2] == NOTES
    assert [line.split(":")[0] for line in lines[-2:]] == [
        "out/web/security-context",
        "out/web/vap",
    ]


@pytest.mark.parametrize("more", [("--stdout", "-t", "vap"), ("--check",), ("-t", "docker")])
def test_notes_stand_beside_any_compile(web: Capgen, more: tuple[str, ...]) -> None:
    """Printed, compared, or with one target: what is lost is said all the same."""
    done = web("compile", "web.yaml", "--today", LAST, *more)
    assert done.stderr.splitlines()[:4] == NOTES
    assert "note:" not in done.stdout


def test_notes_stand_beside_a_gap(web: Capgen) -> None:
    """Also where nothing is written."""
    web.write("web.yaml", WEB + "    volumes: {allow: [secret]}\n" + EXEMPT)
    done = web("compile", "web.yaml", "--today", LAST, "-t", "docker")
    assert done.code == 1
    assert done.stdout.startswith("web: docker: `volumes` is a gap")
    assert sum("coverage lost" in line for line in done.stderr.splitlines()) == 2


def test_no_notes_of_a_plain_profile(capgen: Capgen) -> None:
    """Who exempts nothing is told nothing."""
    capgen.write("web.yaml", WEB)
    done = capgen("compile", "web.yaml")
    assert (done.code, len(done.stderr.splitlines())) == (0, 2)
    assert "note:" not in done.stderr
    assert "warning:" not in done.stderr


COMMANDS: Final = {
    "compile": ("compile", "web.yaml"),
    "compile --check": ("compile", "web.yaml", "--check"),
    "compile --stdout": ("compile", "web.yaml", "--stdout", "-t", "vap"),
    "check": ("check", "-p", "web.yaml", "pods.yaml"),
    "explain": ("explain", "./web.yaml"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_an_exemption_that_ended(web: Capgen, name: str) -> None:
    """From the day after it is an error with its place: exit 2, and nothing is written."""
    fine = web(*COMMANDS[name], "--today", LAST)
    assert fine.code == (1 if name in ("check", "compile --check") else 0), fine.stderr
    before = sorted(path.name for path in web.folder.rglob("*"))
    ended = web(*COMMANDS[name], "--today", AFTER)
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.stderr.replace("./", "") == f"error: {ENDED}\n"
    assert sorted(path.name for path in web.folder.rglob("*")) == before


@pytest.mark.parametrize("name", COMMANDS)
def test_no_day(web: Capgen, name: str) -> None:
    """A day that is none is bad usage."""
    done = web(*COMMANDS[name], "--today", "tomorrow")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == "error: `tomorrow` is no day; expected one like `2027-03-31`\n"


def test_today_is_the_day_of_the_clock(capgen: Capgen) -> None:
    """Without `--today` the day is today's: what ended years ago is an error, what will is not."""
    for until, code in (("2020-01-01", 2), ("9999-12-31", 0)):
        capgen.write(
            "web.yaml", WEB + EXEMPT.replace("2027-03-31", until).replace("2027-12", until[:7])
        )
        assert capgen("compile", "web.yaml", "-t", "vap").code == code


def test_what_ended_in_json(web: Capgen) -> None:
    """JSON is printed in every case."""
    done = web("check", "-p", "web.yaml", "-f", "json", "--today", AFTER, "pods.yaml")
    (error,) = done.json["errors"]
    assert (done.code, done.json["documents"]) == (2, [])
    assert (error["line"], error["column"]) == (11, 75)


def test_status_exempt(web: Capgen) -> None:
    """An exempt pod is judged, and is no violation; its status tells."""
    done = web("check", "-p", "web.yaml", "-f", "json", "--today", LAST, "pods.yaml")
    assert done.code == 1
    assert [row["status"] for row in done.json["documents"]] == ["exempt", "refused"]
    assert done.json["summary"] == {"documents": 2, "judged": 2, "skipped": 0, "violations": 1}
    assert [row["container"] for row in done.json["results"]] == ["web"]
    only = web("check", "-p", "web.yaml", "--today", LAST, "-", stdin=POD.replace("NAME", "proxy"))
    assert (only.code, only.stdout) == (0, "")
    assert only.stderr == "1 object, 1 judged, 0 skipped, 0 violations\n"


def test_another_profile_refuses_what_one_exempts(web: Capgen) -> None:
    """`-p` given twice: both must hold."""
    pod = POD.replace("NAME", "proxy")
    both = ("check", "-p", "web.yaml", "-p", "pss/baseline", "-f", "json", "--today", LAST, "-")
    done = web(*both, stdin=pod)
    assert [row["status"] for row in done.json["documents"]] == ["refused"]
    assert {(row["profile"], row["rule"]) for row in done.json["results"]} == {
        ("pss-baseline", "privileged")
    }


def test_explain(web: Capgen) -> None:
    """A profile's exemptions and choices are told, and how each target takes them."""
    done = web("explain", "./web.yaml", "--today", LAST)
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "exempt from privileged: container proxy; until 2027-03-31: injected" in lines
    assert (
        "exempt from privileged, runAsUser: image example.com/mesh/*:1; until 2027-12-31:"
        " needs the node"
    ) in lines
    assert "chosen for the container web: runAsUser: 7" in lines
    assert "chosen for the container db: privileged: false, runAsUser: 8" in lines
    assert done.stdout.count("docker            stricter: ") == 2
    assert done.stdout.count("vap               exact: ") == 2


def test_schema(capgen: Capgen) -> None:
    """`schema` prints the JSON Schema, and nothing else."""
    done = capgen("schema")
    assert (done.code, done.stderr) == (0, "")
    assert done.json == json.loads(schema())
