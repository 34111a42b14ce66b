"""Globs of AppArmor: which there are, and which of them covers which."""

from __future__ import annotations

import pytest

from capgen.errors import ProfileError
from capgen.policy.paths import VARIABLES, check_glob, covers

GOOD = (
    "/", "/etc/", "/etc/**", "/etc/*", "/etc/**/", "/etc/?x", "/a b", "/a,b", '/a"b', "/é",
    "/{a,b}", "/{,usr/}lib/**", "/{a,{b,c}}", "/[ab]", "/[^ab]", "/[{,}]", "/[[a]", "/a^b", "/a$",
    r"/\*\?\[\]\{\}\^\,\\", "/.config", "/..a", "/a..", "@{HOME}/x", "@{PROC}/@{pid}/stat",
    "/home/@{XDG_MUSIC_DIR}/**", "/{a,@{sys}}", "@{HOME}{,a}", "/x[@]",
)  # fmt: skip


@pytest.mark.parametrize("glob", GOOD)
def test_good(glob: str) -> None:
    """What apparmor_parser takes is taken."""
    check_glob(glob)


_ESCAPE = "escapes what needs none: a `\\` stands before one of `*?[]{}^,\\`"
_KNOWN = "; known: " + ", ".join(VARIABLES)
BAD = {
    "": "must begin with `/`, or with a variable that does, such as `@{HOME}`",
    "etc": "must begin with `/`, or with a variable that does, such as `@{HOME}`",
    "{/a,/b}": "must begin with `/`, or with a variable that does, such as `@{HOME}`",
    "@{pid}/x": "must begin with `/`, or with a variable that does, such as `@{HOME}`",
    "/a/../b": "has a step `..`; write the path that it leads to",
    "/..": "has a step `..`; write the path that it leads to",
    "/a/./b": "has a step `.`; write the path that it leads to",
    "//a": "has two slashes in a row",
    "/a//": "has two slashes in a row",
    "/{a}": "has braces with one alternative; they take two or more",
    "/{}": "has braces with one alternative; they take two or more",
    "/{a,{b}}": "has braces with one alternative; they take two or more",
    "/{a,b": "has a `{` that nothing closes",
    "/a}": "has a `}` that closes nothing",
    "/{a,b}}": "has a `}` that closes nothing",
    "/[a": "has a `[` that nothing closes",
    "/{a,[b}": "has a `[` that nothing closes",
    "/a]": "has a `]` that closes nothing",
    "/{a,]}": "has a `]` that closes nothing",
    "/[]": "has a character class without a character",
    "/[^]a": "has a character class without a character",
    r"/[\]]": "has an escape or a variable in a character class",
    "/[@{pid}]": "has an escape or a variable in a character class",
    r"/\a": _ESCAPE,
    "/a\\": _ESCAPE,
    r"/\@{HOME}": _ESCAPE,
    "/" + "{a," * 50 + "b" + "}" * 50: "nests its braces 50 deep; AppArmor reads less",
}


@pytest.mark.parametrize("glob", BAD)
def test_bad(glob: str) -> None:
    """What it refuses is refused, as is what could match nothing."""
    with pytest.raises(ProfileError) as caught:
        check_glob(glob)
    assert caught.value.message == f"`{glob}` {BAD[glob]}"


# apparmor.d(5), "Variables", but for the two that no file of `tunables/global` sets.
DOCUMENTED = (
    "HOME", "HOMEDIRS", "multiarch", "pid", "pids", "PROC", "sys", "tid", "run", "XDG_DESKTOP_DIR",
    "XDG_DOWNLOAD_DIR", "XDG_TEMPLATES_DIR", "XDG_PUBLICSHARE_DIR", "XDG_DOCUMENTS_DIR",
    "XDG_MUSIC_DIR", "XDG_PICTURES_DIR", "XDG_VIDEOS_DIR",
)  # fmt: skip


def test_variables() -> None:
    """Each variable may stand in a path; those that are paths may begin one."""
    for name in DOCUMENTED:
        check_glob(f"/a/@{{{name}}}/b")
    for name in ("HOME", "HOMEDIRS", "PROC", "run", "sys"):
        check_glob(f"@{{{name}}}/b")
    assert sorted(VARIABLES) == sorted(DOCUMENTED)


def test_braces_as_deep_as_they_go() -> None:
    """One less than MAX_ALT_DEPTH is read."""
    check_glob("/" + "{a," * 49 + "b" + "}" * 49)


VARIABLES_BAD = {
    "@{HOM}/x": "`HOM` is no variable of AppArmor's tunables; did you mean `HOME`?",
    "@{HOME/x": "`HOME/x` is no variable of AppArmor's tunables",
    "@{HOME}/@{HOME": "`HOME` is no variable of AppArmor's tunables",
    "/a/@{}": f"`` is no variable of AppArmor's tunables{_KNOWN}",
    # Documented, and in no file that `tunables/global` includes.
    "@{securityfs}/x": "`securityfs` is no variable of AppArmor's tunables",
}


@pytest.mark.parametrize("glob", VARIABLES_BAD)
def test_bad_variables(glob: str) -> None:
    """A variable that nothing sets is an error of the parser: the profile would not load."""
    with pytest.raises(ProfileError) as caught:
        check_glob(glob)
    assert caught.value.message.startswith(f"`{glob}`: {VARIABLES_BAD[glob]}")


def test_control_characters() -> None:
    """A control character is shown as an escape."""
    for character, shown in {"\n": "\\n", "\0": "\\x00", "\x7f": "\\x7f"}.items():
        with pytest.raises(ProfileError) as caught:
            check_glob(f"/a{character}")
        assert caught.value.message == f"`/a{shown}` has a control character"


@pytest.mark.parametrize(
    "narrow",
    ["/etc/**", "/etc/x", "/etc/x/", "/etc/x/**", "/etc/*", "/etc/*/", "/etc/?", "/etc/[ab]"],
)
def test_covers(narrow: str) -> None:
    """`/etc/**` matches every path below the folder."""
    assert covers("/etc/**", narrow)


@pytest.mark.parametrize(
    "narrow",
    [
        "/etc", "/etc/", "/etcx", "/e*", "/{etc,usr}/x", "/**",
        # Each of these matches `/etc/` itself, which `/etc/**` does not.
        "/etc/{,x}", "/etc/*{,x}", "/etc/**{,x}", "/etc/@{XDG_MUSIC_DIR}",
    ],
)  # fmt: skip
def test_does_not_cover(narrow: str) -> None:
    """What may match something else is not covered."""
    assert not covers("/etc/**", narrow)


def test_only_a_plain_folder_covers() -> None:
    """Other globs cover themselves, and of no other glob it is tried to find out."""
    assert covers("/a/{b,c}", "/a/{b,c}")
    assert not covers("/a/*", "/a/b")
    assert not covers("/a*/**", "/a*/b")
    assert covers("/**", "/a")
