"""Bad input is an error or a finding, soon and in little memory: no traceback, and no pass."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Capgen

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n"
CONTAINERS = "spec: {containers: [{name: app}]}\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join([f'*{chr(97 + level)}'] * 10)}]\n"
    for level in range(9)
)

# What cannot be read: exit 2, and the one complaint.
UNREADABLE: dict[str, tuple[str | bytes, str]] = {
    "truncated": (
        POD + "spec: {containers: [{name: app\n",
        "4:31: did not find expected ',' or '}' while parsing a flow mapping",
    ),
    "truncated JSON": (
        '{"apiVersion": "v1", "kind": "Pod", "spec": {"conta',
        "1:52: found unexpected end of stream while scanning a quoted scalar",
    ),
    "100,000 brackets": (
        f"{POD}spec: {'[' * 100_000}",
        "4:262: more than 256 collections within each other",
    ),
    "100,000 brackets of JSON": (
        '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "1:262: more than 256 collections within each other",
    ),
    "alias bomb": (BOMB, "1:1: more than 1000000 values in one document"),
    "duplicate key": (
        POD + "spec: {hostPID: true, hostPID: false}\n",
        "4:23: duplicate key `hostPID`: first on line 4",
    ),
    "NUL": (POD + "spec: {a: \0}\n", "4:11: the character U+0000 may not stand in YAML"),
    "not UTF-8": (POD.encode() + b"spec: {a: \xff}\n", "4:11: not UTF-8: byte `0xff`"),
    "UTF-16": (POD.encode("utf-16"), "1:1: not UTF-8: byte `0xff`"),
    "text": ("hello\n", "1:1: expected a Kubernetes object; found `hello`"),
    "a number": ("3\n", "1:1: expected a Kubernetes object; found `3`"),
    "a list": ("- a\n", "1:1: expected a Kubernetes object; found a list"),
    "no kind": ("apiVersion: v1\n", "1:1: expected a Kubernetes object with `kind`"),
    "no apiVersion": ("kind: Pod\n", "1:1: expected a Kubernetes object with `apiVersion`"),
    "kind is a number": (
        "apiVersion: v1\nkind: 3\n",
        "2:7: expected a Kubernetes object with `kind`",
    ),
    "List in a List": (
        "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: []}]\n",
        "3:9: a `List` in a list: Kubernetes knows no list of lists",
    ),
    "items is no list": (
        "apiVersion: v1\nkind: List\nitems: 3\n",
        "3:8: expected a list of items; found `3`",
    ),
    "a null item": (
        "apiVersion: v1\nkind: List\nitems: [null]\n",
        "3:9: expected a Kubernetes object; found null",
    ),
    "hostile key": (
        'a: 1\n"\\e[31m": 1\n"\\e[31m": 2\n',
        "3:1: duplicate key `\\x1b[31m`: first on line 2",
    ),
}


def test_unreadable(capgen: Capgen) -> None:
    """What cannot be read is one line on stderr with its place, and exit 2."""
    for name, (given, _) in UNREADABLE.items():
        capgen.write(f"{name}.yaml", given)
    done = capgen("check", "-p", "pss/restricted", *(f"{name}.yaml" for name in UNREADABLE))
    assert (done.code, done.stdout) == (2, "")
    *errors, summary = done.stderr.splitlines()
    assert errors == [f"error: {name}.yaml:{said}" for name, (_, said) in UNREADABLE.items()]
    assert summary.endswith(f", 0 violations, {len(UNREADABLE)} unreadable documents")


def test_a_huge_scalar(capgen: Capgen) -> None:
    """A value of many megabytes is a finding on a few short lines, whole in JSON only."""
    context = f"{{procMount: {'x' * 4_000_000}}}"
    text = f"{POD}spec: {{containers: [{{name: app, securityContext: {context}}}]}}\n"
    done = capgen("check", "-p", "pss/baseline", "-", stdin=text)
    assert done.code == 1
    assert done.stdout.startswith("-:4:62: procMount: ")
    assert max(map(len, done.stdout.splitlines())) < 600
    found = capgen("check", "-p", "pss/baseline", "-f", "json", "-", stdin=text)
    assert len(found.json["results"][0]["value"]) == 4_000_000


def test_memory_is_bounded(capgen: Capgen) -> None:
    """Bombs and many documents need no more than half a gigabyte of addresses."""
    capgen.write("many.yaml", f"{POD}{CONTAINERS}---\n" * 5000)
    capgen.write("bomb.yaml", BOMB)
    capgen.write("deep.yaml", "[" * 1_000_000)
    done = subprocess.run(
        capgen.command("check", "-p", "pss/baseline", "many.yaml", "bomb.yaml", "deep.yaml"),
        check=False,
        cwd=capgen.folder,
        env=capgen.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29)),
    )
    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[-1] == (
        "5000 objects, 5000 judged, 0 skipped, 0 violations, 2 unreadable documents"
    )


def test_an_interrupted_check(capgen: Capgen) -> None:
    """An interrupt in the middle ends at once, without a word of Python's."""
    run = subprocess.Popen(
        capgen.command("check", "-p", "pss/baseline", "-"),
        cwd=capgen.folder,
        env=capgen.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads here
    )
    assert run.stdin is not None
    assert run.stderr is not None
    # Until it has read what is there, and waits for more.
    run.stdin.write(f"{POD}{CONTAINERS}---\n".encode() * 2000)
    run.stdin.flush()
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    said = run.stderr.read().decode()
    run.stdin.close()
    run.stderr.close()
    assert run.stdout is not None
    run.stdout.close()
    assert run.wait(30) == 130
    assert "Traceback" not in said


