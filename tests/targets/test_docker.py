"""The flags of `docker run`, against docker's documentation."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from capgen.policy.catalogue import ENTRIES
from capgen.policy.profile import Profile
from capgen.policy.rules import build
from capgen.profile.library import open_profile
from capgen.targets.base import Status
from capgen.targets.docker import TARGET
from capgen.targets.docker.says import GAPS, NOT_THERE, SAYS

if TYPE_CHECKING:
    from pathlib import Path

    from capgen.targets.base import Cell, Output

SPAN = range(36, 37)
VERSIONS = ("1.0", "1.8", "1.18", "1.19", "1.22", "1.25", "1.34", "1.35", "1.37")


def emitted(**rules: dict[str, Any]) -> Output:
    """Return what is made of a profile with these rules' settings."""
    built = tuple(build(ENTRIES[name], settings, SPAN) for name, settings in rules.items())
    return TARGET.emit(Profile("test", "", SPAN, built))


def text(output: Output, path: str) -> str:
    """Return the text of an artefact."""
    return next(each.text for each in output.artefacts if each.path == path)


def gaps(output: Output) -> set[str]:
    """Return the rules that are gaps."""
    return {rule for rule, cell in output.cells.items() if cell.status is Status.GAP}


def said(name: str, settings: dict[str, Any]) -> tuple[str, Cell]:
    """Return the flags and the cell of one rule alone."""
    output = emitted(**{name: settings})
    return text(output, "flags.txt").removesuffix("\n"), output.cells[name]


SCRIPT = """\
#!/bin/sh
# Runs a container by the profile pss-restricted: sh run.sh [MORE FLAGS] IMAGE [COMMAND]
# Not said: runAsNonRoot: docker cannot refuse an image that runs as root.
# Not said: volumes: an image may declare VOLUMEs, which docker mounts without a flag.
exec docker run \\
  --security-opt no-new-privileges \\
  --cap-drop ALL \\
  --ipc private \\
  "$@"
"""


def test_restricted() -> None:
    """The restricted level is three flags, the same in all three files."""
    output = TARGET.emit(open_profile("pss/restricted", "1.36"))
    assert text(output, "run.sh") == SCRIPT
    line = "--security-opt no-new-privileges --cap-drop ALL --ipc private\n"
    assert text(output, "flags.txt") == line
    assert json.loads(text(output, "args.json")) == line.split()


@pytest.mark.parametrize("version", VERSIONS)
def test_library_gaps(version: str) -> None:
    """The library's profiles accept the gaps that there are at any version, and no others."""
    restricted = open_profile("pss/restricted", version)
    assert gaps(TARGET.emit(restricted)) == set(restricted.accept["docker"])
    assert gaps(TARGET.emit(open_profile("pss/baseline", version))) == set()


def test_every_rule_has_a_row() -> None:
    """A rule is said by the keys of its parts, is a gap, or cannot exist: one of the three."""
    for entry in ENTRIES.values():
        rows = [entry.id in table for table in (SAYS, GAPS, NOT_THERE)]
        assert rows.count(True) == 1, entry.id
    for rule, row in SAYS.items():
        assert set(row) == {part.key for part in ENTRIES[rule].parts}


@pytest.mark.parametrize(
    ("name", "settings", "flags"),
    [
        ("privileged", {"allow": [False]}, ""),
        ("privileged", {"allow": [True]}, "--privileged"),
        ("privileged", {"allow": [True], "unset": "allow"}, ""),
        ("allowPrivilegeEscalation", {"allow": [True]}, ""),
        ("allowPrivilegeEscalation", {"allow": [False]}, "--security-opt no-new-privileges"),
        ("hostNetwork", {"allow": [True]}, "--network host"),
        ("hostNetwork", {"allow": [True, False]}, ""),
        ("hostPID", {"allow": [True]}, "--pid host"),
        ("hostIPC", {"allow": [True]}, "--ipc host"),
        ("hostIPC", {"allow": [False]}, "--ipc private"),
        ("seccompProfile", {"allow": ["RuntimeDefault", "Localhost"]}, ""),
        ("seccompProfile", {"allow": ["Unconfined"]}, "--security-opt seccomp=unconfined"),
        ("appArmorProfile", {"allow": ["Unconfined"]}, "--security-opt apparmor=unconfined"),
        ("procMount", {"allow": ["Default"]}, ""),
        ("procMount", {"allow": ["Unmasked"]}, "--security-opt systempaths=unconfined"),
        (
            "seLinuxOptions",
            {"type": ["container_t", "x_t"], "default": "container_t"},
            "--security-opt label=type:container_t",
        ),
        ("runAsUser", {"ranges": ["1-"]}, ""),
        ("runAsUser", {"ranges": ["1-"], "default": 10001}, "--user 10001"),
        (
            "capabilities",
            {"allow": ["CHOWN", "KILL"], "add": ["CHOWN", "KILL"], "drop": ["ALL"]},
            "--cap-add CHOWN --cap-add KILL --cap-drop ALL",
        ),
        # docker would grant what is both added and dropped; Kubernetes' runtimes drop it.
        (
            "capabilities",
            {"allow": ["CHOWN", "KILL"], "add": ["CHOWN", "KILL"], "drop": ["CHOWN"]},
            "--cap-add KILL --cap-drop CHOWN",
        ),
        ("sysctls", {"allow": []}, ""),
        ("hostPorts", {"ranges": ["8000-9000"]}, ""),
        ("hostPath", {"allow": []}, ""),
    ],
)
def test_exact(name: str, settings: dict[str, Any], flags: str) -> None:
    """What docker can say is said by its flag, or by its default."""
    line, cell = said(name, settings)
    assert line == flags
    assert cell.status is Status.EXACT
    assert cell.note


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("seccompProfile", {"allow": ["Localhost"]}, "as a file"),
        ("appArmorProfile", {"allow": ["Localhost"]}, "by its name"),
        ("seLinuxOptions", {"type": ["a_t", "b_t"], "unset": "refuse"}, "no flag"),
        ("runAsUser", {"ranges": ["1-"], "unset": "refuse"}, "no user is chosen"),
        ("runAsNonRoot", {"allow": [True]}, "an image that runs as root"),
        ("volumes", {"allow": ["secret"]}, "VOLUME"),
    ],
)
def test_gap(name: str, settings: dict[str, Any], words: str) -> None:
    """What docker cannot say is a gap with its reason, never silently exact."""
    line, cell = said(name, settings)
    assert line == ""
    assert cell.status is Status.GAP
    assert words in cell.note


