"""`capgen check` as a user meets it: what is printed where, and the exit code."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Capgen

GOOD = "apiVersion: v1\nkind: Pod\nmetadata: {name: good}\nspec: {containers: [{name: app}]}\n"
BAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: app
          image: registry.example.com/cart:1
          securityContext:
            privileged: true
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: cart}\n"
BROKEN = "apiVersion: v1\nkind: [\n"
TEXT = """\
deploy.yaml:13:25: privileged: `privileged` must be false or unset; found `true`
    Deployment shop/cart, container app: \
spec.template.spec.containers[0].securityContext.privileged (pss-baseline)
 13 |             privileged: true
    |                         ^
"""


def test_text(capgen: Capgen) -> None:
    """A finding has its place, its rule, its object and its line with a caret; no colour."""
    capgen.write("deploy.yaml", BAD)
    found = capgen("check", "-p", "pss/baseline", "deploy.yaml")
    assert found.stdout == TEXT
    assert found.stderr == "1 object, 1 judged, 0 skipped, 1 violation\n"
    assert found.code == 1


def test_json(capgen: Capgen) -> None:
    """The JSON object is the documented one, to the key and its order."""
    capgen.write("deploy.yaml", f"{SERVICE}---\n{BAD}---\n{GOOD}")
    found = capgen("check", "-p", "pss/baseline", "-f", "json", "deploy.yaml")
    assert found.json == {
        "version": 1,
        "summary": {"documents": 3, "judged": 2, "skipped": 1, "violations": 1},
        "documents": [
            _document(1, "v1", "Service", None, "cart", "skipped"),
            _document(2, "apps/v1", "Deployment", "shop", "cart", "refused"),
            _document(3, "v1", "Pod", None, "good", "admitted"),
        ],
        "results": [
            {
                "file": "deploy.yaml",
                "document": 2,
                "item": None,
                "line": 17,
                "column": 25,
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "namespace": "shop",
                "name": "cart",
                "container": "app",
                "profile": "pss-baseline",
                "rule": "privileged",
                "field": "spec.template.spec.containers[0].securityContext.privileged",
                "value": True,
                "allowed": "false or unset",
                "message": "`privileged` must be false or unset",
            }
        ],
        "errors": [],
    }
    assert list(found.json) == ["version", "summary", "documents", "results", "errors"]
    assert list(found.json["results"][0]) == [
        "file", "document", "item", "line", "column", "apiVersion", "kind", "namespace", "name",
        "container", "profile", "rule", "field", "value", "allowed", "message",
    ]  # fmt: skip
    assert list(found.json["documents"][0]) == [
        "file", "document", "item", "apiVersion", "kind", "namespace", "name", "status",
    ]  # fmt: skip
    assert found.code == 1


def test_what_is_admitted_prints_nothing(capgen: Capgen) -> None:
    """Where nothing is found stdout is empty, stderr counts, and the exit code is 0."""
    found = capgen("check", "-p", "pss/baseline", "-", stdin=GOOD)
    assert (found.code, found.stdout) == (0, "")
    assert found.stderr == "1 object, 1 judged, 0 skipped, 0 violations\n"


def test_unreadable_beats_refused(capgen: Capgen) -> None:
    """A document that cannot be read is exit 2; what can be read beside it is judged."""
    found = capgen("check", "-p", "pss/baseline", "-", stdin=f"{BAD}---\n{BROKEN}---\n{GOOD}")
    assert found.code == 2
    assert found.stdout.startswith("-:13:25: privileged: ")
    assert found.stderr.splitlines() == [
        "error: -:16:8: did not find expected node content while parsing a flow node",
        "2 objects, 2 judged, 0 skipped, 1 violation, 1 unreadable document",
    ]


def test_unreadable_in_json(capgen: Capgen) -> None:
    """The error stands in `errors` with its place, and the others have their numbers."""
    found = capgen(
        "check", "-p", "pss/baseline", "-f", "json", "-", stdin=f"{GOOD}---\n{BROKEN}---\n{GOOD}"
    )
    assert found.code == 2
    assert found.json["errors"] == [
        {
            "file": "-",
            "line": 7,
            "column": 8,
            "message": "did not find expected node content while parsing a flow node",
        }
    ]
    assert [row["document"] for row in found.json["documents"]] == [1, 3]


def test_json_is_printed_in_every_case(capgen: Capgen) -> None:
    """An unknown profile, a missing file and a bad version are `errors` of the object, exit 2."""
    capgen.write("pod.yaml", GOOD)
    for arguments, message in (
        (
            ("-p", "pss/restrictd", "pod.yaml"),
            "the library has no profile `pss/restrictd`; did you mean `pss/restricted`?",
        ),
        (("-p", "pss/baseline", "none.yaml"), "no such file or folder: `none.yaml`"),
        (
            ("-p", "pss/baseline", "--kubernetes", "1.99", "pod.yaml"),
            "Kubernetes `1.99` is newer than 1.37, the newest that capgen knows",
        ),
    ):
        found = capgen("check", "-f", "json", *arguments)
        assert found.code == 2
        assert found.json["summary"]["documents"] == 0
        assert [error["message"] for error in found.json["errors"]] == [message]
        assert message in found.stderr


def test_stdin_without_a_path(capgen: Capgen) -> None:
    """Piped manifests need no `-`; nothing in the pipe is no object."""
    assert capgen("check", "-p", "pss/baseline", stdin=BAD).code == 1
    empty = capgen("check", "-p", "pss/baseline", stdin="")
    assert (empty.code, empty.stderr) == (0, "0 objects, 0 judged, 0 skipped, 0 violations\n")


def test_files_folders_and_globs(capgen: Capgen) -> None:
    """Every path argument takes a file, a folder and a glob, and keeps their order."""
    for name in ("one.yaml", "top/b.yml", "top/in/a.json", "top/note.txt", "x1.yaml", "x2.yaml"):
        capgen.write(name, GOOD)
    found = capgen("check", "-p", "pss/baseline", "-f", "json", "x?.yaml", "top", "one.yaml")
    assert [row["file"] for row in found.json["documents"]] == [
        "x1.yaml", "x2.yaml", "top/b.yml", "top/in/a.json", "one.yaml",
    ]  # fmt: skip


def test_a_pipe_is_read_once(capgen: Capgen) -> None:
    """Where ServiceAccounts must be read first, what is piped by its path is still judged."""
    capgen.write(
        "no-token.yaml",
        "apiVersion: capgen/v1\nkind: Profile\nmetadata: {name: no-token}\n"
        'spec: {kubernetes: "1.36", rules: {volumes: {allow: [emptyDir]}}}\n',
    )
    for path in ("-", "/dev/stdin"):
        found = capgen("check", "-p", "./no-token.yaml", "-f", "json", path, stdin=GOOD)
        assert [row["rule"] for row in found.json["results"]] == ["volumes"]


def test_kubernetes(capgen: Capgen) -> None:
    """The version comes from `--kubernetes`, else from the name's pin, else from the profile."""
    host = GOOD.replace(
        "{name: app}", "{name: app, livenessProbe: {tcpSocket: {host: h, port: 1}}}"
    )
    for arguments, code in (
        (("-p", "pss/baseline"), 1),
        (("-p", "pss/baseline@1.33"), 0),
        (("-p", "pss/baseline@1.34"), 1),
        (("-p", "pss/baseline@1.33", "--kubernetes", "1.34"), 1),
        (("-p", "pss/baseline", "--kubernetes", "1.33"), 0),
        (("-p", "pss/baseline", "--kubernetes", "1.33-1.34"), 1),
    ):
        assert capgen("check", *arguments, "-", stdin=host).code == code, arguments


