"""Ways in which a pod could go unseen, or a profile be switched off: none of them passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from capgen.check import run

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[..., Any]
    Own = Callable[..., str]

BAD = "spec: {hostPID: true, containers: [{name: app}]}"


def statuses(done: Any) -> list[str]:  # noqa: ANN401 - the JSON that `check` prints
    """Return what became of each object."""
    return [row["status"] for row in done["documents"]]


@pytest.mark.parametrize("kind", ["List", "ConfigMap", "PodList", "Anything"])
def test_items_of_any_kind_are_judged(check: Check, kind: str) -> None:
    """To kubectl whatever has a list of `items` is a list, whatever its kind."""
    item = f"{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, {BAD}}}"
    done = check(f"apiVersion: v1\nkind: {kind}\nitems: [{item}]\n", "pss/baseline")
    assert statuses(done) == ["refused"]
    assert done["results"][0]["item"] == 0


def test_list_in_a_list_of_any_kind(check: Check) -> None:
    """A list in a list is an error, and the list need not be called one."""
    done = check(
        "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Bag, items: []}]\n",
        "pss/baseline",
    )
    assert [error["message"] for error in done["errors"]] == [
        "a `Bag` in a list: Kubernetes knows no list of lists"
    ]


def test_null_label_is_an_empty_one(check: Check, own: Own) -> None:
    """Go reads null in a map of strings as an empty string, which a selector may ask for."""
    profile = own("match: {podSelector: {matchLabels: {team: ''}}}\n  rules: {hostPID: false}")
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: "
    done = check(f"{head}{{team: null}}}}\n{BAD}\n", profile)
    assert statuses(done) == ["refused"]


def test_labels_of_another_shape_are_malformed(check: Check, own: Own) -> None:
    """Labels that nobody can read do not take a pod out of a selector."""
    profile = own("match: {podSelector: {matchLabels: {team: web}}}\n  rules: {hostPID: false}")
    done = check(f"apiVersion: v1\nkind: Pod\nmetadata: {{labels: [team]}}\n{BAD}\n", profile)
    assert {row["rule"] for row in done["results"]} == {"malformed", "hostPID"}


def test_account_without_a_token_before_1_21(check: Check, own: Own) -> None:
    """An old token is a `secret`: the ServiceAccount of the input counts for that too."""
    profile = own("rules: {volumes: {allow: [projected]}}")
    older = Path(profile).read_text("utf-8").replace("1.36", "1.20")
    Path(profile).write_text(older, "utf-8")
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\n"
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: app}]}\n"
    assert statuses(check(pod, profile)) == ["refused"]
    quiet = f"{account}automountServiceAccountToken: false\n---\n{pod}"
    assert statuses(check(quiet, profile)) == ["skipped", "admitted"]


def test_what_is_not_looked_at_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Hidden files are read; hidden folders and links that lead out are named on stderr."""
    inside, outside = tmp_path / "in", tmp_path / "out.yaml"
    (inside / ".git").mkdir(parents=True)
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n{BAD}\n"
    outside.write_text(pod)
    (inside / ".hidden.yaml").write_text(pod)
    (inside / "link.yaml").symlink_to(outside)
    assert run.run([str(inside)], ["pss/baseline"], "json", None) == 1
    printed = capsys.readouterr()
    assert [row["file"] for row in json.loads(printed.out)["documents"]] == [
        str(inside / ".hidden.yaml")
    ]
    assert f"note: {inside / '.git'}: not looked at" in printed.err
    assert f"note: {inside / 'link.yaml'}: not looked at" in printed.err
