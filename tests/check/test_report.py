"""Where a finding is shown to be, and how its line and caret are printed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from capgen.check.judge import Judge, Judged
from capgen.check.report import Summary, TextReport
from capgen.policy.profile import Union
from capgen.reader import read_bytes
from capgen.terminal import excerpt, printable, short

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgen.policy.profile import Profile

    Check = Callable[..., Any]
    Lines = Callable[..., list[str]]

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n"


def test_missing_and_null(check: Check) -> None:
    """`value` is left out when unset and null when null; the place is the nearest there is."""
    text = HEAD + (
        "spec:\n"
        "  containers:\n"
        "    - name: a\n"
        "    - name: b\n"
        "      securityContext: {}\n"
        "    - name: c\n"
        "      securityContext: {allowPrivilegeEscalation: null}\n"
        "    - name: d\n"
        "      securityContext: {allowPrivilegeEscalation: true}\n"
    )
    found = [
        (row["container"], row["line"], row["column"], row.get("value", "left out"))
        for row in check(text, "pss/restricted")["results"]
        if row["rule"] == "allowPrivilegeEscalation"
    ]
    assert found == [
        ("a", 6, 7, "left out"),
        ("b", 8, 24, "left out"),
        ("c", 10, 51, None),
        ("d", 12, 51, True),
    ]


def test_values_keep_their_type(check: Check) -> None:
    """One result per offending value, each as it was written."""
    text = HEAD + (
        "spec: {containers: [{name: a, ports: [{containerPort: 1, hostPort: 80}],\n"
        "  securityContext: {capabilities: {add: [CHOWN, SYS_ADMIN, NET_RAW]}, procMount: Unmasked,"
        " privileged: 0}}]}\n"
    )
    found = {(row["rule"], row["column"]): row["value"] for row in check(text)["results"]}
    assert found == {
        ("privileged", 104): 0,
        ("capabilities", 49): "SYS_ADMIN",
        ("capabilities", 60): "NET_RAW",
        ("hostPorts", 68): 80,
        ("procMount", 82): "Unmasked",
    }
    assert [type(value) for (rule, _), value in found.items() if rule == "privileged"] == [int]


def test_the_pod_has_no_container(check: Check) -> None:
    """A finding of the pod itself names no container; the namespace may be missing too."""
    (found,) = check(HEAD + "spec: {hostPID: true, containers: [{name: a}]}\n")["results"]
    assert (found["container"], found["namespace"]) == (None, None)
    assert found["allowed"] == "false or unset"


CARETS: dict[str, tuple[str | bytes, list[str]]] = {
    "tab": (
        '{"apiVersion": "v1", "kind": "Pod",\n\t"spec": {"hostPID":\ttrue, "containers": [{}]}}\n',
        [
            ' 2 | \t"spec": {"hostPID":\ttrue, "containers": [{}]}}',
            "   | \t                   \t^",
        ],
    ),
    "CRLF": (
        HEAD.replace("\n", "\r\n") + "spec:\r\n  hostPID: true\r\n  containers: [{name: a}]\r\n",
        [" 5 |   hostPID: true", "   |            ^"],
    ),
    "not ASCII": (
        HEAD + "spec: {containers: [{name: é}], hostPID: true}\n",
        [
            " 4 | spec: {containers: [{name: é}], hostPID: true}",
            "   |                                          ^",
        ],
    ),
    "wide": (
        HEAD + "spec: {containers: [{name: 日本}], hostPID: true}\n",
        [
            " 4 | spec: {containers: [{name: 日本}], hostPID: true}",
            "   |                                             ^",
        ],
    ),
    "combined": (
        HEAD + "spec: {containers: [{name: e\u0301}], hostPID: true}\n",
        [
            " 4 | spec: {containers: [{name: e\u0301}], hostPID: true}",
            "   |                                          ^",
        ],
    ),
    "byte order mark": (
        b"\xef\xbb\xbf" + HEAD.encode() + b"spec: {hostPID: true, containers: [{name: a}]}\n",
        [
            " 4 | spec: {hostPID: true, containers: [{name: a}]}",
            "   |                 ^",
        ],
    ),
}


@pytest.mark.parametrize("case", CARETS)
def test_caret(text_of: Lines, case: str) -> None:
    """The caret stands below the value's first character."""
    given, expected = CARETS[case]
    assert text_of(given)[-2:] == expected


