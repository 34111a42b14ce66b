"""The engines' bugs: each stands once, is asserted by some case, and is in the documentation."""

from __future__ import annotations

import re

import pytest

from tests.engines import lab
from tests.engines.bug_table import DOCUMENT, asserted, table
from tests.engines.bugs import BUGS, ENGINES
from tests.engines.kyverno.cases import EXPECTED, REFUSED, REQUESTS, SHOWN

# The module that each engine is built of; the others are Debian's.
BUILT = {
    "Kyverno": "kyverno",
    "Gatekeeper": "gatekeeper",
    "PodSecurityPolicy": "psp",
    "kube-apiserver": "kubernetes",
    "containerd": "containerd",
    "runc": "runc",
}


def test_each_is_asserted() -> None:
    """No row is without a case that would notice its end, and no case names a bug unknown."""
    assert asserted().keys() == BUGS.keys()


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_have_bugs(engine: str) -> None:
    """An engine stands in the table for its bugs."""
    assert any(bug.engine == engine for bug in BUGS.values())


@pytest.mark.parametrize(("engine", "module"), BUILT.items())
def test_versions(engine: str, module: str) -> None:
    """A bug is said of the version that is built."""
    assert ENGINES[engine] == lab.version(module)


@pytest.mark.parametrize("key", BUGS)
def test_upstream(key: str) -> None:
    """What is said of upstream can be followed: an issue, a pull request, or a tagged file."""
    for each in BUGS[key].upstream:
        assert re.fullmatch(
            r"https://github\.com/[\w.-]+/[\w.-]+/(issues/\d+|pull/\d+|blob/v[\d.]+/\S+)", each
        )


@pytest.mark.parametrize(("key", "case"), SHOWN)
def test_kyverno_cases_are(key: str, case: tuple[str, str]) -> None:
    """A case of Kyverno that shows a bug is one that is asked."""
    policies, request = case
    asked = request in REFUSED if policies == "refused" else request in EXPECTED[policies]
    assert asked, key
    assert policies == "refused" or request in REQUESTS


def test_document() -> None:
    """The documentation has the table as it is; `python -m tests.engines.bug_table` writes it."""
    assert table() in DOCUMENT.read_text("utf-8")