USAGE = {
    ("check", "-"): "Missing option '-p' / '--profile'",
    ("check", "-p", "pss/baseline", "-f", "jsn", "-"): (
        "error: `jsn` is no format; did you mean `json`?"
    ),
    ("check", "-p", "restricted", "-"): (
        "error: the library has no profile `restricted`; did you mean `pss/restricted`?"
    ),
    ("check", "-p", "pss/restricted@1.99", "-"): (
        "error: Kubernetes `1.99` is newer than 1.37, the newest that capgen knows"
    ),
    ("check", "-p", "./none.yaml", "-"): (
        "error: ./none.yaml: cannot read: no such file or directory"
    ),
    ("check", "-p", "pss/baseline", "none/*.yaml"): "error: none/*.yaml: no file matches",
    ("explain", "runAsNonRot"): (
        "error: `runAsNonRot` is no rule and no profile; did you mean `runAsNonRoot`?"
    ),
    ("chek",): "No such command 'chek'",
    ("check", "--profil", "x"): "No such option: --profil",
}


@pytest.mark.parametrize("arguments", USAGE)
def test_usage(capgen: Capgen, arguments: tuple[str, ...]) -> None:
    """Bad usage is exit 2, on stderr, with the nearest word."""
    done = capgen(*arguments, stdin="")
    assert (done.code, done.stdout) == (2, "")
    assert USAGE[arguments] in done.stderr
    assert "Traceback" not in done.stderr


def test_caps_of_bytes(capgen: Capgen) -> None:
    """Bytes that are no text are no capability, and no bug either."""
    done = capgen("caps", stdin=b"\xff\xfe")
    assert done.code == 2
    assert done.stderr.startswith("error: ")
    assert "bug" not in done.stderr


def test_names_that_are_no_text(capgen: Capgen) -> None:
    """A file's name in another encoding is shown with escapes."""
    name = os.fsdecode(b"caf\xe9.yaml")
    (capgen.folder / name).write_text(
        f"{POD}spec: {{hostPID: true, containers: [{{name: app}}]}}\n"
    )
    done = capgen("check", "-p", "pss/baseline", name)
    assert done.code == 1
    assert done.stdout.startswith("caf\\xdce9.yaml:4:17: hostPID: ")
