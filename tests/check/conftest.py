"""Manifests judged without a process, by `capgen check`'s own code."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from capgen.check import run
from capgen.profile.library import open_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgen.policy.profile import Profile


class _Stdin:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)

    def isatty(self) -> bool:
        """A pipe is no terminal."""
        return False


@pytest.fixture
def check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """Return a function that pipes a text through `check` and returns its JSON."""

    def judged(text: str, *profiles: str) -> Any:  # noqa: ANN401 - JSON
        monkeypatch.setattr("sys.stdin", _Stdin(text.encode()))
        run.run([], profiles or ("pss/baseline",), "json", None)
        captured = capsys.readouterr()
        return {**json.loads(captured.out), "said": captured.err.splitlines()}

    return judged


@pytest.fixture
def text_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """Return a function that pipes a text through `check` and returns the lines it prints."""

    def judged(text: str | bytes, *profiles: str) -> list[str]:
        data = text.encode() if isinstance(text, str) else text
        monkeypatch.setattr("sys.stdin", _Stdin(data))
        run.run([], profiles or ("pss/baseline",), "text", None)
        return capsys.readouterr().out.split("\n")[:-1]

    return judged


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return a function that writes a profile with this below its `spec` and returns its path."""
    folder = tmp_path_factory.mktemp("profiles")

    def written(spec: str, name: str = "own") -> str:
        path = folder / f"{name}.yaml"
        path.write_text(
            f"apiVersion: capgen/v1\nkind: Profile\nmetadata: {{name: {name}}}\nspec:\n"
            f'  kubernetes: "1.36"\n  {spec}\n'
        )
        return str(path)

    return written


@pytest.fixture
def baseline() -> Profile:
    """Return the baseline level of Pod Security."""
    return open_profile("pss/baseline")