def test_profile_twice(capgen: Capgen) -> None:
    """Both profiles must hold, and a finding says whose it is."""
    found = capgen(
        "check", "-p", "pss/restricted@1.29", "-p", "pss/baseline", "-f", "json", "-", stdin=BAD
    )
    assert {row["profile"] for row in found.json["results"]} == {"pss-restricted", "pss-baseline"}
    assert [row["profile"] for row in found.json["results"] if row["rule"] == "privileged"] == [
        "pss-restricted",
        "pss-baseline",
    ]


def test_closed_pipe(capgen: Capgen) -> None:
    """A reader that has seen enough makes no traceback."""
    capgen.write("many.yaml", f"{BAD}---\n" * 500)
    run = subprocess.Popen(
        capgen.command("check", "-p", "pss/baseline", "many.yaml"),
        cwd=capgen.folder,
        env=capgen.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout is not None
    assert run.stderr is not None
    assert run.stdout.readline().startswith(b"many.yaml:13:25: ")
    run.stdout.close()
    said = run.stderr.read().decode()
    run.stderr.close()
    assert run.wait(30) == 1
    assert "Traceback" not in said


def test_full_disk(capgen: Capgen) -> None:
    """Findings that cannot be printed are an error, whatever the format."""
    capgen.write("deploy.yaml", BAD)
    for output in ("text", "json"):
        with open(os.devnull.replace("null", "full"), "wb") as full:  # noqa: PTH123 - a device
            done = subprocess.run(
                capgen.command("check", "-p", "pss/baseline", "-f", output, "deploy.yaml"),
                check=False,
                cwd=capgen.folder,
                env=capgen.environment(),
                stdin=subprocess.DEVNULL,
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=60,
            )
        said = done.stderr.decode()
        assert said.endswith("error: cannot write to stdout: no space left on device\n")
        assert "Traceback" not in said
        assert done.returncode == 2


def _document(number: int, *rest: str | None) -> dict[str, object]:
    keys = ("apiVersion", "kind", "namespace", "name", "status")
    place = {"file": "deploy.yaml", "document": number, "item": None}
    return {**place, **dict(zip(keys, rest, strict=True))}
