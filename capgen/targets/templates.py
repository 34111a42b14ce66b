"""Templates for text that is a language of its own. A template lays out, it never decides."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE: Final = Path(__file__).parent.parent


def render(name: str, **values: object) -> str:
    """Fill a template in; a value that it asks for and does not get is an error."""
    return _environment().get_template(name).render(values)


def folder() -> Path:
    """Return the folder of templates: in a wheel beside the code, else in the tree."""
    shared = _PACKAGE / "share" / "templates"
    return shared if shared.is_dir() else _PACKAGE.parent / "templates"


@cache
def _environment() -> Environment:
    from jinja2 import (  # noqa: PLC0415 - only a target that has templates pays for it
        Environment,
        FileSystemLoader,
        StrictUndefined,
    )

    return Environment(
        loader=FileSystemLoader(folder()),
        undefined=StrictUndefined,
        # A shell script is no HTML.
        autoescape=False,  # noqa: S701 - see above
        trim_blocks=True,
        keep_trailing_newline=True,
    )
