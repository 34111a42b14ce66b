"""The library as it travels, against the YAML that it is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from capgen.errors import UsageError
from capgen.policy.values import NEWEST_MINOR
from capgen.profile.library import folder, library, names, open_profile, precompile
from capgen.profile.reference import is_path

DATA = Path(__file__).parent.parent.parent / "capgen" / "data" / "library.json"
VERSIONS = [f"1.{minor}" for minor in range(NEWEST_MINOR + 1)]


def path_of(name: str) -> str:
    """Return the file that a profile of the library is written in."""
    return str(folder() / f"{name}.yaml")


def test_the_newest_version() -> None:
    """The versions that are tested are those that capgen knows."""
    assert (VERSIONS[0], VERSIONS[-1]) == ("1.0", "1.37")


def test_precompiled() -> None:
    """`library.json` is what the folder compiles to: `python -m capgen.profile.library`."""
    assert DATA.read_text("utf-8") == precompile()


def test_names() -> None:
    """Every file of the folder is a profile of the library, by its path."""
    files = {
        path.relative_to(folder()).with_suffix("").as_posix() for path in folder().rglob("*.yaml")
    }
    assert set(names()) == files
    assert {"pss/privileged", "pss/baseline", "pss/restricted"} <= files


@pytest.mark.parametrize("name", names())
def test_the_same_policy(name: str) -> None:
    """Precompiled and by its path, a profile is the same policy at every version.

    By its path it is also checked for looseness, so no file of the library fails that.
    """
    for version in VERSIONS:
        assert open_profile(name, version) == open_profile(path_of(name), version), version
    whole = f"{VERSIONS[0]}-{VERSIONS[-1]}"
    assert open_profile(name, whole) == open_profile(path_of(name), whole)


@pytest.mark.parametrize("name", names())
def test_its_own_words(name: str) -> None:
    """A profile is called after its place, and has a description of one line."""
    data = library(name).data
    assert data["name"] == name.replace("/", "-")
    assert data["description"]
    assert "\n" not in data["description"]


def test_a_version_is_pinned_or_given() -> None:
    """What is given beats the pin, and the pin beats the profile's own version."""
    assert open_profile("pss/restricted").minors == range(36, 37)
    assert open_profile("pss/restricted@1.29").minors == range(29, 30)
    assert open_profile("pss/restricted@1.29", "1.30").minors == range(30, 31)
    assert open_profile("pss/restricted", "1.20-1.22").minors == range(20, 23)


def test_unknown() -> None:
    """What the library does not have is told with the nearest name, or with all of them."""
    with pytest.raises(UsageError, match=r"`pss/basline`; did you mean `pss/baseline`\?$"):
        library("pss/basline")
    with pytest.raises(UsageError, match=r"`zzz`; known: .*pss/baseline"):
        library("zzz")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("pss/restricted", False),
        ("web", False),
        ("./web", True),
        ("../web", True),
        ("/etc/web", True),
        ("web.yaml", True),
        ("profiles/web.yaml", True),
    ],
)
def test_is_path(name: str, path: bool) -> None:
    """A path starts with a dot or a slash, or ends in `.yaml`."""
    assert is_path(name) is path
