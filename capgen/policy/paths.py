"""Paths of grants: the globs of AppArmor, and folders that are to be writable.

apparmor.d(5), "Globbing (AARE)" and "Variables". What is taken here, apparmor_parser 3.0.8, 4.1.0
and 5.0.2 take too. What is refused besides is a path as the kernel never writes it, and an escape
that AppArmor would drop or read otherwise.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from capgen.errors import ProfileError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

# Variables that `tunables/global` sets, of those that apparmor.d(5) lists: paths, and parts of one.
_ROOTS: Final = ("HOME", "HOMEDIRS", "PROC", "run", "sys")
_XDG: Final = (
    "DESKTOP", "DOCUMENTS", "DOWNLOAD", "MUSIC", "PICTURES", "PUBLICSHARE", "TEMPLATES", "VIDEOS",
)  # fmt: skip
VARIABLES: Final = (
    *_ROOTS,
    *("multiarch", "pid", "pids", "tid"),
    *(f"XDG_{name}_DIR" for name in _XDG),
)
_VARIABLE = re.compile(r"@\{([^{}]*)\}?")
# What stands for a variable while its braces are not to be taken for a group: in no path.
_STANDS = "\0"
_TOKEN = re.compile(r"\\(.?)|\[([^\]]*)(\]?)|[\]{},]", re.DOTALL)
# A backslash at the end escapes nothing, and is in no set.
_ESCAPED = frozenset("*?[]{}^,\\")
# MAX_ALT_DEPTH of parser/parser_regex.c.
_DEEPEST = 50
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What surely matches a character: `/etc/{,x}` and `/etc/*{,x}` match `/etc/`, `/etc/**` does not.
_SOME = re.compile(r"[^*{@]|\*+(?:/|$)")
_SPECIAL = frozenset("*?[]{}\\")


def check_glob(text: str) -> None:
    """Refuse what is no file glob of AppArmor: absolute, well formed, with known variables only.

    Raises:
        ProfileError: it says what is wrong.
    """
    _check_steps(text)
    for found in _VARIABLE.finditer(text):
        name = found[1]
        if not found[0].endswith("}") or name not in VARIABLES:
            hint = nearest(name, VARIABLES) or f"; known: {', '.join(VARIABLES)}"
            msg = f"`{text}`: `{name}` is no variable of AppArmor's tunables{hint}"
            raise ProfileError(msg)
    if not text.startswith(("/", *(f"@{{{name}}}" for name in _ROOTS))):
        msg = f"`{text}` must begin with `/`, or with a variable that does, such as `@{{HOME}}`"
        raise ProfileError(msg)
    fault = _unbalanced(_VARIABLE.sub(_STANDS, text))
    if fault:
        msg = f"`{text}` {fault}"
        raise ProfileError(msg)


def _unbalanced(text: str) -> str | None:
    """Say what is wrong with the brackets and escapes of a glob, as AppArmor's parser reads it."""
    # The number of commas in each group that is open.
    groups: list[int] = []
    for token in _TOKEN.finditer(text):
        match token[0][0]:
            case "{":
                groups.append(0)
                if len(groups) >= _DEEPEST:
                    return f"nests its braces {_DEEPEST} deep; AppArmor reads less"
            case "," if groups:
                groups[-1] += 1
            case "}" if groups:
                if not groups.pop():
                    return "has braces with one alternative; they take two or more"
            case "}" | "]" as closing:
                return f"has a `{closing}` that closes nothing"
            case _:
                fault = _misread(token)
                if fault:
                    return fault
    return "has a `{` that nothing closes" if groups else None


def _misread(token: re.Match[str]) -> str | None:
    """Say what is wrong with an escape or a character class."""
    escaped, inside, end = token.groups()
    if escaped is not None and escaped not in _ESCAPED:
        return "escapes what needs none: a `\\` stands before one of `*?[]{}^,\\`"
    if inside is None:
        return None
    if not end:
        return "has a `[` that nothing closes"
    if inside in ("", "^"):
        return "has a character class without a character"
    if "\\" in inside or _STANDS in inside:
        return "has an escape or a variable in a character class"
    return None


def check_writable(text: str) -> None:
    """Refuse what cannot be a writable folder of a read-only root: it is absolute and literal.

    Raises:
        ProfileError: it says what is wrong.
    """
    _check_steps(text)
    fault = None
    if not text.startswith("/"):
        fault = "must begin with `/`"
    elif text == "/":
        fault = "is the root itself: nothing would be read-only"
    elif text.endswith("/"):
        fault = f"ends in a `/`; write `{text.rstrip('/')}`"
    elif not _SPECIAL.isdisjoint(text):
        fault = "is a pattern; a writable path is one folder"
    elif ":" in text:
        # ValidateVolumeMounts of Kubernetes; `--tmpfs PATH:OPTIONS` of docker and podman.
        fault = "has a `:`, which no mount path may hold"
    elif below(text, "/proc"):
        # checkProcMount of runc, libcontainer/rootfs_linux.go.
        fault = "is in `/proc`, which no runtime mounts over"
    if fault:
        msg = f"`{text}` {fault}"
        raise ProfileError(msg)


def check_apart(paths: Iterable[str]) -> None:
    """Refuse paths of which one is another, or stands below it: it is writable already.

    Raises:
        ProfileError: it names the first two.
    """
    # With the slash at the end, a folder's own folders sort next to it.
    for upper, lower in pairwise(sorted(paths, key=lambda path: path + "/")):
        if lower == upper:
            msg = f"`{lower}` stands here twice"
            raise ProfileError(msg)
        if below(lower, upper):
            msg = f"`{lower}` is below `{upper}`, which is writable already"
            raise ProfileError(msg)


def below(path: str, folder: str) -> bool:
    """Tell whether a path is a folder, or in it."""
    return path == folder or path.startswith(folder + "/")


def covers(wide: str, narrow: str) -> bool:
    """Tell whether one glob surely matches all that another does. A doubt is a no."""
    if wide == narrow:
        return True
    if not wide.endswith("/**"):
        return False
    top = wide.removesuffix("**")
    rest = narrow.removeprefix(top)
    return rest != narrow and bool(_SOME.match(rest)) and _SPECIAL.isdisjoint(top)


def _check_steps(text: str) -> None:
    """Refuse a control character, and the steps that a path of the kernel never has."""
    if _CONTROL.search(text):
        shown = text.encode("unicode_escape").decode("ascii")
        msg = f"`{shown}` has a control character"
        raise ProfileError(msg)
    steps = text.split("/")
    for step in ("..", "."):
        if step in steps:
            msg = f"`{text}` has a step `{step}`; write the path that it leads to"
            raise ProfileError(msg)
    if "//" in text:
        msg = f"`{text}` has two slashes in a row"
        raise ProfileError(msg)
