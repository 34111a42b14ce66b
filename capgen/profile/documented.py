"""What stands in docstrings below the fields of a class.

pydantic would read them whenever a class is made (`use_attribute_docstrings`), and parse the source
for it. Only the JSON Schema has a use for them: they are read when that is asked for.
"""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from textwrap import dedent
from typing import cast


def fields(made: type) -> dict[str, str]:
    """Return the docstrings of a class's own fields, by the fields' names.

    Raises:
        OSError: the class has no source.
    """
    tree = cast("ast.ClassDef", ast.parse(dedent(inspect.getsource(made))).body[0])
    found = {}
    for pair in pairwise(tree.body):
        match pair:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found
