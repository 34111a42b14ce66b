"""Seeds faults in the semantics and in the lowering to CEL, and runs the tests on each.

    python -m tests.mutants.run [MODULE]...

A fault that no test sees is a survivor: exit 1, unless `equivalent.txt` lists it with the reason
why it changes nothing. A line there that is no survivor any more is stale: exit 1 too.

Each mutant is judged in a process of its own, forked from one that has the libraries loaded, by the
test functions themselves: pytest would take longer to collect them than they take to run.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import os
import signal
import sys
import time
from importlib.abc import Loader, MetaPathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

# Loaded once, for every mutant.
import cel_expr_python.ext.ext_optional
import cel_expr_python.ext.ext_strings
import hypothesis
import pydantic
import pytest
import yaml

from tests.mutants.mutate import Mutant, mutants

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["cel_expr_python", "hypothesis", "pydantic", "pytest", "yaml"]

ROOT: Final = Path(__file__).parents[2]
EQUIVALENT: Final = Path(__file__).with_name("equivalent.txt")
LONGEST: Final = 120
_MATCH: Final = ("policy.test_shape", "policy.test_match")
_TABLES: Final = (
    "mutants.quick",
    "policy.test_shape",
    "policy.test_admit",
    "policy.test_updates",
    "policy.test_tables",
)
# Each module with the tests that must see its faults, the quickest first: files, or `file:test`.
MODULES: Final[dict[str, tuple[str, ...]]] = {
    "policy.predicates": ("policy.test_predicates", "policy.test_beyond", *_TABLES),
    "policy.find": (
        "mutants.quick",
        "policy.test_beyond",
        "policy.test_find",
        "policy.test_annotations",
        "policy.test_witness:test_other_profiles",
        *_TABLES[1:],
    ),
    "policy.find_derived": (
        "policy.test_beyond",
        "policy.test_find",
        "policy.test_shape_beyond",
        "policy.test_token",
        "policy.test_annotations",
        *_TABLES[:-1],
    ),
    "policy.rules": (
        "policy.test_rules",
        "policy.test_ranges",
        "policy.test_beyond",
        "policy.test_profiles",
    ),
    "policy.expressions": (
        "policy.test_predicates",
        "policy.test_witness:test_other_profiles",
        *_TABLES,
    ),
    "policy.defaults": (
        "policy.test_defaults",
        "policy.test_token",
        "policy.test_annotations",
        "policy.test_shape",
    ),
    "policy.match": ("policy.test_match",),
    "policy.admit": (
        "policy.test_admit",
        "policy.test_updates",
        *_MATCH,
        "targets.test_vap_sets:test_the_interpreter",
    ),
    "policy.judgement": (
        "policy.test_admit",
        "policy.test_updates",
        "policy.test_exempt",
        "policy.test_exempt_who",
        "policy.test_mutate_judged",
        "policy.test_ranges",
        *_MATCH,
        *_TABLES,
    ),
    "policy.exempt": ("policy.test_exempt", "policy.test_exempt_who", "policy.test_mutate_judged"),
    "policy.mutate": (
        "policy.test_mutate",
        "policy.test_mutate_judged",
        "policy.test_mutate_systems",
    ),
    "policy.order.implied": ("policy.order.test_implied", "policy.order.test_extends"),
    "lang.cel": ("lang.test_cel_parts", "mutants.quick_cel", "lang.test_cel"),
    "lang.cel_values": ("lang.test_cel_parts", "mutants.quick_cel", "lang.test_cel"),
    "lang.cel_derived": ("lang.test_cel_parts", "mutants.quick_cel", "lang.test_cel"),
    "lang.cel_exempt": ("lang.test_cel_exempt", "targets.test_vap_exempt"),
    "lang.cel_match": (
        "lang.test_cel_parts",
        "lang.test_cel_parameters",
        "lang.test_cel:test_other_profiles",
        "targets.test_vap_sets:test_the_interpreter",
    ),
    "lang.cel_token": ("lang.test_cel_token", "lang.test_cel_mutate"),
    "targets.beside": ("targets.test_beside",),
    "targets.psa.level": ("targets.test_psa",),
    "targets.gatekeeper.asked": ("targets.test_gatekeeper_options",),
    "targets.gatekeeper.constraint": ("targets.test_gatekeeper_options", "targets.test_gatekeeper"),
    "targets.gatekeeper.expansion": ("targets.test_gatekeeper_options",),
    "targets.options": ("targets.test_options", "targets.test_gatekeeper_options"),
}


# Where faults are: what is loaded of it with the libraries is loaded again.
_FAULTY: Final = ("capgen.policy", "capgen.lang", "capgen.targets")


class _Finder(MetaPathFinder, Loader):
    """Finds one module with a fault in it."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self._name = name
        self._tree = tree

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol's
        if name != self._name:
            return None
        # With a place: a module may read a file that stands beside it, and a package its modules.
        path = _path(name.removeprefix("capgen."))
        within = [str(path.parent)] if path.name == "__init__.py" else None
        return spec_from_file_location(name, path, loader=self, submodule_search_locations=within)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._tree, self._name, "exec"), module.__dict__)  # noqa: S102 - the mutant