def test_user_stands_for_non_root() -> None:
    """A chosen user who is not root makes any image run as another than root."""
    non_root = {"allow": [True]}
    output = emitted(runAsNonRoot=non_root, runAsUser={"ranges": ["1-"], "default": 7})
    assert output.cells["runAsNonRoot"].status is Status.EXACT
    assert output.cells["runAsNonRoot"].note == "by `runAsUser: 7`"
    root = emitted(runAsNonRoot=non_root, runAsUser={"ranges": ["0-"], "default": 0})
    assert gaps(root) == {"runAsNonRoot"}


def test_user_and_group_leave_the_images_groups_out() -> None:
    """Told both, docker looks nothing up in the image; told a user alone, it does."""
    strict = {"allow": ["Strict"]}
    user, group = ({"ranges": ["0-"], "default": number} for number in (7, 8))
    output = emitted(supplementalGroupsPolicy=strict, runAsUser=user, runAsGroup=group)
    assert output.cells["supplementalGroupsPolicy"].status is Status.EXACT
    note = output.cells["supplementalGroupsPolicy"].note
    assert note == "by `runAsUser: 7` and `runAsGroup: 8`"
    for rules in ({}, {"runAsUser": user}, {"runAsGroup": group}):
        output = emitted(supplementalGroupsPolicy=strict, **rules)
        assert "supplementalGroupsPolicy" in gaps(output)


def test_privileged_overrules() -> None:
    """`--privileged` drops nothing, adds everything, and takes all profiles away."""
    output = emitted(
        privileged={"allow": [True]},
        capabilities={"allow": ["KILL"], "drop": ["NET_RAW"]},
        seccompProfile={"allow": ["RuntimeDefault"]},
        appArmorProfile={"allow": ["RuntimeDefault"]},
        procMount={"allow": ["Default"]},
        allowPrivilegeEscalation={"allow": [False]},
    )
    assert text(output, "flags.txt") == "--privileged --security-opt no-new-privileges\n"
    assert gaps(output) == {"capabilities", "seccompProfile", "appArmorProfile", "procMount"}
    note = "`--privileged` adds every capability; `--privileged` ignores `--cap-drop`"
    assert output.cells["capabilities"].note == note


def test_not_applicable() -> None:
    """What cannot exist in a docker line is neither said nor a gap."""
    output = emitted(hostProbes={"allow": []}, hostProcess={"allow": [False]})
    assert {cell.status for cell in output.cells.values()} == {Status.NOT_APPLICABLE}


def test_script_runs(tmp_path: Path) -> None:
    """A shell hands docker the flags word by word, and then what the caller adds."""
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word"; done\n')
    docker.chmod(0o755)
    # A type with a quote and a space in it: nobody's, but it must not become shell.
    hostile = 'a_t\'; rm -rf "$HOME" #'
    output = emitted(
        seLinuxOptions={"type": [hostile], "default": hostile}, hostIPC={"allow": [False]}
    )
    script = tmp_path / "run.sh"
    script.write_text(text(output, "run.sh"))
    done = subprocess.run(
        ["sh", str(script), "my image", "*"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    words = json.loads(text(output, "args.json"))
    assert words == ["--security-opt", f"label=type:{hostile}", "--ipc", "private"]
    assert done.stdout.splitlines() == ["run", *words, "my image", "*"]
    assert shlex.split(text(output, "flags.txt")) == words
