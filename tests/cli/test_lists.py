"""The lists, the explanations, the version and the help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from capgen import __version__
from capgen.policy.catalogue import CATALOGUE

if TYPE_CHECKING:
    from tests.cli.conftest import Capgen

COMMANDS = (
    *("compile", "check", "test", "explain"),
    *("rules", "targets", "profiles", "schema", "caps"),
)


def test_version(capgen: Capgen) -> None:
    """`--version` names the program and its version."""
    assert capgen("--version").stdout == f"capgen {__version__}\n"


def test_help_names_every_command(capgen: Capgen) -> None:
    """Without arguments the help is shown, and lists every command in its order."""
    done = capgen("--help")
    assert done.code == 0
    assert done.stdout.startswith("Usage: capgen [OPTIONS] COMMAND [ARGS]...")
    listed = re.findall(r"^  (\w+)   *\w", done.stdout.split("Commands:")[1], re.MULTILINE)
    assert tuple(listed) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(capgen: Capgen, command: str) -> None:
    """Each command's help shows how it is called."""
    done = capgen(command, "--help")
    assert (done.code, done.stderr) == (0, "")
    assert f"Example: capgen {command}" in done.stdout


def test_rules(capgen: Capgen) -> None:
    """Every rule of the catalogue is listed, a line each; JSON says what it judges."""
    names = [line.split()[0] for line in capgen("rules").stdout.splitlines()]
    assert names == [entry.id for entry in CATALOGUE]
    rows = {row["rule"]: row for row in capgen("rules", "--json").json}
    assert list(rows) == names
    assert rows["capabilities"]["keys"] == ["allow", "drop"]
    assert rows["capabilities"]["judges"] == [
        "securityContext.capabilities.add",
        "securityContext.capabilities.drop",
    ]
    assert list(rows["privileged"]) == ["rule", "keys", "judges", "means", "source"]


def test_targets(capgen: Capgen) -> None:
    """Every target is listed, with the oldest and the newest Kubernetes that takes it."""
    rows = {row["target"]: row for row in capgen("targets", "--json").json}
    assert {
        name: (row["kubernetes"], row["until"], row["default"]) for name, row in rows.items()
    } == {
        "security-context": (None, None, True),
        "vap": ("1.30", None, True),
        "map": ("1.36", None, False),
        "kyverno": ("1.30", None, False),
        "kyverno-legacy": ("1.25", None, False),
        "gatekeeper": ("1.29", None, False),
        "psa": ("1.23", None, False),
        "psp": ("1.19", "1.24", False),
        "docker": (None, None, False),
    }
    assert [line.split()[0] for line in capgen("targets").stdout.splitlines()] == list(rows)


def test_profiles(capgen: Capgen) -> None:
    """The library is listed; what a name extends is told."""
    rows = {row["profile"]: row for row in capgen("profiles", "--json").json}
    assert {"pss/privileged", "pss/baseline", "pss/restricted"} <= rows.keys()
    assert rows["pss/restricted"]["extends"] == ["pss/baseline"]
    assert [line.split()[0] for line in capgen("profiles").stdout.splitlines()] == list(rows)


def test_explain_a_rule(capgen: Capgen) -> None:
    """A rule's explanation tells what it judges, what unset means, and how each target says it."""
    text = capgen("explain", "runAsNonRoot").stdout
    assert text.startswith("runAsNonRoot: True makes the kubelet refuse")
    assert "unset: judged as false, which is what Kubernetes does then" in text
    assert "In pss/restricted (Kubernetes 1.36): securityContext.runAsNonRoot must be true" in text
    assert "docker            gap: docker cannot refuse an image that runs as root" in text


def test_explain_a_profile(capgen: Capgen) -> None:
    """A profile's explanation has each of its rules, at its version."""
    text = capgen("explain", "pss/baseline@1.33").stdout
    assert "Kubernetes 1.33; deny; sha256 " in text
    rules = re.findall(r"^(\w+): ", text, re.MULTILINE)
    assert "hostNetwork" in rules
    assert "hostProbes" not in rules
    assert "\nhostProbes: " in capgen("explain", "pss/baseline").stdout


def test_explain_nothing(capgen: Capgen) -> None:
    """Without a subject, what can be explained is listed; an empty profile says so."""
    assert [line.split()[0] for line in capgen("explain").stdout.splitlines()] == [
        entry.id for entry in CATALOGUE
    ]
    assert "It has no rules: every pod is admitted." in capgen("explain", "pss/privileged").stdout


def test_caps(capgen: Capgen) -> None:
    """A bitmap is decoded, names are encoded, and stdin is read where nothing is named."""
    (added,) = capgen("caps", "00000000aa0435fb", "--json").json["sets"]
    assert {"NET_ADMIN", "SYS_TIME", "NET_RAW"} <= set(added["capabilities"])
    assert len(added["capabilities"]) == 16
    assert "00000000aa0435fb" in capgen("caps", ",".join(added["capabilities"])).stdout
    (status,) = capgen("caps", "--json", stdin="CapPrm:\t00000000a80425fb\n").json["sets"]
    assert status["bitmap"] == "00000000a80425fb"
