"""A target's folder is wholly old or wholly new, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from capgen.compiler import write as room
from capgen.compiler.compiled import Compiled
from capgen.compiler.write import write
from capgen.errors import OutputError
from capgen.policy.profile import Profile
from capgen.targets.base import Artefact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PROFILE = Profile("web", "", range(34, 35), ())
FILES = 12


def compiled(text: str, target: str = "vap", files: int = FILES) -> Compiled:
    """Return a target whose every file holds one text, so that a mixture shows."""
    artefacts = tuple(Artefact(f"in/{place}.yaml", f"{text}\n") for place in range(files))
    return Compiled(PROFILE, target, artefacts, {}, ())


def found(folder: Path) -> dict[str, set[str]]:
    """Return the texts in each folder of a target, and how many files there are of each."""
    return {
        child.name: {path.read_text() for path in child.rglob("*") if path.is_file()}
        for child in folder.iterdir()
    }


def whole(out: Path, target: str = "vap") -> str:
    """Return the one text of a target's folder, all of whose files must be there."""
    files = sorted(path for path in (out / "web" / target).rglob("*") if path.is_file())
    assert len(files) == FILES
    (text,) = {path.read_text() for path in files}
    return text


def test_written_and_replaced(tmp_path: Path) -> None:
    """Each run leaves its own files, and nothing beside them."""
    for text in ("old", "new"):
        write(tmp_path, [compiled(text), compiled(text, "docker")])
        assert found(tmp_path / "web") == {"vap": {f"{text}\n"}, "docker": {f"{text}\n"}}


def test_scripts_can_be_run(tmp_path: Path) -> None:
    """A shell script is executable, and nothing else is."""
    artefacts = (Artefact("run.sh", "#!/bin/sh\n"), Artefact("flags.txt", "-x\n"))
    write(tmp_path, [Compiled(PROFILE, "docker", artefacts, {}, ())])
    assert os.access(tmp_path / "web/docker/run.sh", os.X_OK)
    assert (tmp_path / "web/docker/flags.txt").stat().st_mode & 0o111 == 0


def test_no_files_no_folder(tmp_path: Path) -> None:
    """A target that has nothing to write takes its old folder away."""
    write(tmp_path, [compiled("old")])
    write(tmp_path, [compiled("new", files=0)])
    assert found(tmp_path / "web") == {}


def test_an_artefact_stays_in_its_folder(tmp_path: Path) -> None:
    """No artefact's name leads out of the folder."""
    bad = Compiled(PROFILE, "vap", (Artefact("../../../x.yaml", "x\n"),), {}, ())
    with pytest.raises(OutputError, match=r"`\.\./\.\./\.\./x\.yaml` leads out of the output"):
        write(tmp_path / "out", [bad])
    assert not (tmp_path / "x.yaml").exists()


@pytest.mark.parametrize("left", ["nothing", "aside", "both"])
def test_what_a_killed_run_left(tmp_path: Path, left: str) -> None:
    """Half-written folders go; a folder set aside comes back, unless the new one stands."""
    write(tmp_path, [compiled("old")])
    home = tmp_path / "web"
    (home / ".vap.new-1").mkdir()
    (home / ".vap.new-1" / "half.yaml").write_text("half")
    if left == "aside":
        (home / "vap").rename(home / ".vap.old")
    elif left == "both":
        shutil.copytree(home / "vap", home / ".vap.old")
    with pytest.raises(OutputError):
        write(tmp_path, [Compiled(PROFILE, "vap", (Artefact("../x", "x"),), {}, ())])
    assert found(home) == {"vap": {"old\n"}}
    write(tmp_path, [compiled("new")])
    assert found(home) == {"vap": {"new\n"}}


def test_where_nothing_can_be_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the kernel's exchange two renames do, and leave nothing beside the folder."""
    monkeypatch.setattr(room, "_exchange", lambda *_: False)
    for text in ("old", "new"):
        write(tmp_path, [compiled(text)])
        assert found(tmp_path / "web") == {"vap": {f"{text}\n"}}


def test_a_rename_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old folder is put back where the new one cannot take its place."""
    write(tmp_path, [compiled("old")])
    monkeypatch.setattr(room, "_exchange", lambda *_: False)
    monkeypatch.setattr(type(tmp_path), "rename", _full)
    with pytest.raises(OutputError, match="cannot write: no space left on device"):
        write(tmp_path, [compiled("new")])
    assert found(tmp_path / "web") == {"vap": {"old\n"}}


def test_a_second_target_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing takes its place before every target is on the disk."""
    write(tmp_path, [compiled("old"), compiled("old", "docker")])
    stage = room._stage  # noqa: SLF001 - to fail behind it

    def fail(artefacts: Sequence[Artefact], new: Path) -> None:
        stage(artefacts, new)
        if new.name.startswith(".docker."):
            _full()

    monkeypatch.setattr(room, "_stage", fail)
    with pytest.raises(OutputError, match="no space left on device"):
        write(tmp_path, [compiled("new"), compiled("new", "docker")])
    assert found(tmp_path / "web") == {"vap": {"old\n"}, "docker": {"old\n"}}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_ended_at_any_moment(tmp_path: Path, number: signal.Signals) -> None:
    """A run that is ended leaves the one folder or the other, and the next run is fine."""
    write(tmp_path, [compiled("a")])
    seen = set()
    for seed in range(40):
        child = _start(lambda: _alternate(tmp_path))
        time.sleep(random.Random(seed).uniform(0.0, 0.06))
        os.kill(child, number)
        os.waitpid(child, 0)
        seen.add(whole(tmp_path))
        if number == signal.SIGINT:
            assert set(found(tmp_path / "web")) == {"vap"}
    assert seen == {"a\n", "b\n"}
    write(tmp_path, [compiled("c")])
    assert found(tmp_path / "web") == {"vap": {"c\n"}}


def test_two_runs_at_once(tmp_path: Path) -> None:
    """Two runs wait for each other: the folder is the one's or the other's, nothing lies about."""
    children = [_start(lambda: _alternate(tmp_path, rounds=25)) for _ in range(2)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0, 0]
    assert whole(tmp_path) == "b\n"
    assert set(found(tmp_path / "web")) == {"vap"}


def _alternate(out: Path, rounds: int = 10_000) -> None:
    for _ in range(rounds):
        for text in ("a", "b"):
            write(out, [compiled(text)])


def _start(work: Callable[[], None]) -> int:
    """Run something in a process of its own, which ends without a word."""
    # An interrupt in the middle of forking would be lost.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return child
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        work()
        code = 0
    except KeyboardInterrupt:
        pass
    finally:
        os._exit(code)


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