def calls(test: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any test function
    """Yield the arguments of each run of a test that pytest would make of its parameters."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    rows: list[list[dict[str, Any]]] = []
    for mark in marks:
        names, values = mark.args[:2]
        listed = names.split(",") if isinstance(names, str) else names
        whole = len(listed) == 1
        rows.append(
            [dict(zip(listed, (value,) if whole else value, strict=True)) for value in values]
        )
    for parts in itertools.product(*rows):
        yield {name: value for part in parts for name, value in part.items()}


def judge(module: str, tests: tuple[str, ...], mutant: Mutant | None) -> None:
    """Run the tests; the first that fails raises."""
    name = f"capgen.{module}"
    if mutant is not None:
        sys.meta_path.insert(0, _Finder(name, mutant.tree(_source(module))))
    for entry in tests:
        room, _, only = entry.partition(":")
        loaded = importlib.import_module(f"tests.{room}")
        for key, test in vars(loaded).items():
            if key.startswith(only or "test_") and callable(test):
                for arguments in calls(test):
                    # What wants a fixture is for pytest to run.
                    if inspect.signature(test).parameters.keys() <= arguments.keys():
                        test(**arguments)


def survives(module: str, mutant: Mutant | None) -> int:
    """Fork a process that judges a mutant, and return its id; it ends with 0 if no test fails."""
    child = os.fork()
    if child:
        return child
    signal.alarm(LONGEST)
    quiet = os.open(os.devnull, os.O_WRONLY)
    if mutant is not None:
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
    try:
        judge(module, MODULES[module], mutant)
    except BaseException:  # noqa: BLE001 - whatever a mutant does
        if mutant is None:
            sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def survivors(work: list[tuple[str, Mutant]], workers: int) -> Iterator[tuple[str, Mutant]]:
    """Yield the mutants that no test sees."""
    running: dict[int, tuple[str, Mutant]] = {}
    waiting = list(reversed(work))
    while waiting or running:
        while waiting and len(running) < workers:
            module, mutant = waiting.pop()
            running[survives(module, mutant)] = (module, mutant)
        child, status = os.wait()
        judged = running.pop(child)
        if status == 0:
            yield judged


def listed() -> dict[str, str]:
    """Return the mutants that change nothing, each with the reason."""
    lines = EQUIVALENT.read_text("utf-8").splitlines()
    rows = [line for line in lines if line and not line.startswith(("#", " "))]
    reasons = [line.strip() for line in lines if line.startswith(" ")]
    return dict(zip(rows, reasons, strict=True))


def _path(module: str) -> Path:
    place = ROOT / "capgen" / module.replace(".", "/")
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _source(module: str) -> str:
    return _path(module).read_text("utf-8")


def main(chosen: list[str]) -> int:
    """Judge all mutants of the chosen modules, or of all."""
    # The models of the language take long to make, and no fault of a mutant is in them.
    importlib.import_module("capgen.profile.schema")
    for name in [name for name in sys.modules if name.startswith(_FAULTY)]:
        del sys.modules[name]
    started = time.monotonic()
    modules = chosen or list(MODULES)
    for module in modules:
        _, status = os.waitpid(survives(module, None), 0)
        if status:
            print(f"{module}: its tests fail without any fault")
            return 1
    work = [(module, mutant) for module in modules for mutant in mutants(_source(module))]
    known = listed()
    found = [f"{module} {mutant.key}" for module, mutant in survivors(work, os.cpu_count() or 1)]
    new = [key for key in found if key not in known]
    stale = [key for key in known if key.partition(" ")[0] in modules and key not in found]
    for title, keys in (("survived", new), ("listed, and no survivor", stale)):
        for key in sorted(keys):
            print(f"{title}: {key}")
    took = time.monotonic() - started
    print(
        f"{len(work)} mutants: {len(work) - len(found)} killed, {len(found) - len(new)} equivalent,"
        f" {len(new)} survived; {took:.0f} s"
    )
    return 1 if new or stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
