"""Imports go one way, the hot path is light, and no rule is named where rules are judged."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from capgen.policy.catalogue import ENTRIES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "capgen"
LONGEST = 250

# What each room may import, itself apart. A room is a folder of `capgen/`, or a file beside them.
ROOMS: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "terminal": set(),
    "capabilities": {"errors"},
    "reader": {"errors"},
    "policy": {"errors"},
    "profile": {"policy", "reader", "capabilities", "errors"},
    "lang": {"policy", "errors"},
    # Pod Security labels ask for levels of the library.
    "targets": {"lang", "profile", "policy", "capabilities", "errors"},
    "check": {"profile", "policy", "reader", "terminal", "errors"},
    "compiler": {"targets", "profile", "policy", "reader", "terminal", "errors"},
    "engine_tests": {"compiler", "targets", "profile", "policy", "terminal", "errors"},
    "explain": {"targets", "profile", "policy", "errors"},
    "options": set(),
    "listing": {"targets", "profile", "policy", "errors"},
    "cli": {
        "__init__", "check", "compiler", "engine_tests", "explain", "listing", "capabilities",
        "options", "terminal", "errors",
    },
    "__main__": {"cli"},
}  # fmt: skip
# Within `targets/`, what is no target: what targets share, and the list of them.
SHARED = {
    "__init__", "base", "beside", "cel", "folder", "members", "options", "yaml_text", "templates",
}  # fmt: skip
LISTS_TARGETS = "registry"
# Where a file is longer, the reason.
LONG = {
    "policy/catalogue.py": "a table: a row a rule",
}
# What is compared and is no rule, though a rule is called the same.
NO_RULES = {
    ("policy/choice", "windowsOptions"): "the pod's field",
    ("policy/cases", "volumes"): "the pod's field",
    ("policy/cases_derived", "volumes"): "the pod's field",
    ("policy/order/groups", "volumes"): "the pod's field",
    ("policy/taken", "appArmorProfile"): "the pod's field",
    ("policy/taken", "runtimeClassName"): "the pod's field",
    ("policy/taken", "windowsOptions"): "the pod's field",
    ("policy/cases_derived", "hostPath"): "a type of volume",
    ("profile/vocabulary", "capabilities"): "the vocabulary",
    ("profile/vocabulary", "volumes"): "the vocabulary",
}
HEAVY = ("pydantic", "deepdiff", "jinja2", "asyncio")


def sources() -> list[Path]:
    """Return every file of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def module(path: Path) -> tuple[str, ...]:
    """Return a file's name below the package, without its suffix."""
    return path.relative_to(PACKAGE).with_suffix("").parts


def imports(path: Path) -> set[tuple[str, ...]]:
    """Return what a file imports of capgen, below the package, wherever the import stands."""
    here = module(path)[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else ()
            name = tuple(node.module.split(".")) if node.module else ()
            if not node.level:
                if name[:1] != ("capgen",):
                    continue
                name = name[1:]
            base = (*above, *name)
            for alias in node.names:
                whole = PACKAGE.joinpath(*base, alias.name)
                inner = whole.is_dir() or whole.with_suffix(".py").is_file()
                found.add((*base, alias.name) if inner else base or ("__init__",))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                steps = tuple(alias.name.split("."))
                if steps[0] == "capgen":
                    found.add(steps[1:] or ("__init__",))
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: "/".join(module(path)))
def test_imports_go_one_way(path: Path) -> None:
    """A room imports only the rooms below it."""
    room = module(path)[0]
    taken = {name[0] for name in imports(path)} - {room}
    assert taken <= ROOMS[room]


def test_the_rooms_are_a_ladder() -> None:
    """The rooms can be put in an order in which each imports only those before it."""
    placed: set[str] = set()
    left = dict(ROOMS)
    while left:
        ready = {room for room, below in left.items() if below <= placed}
        assert ready, f"these import each other: {sorted(left)}"
        placed |= ready
        left = {room: below for room, below in left.items() if room not in ready}


def test_no_target_imports_a_target() -> None:
    """Targets share what is no target; only their list knows them."""
    for path in (PACKAGE / "targets").rglob("*.py"):
        own = module(path)[1]
        if own == LISTS_TARGETS:
            continue
        taken = {name[1] for name in imports(path) if name[0] == "targets" and len(name) > 1}
        assert taken - {own} <= SHARED, path


def compared(node: ast.AST) -> set[str]:
    """Return the texts that a comparison or a `case` speaks of: its own, or those of its tuples."""
    if isinstance(node, ast.Compare):
        parts: list[ast.AST] = [node.left, *node.comparators]
    elif isinstance(node, ast.match_case):
        parts = list(ast.walk(node.pattern))
    else:
        return set()
    found = set()
    for part in parts:
        items = part.elts if isinstance(part, (ast.Tuple, ast.List, ast.Set)) else [part]
        for item in items:
            inner = item.value if isinstance(item, ast.MatchValue) else item
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                found.add(inner.value)
    return found


def test_no_rule_is_named_where_it_is_decided() -> None:
    """No rule's id stands in a comparison or in a `case`: a rule is data."""
    found = {
        ("/".join(module(path)), text)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for text in compared(node) & ENTRIES.keys()
    }
    assert found == NO_RULES.keys()


def test_comparisons_are_found() -> None:
    """The walk sees each way to compare with a text, and no text that is only asked for."""
    for text in ("x == 'a'", "'a' != x", "x in ('a', y)", "match x:\n case 'a' | 'b': pass"):
        assert "a" in set().union(*map(compared, ast.walk(ast.parse(text)))), text
    assert set().union(*map(compared, ast.walk(ast.parse("x.get('a') is True")))) == set()


def test_files_are_short() -> None:
    """A file that grows past its length is asking for a second room."""
    long = {
        path.relative_to(PACKAGE).as_posix()
        for path in sources()
        if len(path.read_text("utf-8").splitlines()) > LONGEST
    }
    assert long == LONG.keys()


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (("check", "-p", "pss/restricted@1.30"), (*HEAVY, "capgen.targets", "capgen.compiler")),
        (("caps", "a80425fb"), (*HEAVY, "yaml", "capgen.policy")),
        (("compile", "pss/baseline", "-t", "vap", "--stdout"), ("pydantic", "deepdiff", "asyncio")),
    ],
    ids=lambda value: value[0],
)
def test_what_a_command_does_not_import(
    arguments: tuple[str, ...], absent: tuple[str, ...]
) -> None:
    """What a command does not need is not imported on its way."""
    program = (
        "import json, sys\n"
        "from capgen.cli import main\n"
        f"sys.argv = {['capgen', *arguments]!r}\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n"
        "    print(json.dumps([end.code or 0, sorted(sys.modules)]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        cwd=ROOT,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        input="apiVersion: v1\nkind: Pod\nspec: {containers: [{name: app}]}\n",
        text=True,
        capture_output=True,
        timeout=60,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == (1 if arguments[0] == "check" else 0)
    assert [name for name in absent if name in modules] == []