def test_a_long_line_is_cut(text_of: Lines) -> None:
    """Of a line that would fill the screen, what stands around the value is shown."""
    pods = ", ".join(["{name: a}"] * 100)
    text = HEAD + f"spec: {{containers: [{pods}], hostPID: true, initContainers: [{pods}]}}\n"
    line, caret = text_of(text)[-2:]
    assert line.startswith(" 4 | …")
    assert line.endswith("…")
    assert len(line) < 180
    assert line[len(caret) - 1 :].startswith("true, initContainers")


def test_control_characters(text_of: Lines) -> None:
    """Names, values, keys and lines of a manifest cannot rewrite the terminal."""
    text = (
        'apiVersion: v1\nkind: Pod\nmetadata: {name: "a\\e[2J", namespace: "b\\e]0;x\\a"}\n'
        'spec: {containers: [{name: "c\\r", securityContext: {procMount: "\\e[31m\\n",'
        ' "pri\\e[0m": 1}}]} # \u202e\n'
    )
    printed = "\n".join(text_of(text))
    assert printed.replace("\n", "").isprintable()
    assert "Pod b\\x1b]0;x\\x07/a\\x1b[2J, container c\\x0d" in printed
    assert "\\x202e" in printed


def test_the_order_of_findings(check: Check) -> None:
    """Findings come object by object, profile by profile, in the order of the rules."""
    text = HEAD + "spec: {hostPID: true, hostNetwork: true, containers: [{name: a}]}\n"
    done = check(f"{text}---\n{text}", "pss/baseline", "pss/baseline@1.30")
    assert [(row["document"], row["rule"]) for row in done["results"]] == [
        (1, "hostNetwork"),
        (1, "hostPID"),
        (1, "hostNetwork"),
        (1, "hostPID"),
        (2, "hostNetwork"),
        (2, "hostPID"),
        (2, "hostNetwork"),
        (2, "hostPID"),
    ]


def test_colour_is_for_terminals(baseline: Profile) -> None:
    """With colour the rule and the caret are bold; without there is no escape at all."""
    (document,) = read_bytes((HEAD + "spec: {hostPID: true, containers: [{}]}\n").encode(), "f")
    (judged,) = Judge([Union((baseline,))]).run([document])
    assert isinstance(judged, Judged)
    for colour in (False, True):
        out = io.StringIO()
        TextReport(out, colour=colour).add(judged)
        assert ("\x1b[1;31mhostPID\x1b[0m: " in out.getvalue()) is colour
        assert ("\x1b[1;31m^\x1b[0m\n" in out.getvalue()) is colour
        assert ("\x1b" in out.getvalue()) is colour


def test_summary() -> None:
    """The counts are a line, with what could not be read where there is any."""
    assert Summary(documents=1, judged=1, errors=2).text() == (
        "1 object, 1 judged, 0 skipped, 0 violations, 2 unreadable documents"
    )


def test_text_for_a_terminal() -> None:
    """Escapes, cuts and blanks are right at their edges."""
    assert printable("plain é\t日") == "plain é\t日"
    assert printable("\x00\x7f\u2028\udcff") == "\\x00\\x7f\\x2028\\xdcff"
    assert short("x" * 400) == "x" * 400
    assert short("x" * 401) == "x" * 400 + "…"
    assert excerpt("", 1) == ("", "")
    assert excerpt("x" * 160, 160) == ("x" * 160, " " * 159)
    assert excerpt("x" * 161, 1) == ("x" * 160 + "…", "")
    assert excerpt("x" * 161, 161) == ("…" + "x" * 160, " " * 160)
