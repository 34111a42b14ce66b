"""Mutants of a module: its source with one seeded fault each."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
# Faults in the text of an expression of CEL.
_TEXTS: Final = (
    ("&&", "||"),
    ("||", "&&"),
    ("==", "!="),
    ("!=", "=="),
    (">=", ">"),
    ("<=", "<"),
    ("!(", "("),
    ("(!", "("),
    (".exists(", ".all("),
    (".all(", ".exists("),
    (".or(", ".orValue("),
    ("> 0", ">= 0"),
    ("false", "true"),
    ("true", "false"),
)


class Mutant(NamedTuple):
    """A fault of a module.

    Attributes:
        key: names it whatever line it stands on: function, before and after.
        place: the number of the node that it changes.
        changed: what stands there instead.
    """

    key: str
    place: int
    changed: ast.AST

    def tree(self, source: str) -> ast.Module:
        """Return the module with the fault."""
        module = ast.parse(source)
        target = [node for node, _ in _places(module)][self.place]
        for parent in ast.walk(module):
            for name, value in ast.iter_fields(parent):
                if value is target:
                    setattr(parent, name, self.changed)
                elif isinstance(value, list):
                    value[:] = [self.changed if item is target else item for item in value]
        return ast.fix_missing_locations(module)


def mutants(source: str) -> Iterator[Mutant]:
    """Yield the mutants of a module, in the order of its source."""
    seen: Counter[str] = Counter()
    for place, (node, function) in enumerate(_places(ast.parse(source))):
        for changed in _changes(node):
            key = f"{function}: {_one_line(node)} -> {_one_line(changed)}"
            seen[key] += 1
            yield Mutant(key if seen[key] == 1 else f"{key} (#{seen[key]})", place, changed)


def _places(node: ast.AST, function: str = "module") -> Iterator[tuple[ast.AST, str]]:
    """Yield each node that may be changed, and the function that it stands in."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_comment", "decorator_list", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            # What is assigned to is no value.
            if not isinstance(child, ast.AST) or _is_idle(child) or name in ("target", "targets"):
                continue
            inside = function
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                inside = child.name if function == "module" else f"{function}.{child.name}"
            yield child, inside
            yield from _places(child, inside)


def _is_idle(node: ast.AST) -> bool:
    """Tell whether a node does nothing at run time that could be wrong."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Assert():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True
        case ast.Call(func=ast.Name(id="assert_never")):
            return True
        case _:
            return False


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.expr():
            yield from _of_expression(node)
        case ast.If(test=ast.Name() | ast.Call() | ast.Attribute() as test):
            yield ast.If(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.Continue():
            yield ast.Pass()


def _of_expression(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left=left, ops=ops, comparators=values):
            for place, operator in enumerate(ops):
                for other in _COMPARISONS[type(operator)]:
                    yield ast.Compare(left, [*ops[:place], other(), *ops[place + 1 :]], values)
        case ast.BoolOp(op=operator, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
            for rest in _shorter(values):
                yield rest[0] if len(rest) == 1 else ast.BoolOp(operator, rest)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=value):
            yield from _of_constant(value)
        case ast.Tuple(elts=[_, _, *_] as items) | ast.List(elts=[_, *_] as items):
            yield from (type(node)(rest, ast.Load()) for rest in _shorter(items))
        case ast.IfExp(test=test, body=body, orelse=other):
            yield ast.IfExp(test, other, body)


def _shorter(items: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for place in range(len(items)):
        yield [*items[:place], *items[place + 1 :]]


def _of_constant(value: object) -> Iterator[ast.Constant]:
    match value:
        case bool():
            yield ast.Constant(not value)
        case int():
            yield ast.Constant(value + 1)
        case str():
            yield from _texts(value)


def _texts(value: str) -> Iterator[ast.Constant]:
    if value.replace("_", "").isalnum():
        yield ast.Constant(value + "x")
        return
    for before, after in _TEXTS:
        if before in value:
            yield ast.Constant(value.replace(before, after, 1))


def _one_line(node: ast.AST) -> str:
    shown = copy.deepcopy(node)
    if isinstance(shown, ast.If):
        shown.body, shown.orelse = [ast.Pass()], []
    return " ".join(ast.unparse(shown).split())
