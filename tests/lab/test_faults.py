"""How faults are made, and what is told of those that nobody sees."""

from __future__ import annotations

from tests.engines.faults import Equivalent, Fault, Tally, spoilt
from tests.engines.runtimes.docker_faults import faults as of_script
from tests.engines.security_context_faults import faults as of_text

SCRIPT = """\
#!/bin/sh
exec docker run \\
  --cap-drop ALL \\
  --user 5:6 \\
  "$@"
"""


def test_spoilt() -> None:
    """Each key and item goes once, and each scalar becomes another: great parts first."""
    assert list(spoilt({"a": [True, "x"], "b": {"c": 1}})) == [
        ("a is left out", {"b": {"c": 1}}),
        ("b is left out", {"a": [True, "x"]}),
        ("a[0] is left out", {"a": ["x"], "b": {"c": 1}}),
        ("a[1] is left out", {"a": [True], "b": {"c": 1}}),
        ("a[0]: False for True", {"a": [False, "x"], "b": {"c": 1}}),
        ("a[1]: 'other' for 'x'", {"a": [True, "other"], "b": {"c": 1}}),
        ("b.c is left out", {"a": [True, "x"], "b": {}}),
        ("b.c: 2 for 1", {"a": [True, "x"], "b": {"c": 2}}),
    ]


def test_missed_is_told() -> None:
    """A fault that is missed is a difference, unless a row excuses it."""
    tally = Tally([Equivalent("part", "", "excused", "why")])
    tally.add("name", "part", Fault("caught", "", None), "caught")
    tally.add("name", "part", Fault("excused, too", "", None), "missed")
    tally.add("name", "part", Fault("unseen", "", None), "missed")
    tally.add("name", "part", Fault("not taken", "", None), "refused")
    row = tally.row("target", "engine", "1")
    assert (row.cases, row.agreed) == (2, 1)
    assert [each.expected for each in row.differences] == ["judged otherwise for: unseen"]
    assert "1 more the engine refuses, 1 more change nothing" in row.notes


def test_stale_row_is_told() -> None:
    """A row that excuses nothing is a difference: so it is of another part, or another fault."""
    tally = Tally([Equivalent("other", "", "unseen", "why")])
    tally.add("name", "part", Fault("unseen", "", None), "missed")
    row = tally.row("target", "engine", "1")
    assert [each.actual for each in row.differences] == [
        "judged alike",
        "none is missed: stale",
    ]


def test_script() -> None:
    """One thing of a script changes at a time."""
    made = {fault.what: fault.artefact for fault in of_script(SCRIPT)}
    assert made["--cap-drop ALL is lost"] == SCRIPT.replace("  --cap-drop ALL \\\n", "")
    assert made["--cap-add ALL for --cap-drop ALL"] == SCRIPT.replace("drop", "add")
    assert made["--user 5:7 for --user 5:6"] == SCRIPT.replace("5:6", "5:7")
    assert made["--user 5 for --user 5:6"] == SCRIPT.replace("5:6", "5")
    assert made["--privileged is one too many"] == SCRIPT.replace(
        '  "$@"', '  --privileged \\\n  "$@"'
    )
    assert made["what is added is unquoted"] == SCRIPT.replace('"$@"', "$@")
    assert all(text != SCRIPT for text in made.values())


def test_forgotten() -> None:
    """A list of containers, and a kind, go from all the paths and targets that have it."""
    text = """\
replacements:
- targets:
  - select: {kind: Pod}
    fieldPaths: [spec.containers.*.a, spec.initContainers.*.a]
  - select: {kind: Job}
    fieldPaths: [spec.template.spec.containers.*.a]
"""
    pod = {"select": {"kind": "Pod"}, "fieldPaths": ["spec.containers.*.a"]}
    pod_init = {"select": {"kind": "Pod"}, "fieldPaths": ["spec.initContainers.*.a"]}
    job = {"select": {"kind": "Job"}, "fieldPaths": ["spec.template.spec.containers.*.a"]}
    made = {fault.what: fault.artefact for fault in of_text(text)}
    assert made["initContainers are forgotten"] == [{"replacements": [{"targets": [pod, job]}]}]
    assert made["containers are forgotten"] == [
        {"replacements": [{"targets": [pod_init, {**job, "fieldPaths": []}]}]}
    ]
    assert made["Pod are forgotten"] == [{"replacements": [{"targets": [job]}]}]


def test_patch_in_a_patch() -> None:
    """What a transformer holds as text is spoilt as data."""
    text = "target: {kind: Job|Pod}\npatch: |\n  spec: {hostPID: false}\n"
    made = {fault.what: fault.artefact for fault in of_text(text)}
    (worse,) = made["[0].patch.spec.hostPID: True for False"]
    assert worse["patch"] == {"spec": {"hostPID": True}}
    assert made["Job is forgotten"][0]["target"] == {"kind": "Pod"}
