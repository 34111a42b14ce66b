"""Who is exempt, and until when: globs of images, names, days."""

from __future__ import annotations

from typing import Final

import pytest

from capgen.errors import ProfileError
from capgen.policy.exempt import Exemption, day, excuse, lifting

# A pattern, an image, and whether it is excused.
IMAGES: Final = [
    ("nginx", "nginx", True),
    ("nginx", "nginx:1", False),
    ("nginx:*", "nginx:1.27-alpine", True),
    ("nginx:*", "nginx", False),
    ("nginx:*", "nginx:1@sha256:abc", True),
    ("nginx@sha256:abc", "nginx@sha256:abc", True),
    ("nginx@sha256:abc", "nginx@sha256:abcd", False),
    ("nginx*", "nginx-evil/app", False),
    ("example.com/*", "example.com/app:1", True),
    ("example.com/*", "example.com/team/app:1", False),
    ("example.com/*/app:*", "example.com/team/app:1", True),
    ("example.com/*/app:*", "example.com/a/b/app:1", False),
    ("example.com:5000/app:*", "example.com:5000/app:1", True),
    ("*/app:1", "example.com/app:1", True),
    ("*/app:1", "app:1", False),
    ("example.com/app:*", "exampleXcom/app:1", False),
    ("example.com/app:*", "evil.io/example.com/app:1", False),
    ("example.com/app:1.*", "example.com/app:1.", True),
    ("example.com/App:1", "example.com/app:1", False),
    ("a.*", "a.\n", True),
    ("a.*", "a.x\nb/", False),
]


@pytest.mark.parametrize(("pattern", "image", "excused"), IMAGES)
def test_globs_of_images(pattern: str, image: str, excused: bool) -> None:
    """A `*` is any text without a `/`; anything else is itself, from end to end."""
    exemption = Exemption(("privileged",), (pattern,), (), "seen", "2030-01-01")
    assert excuse([exemption])({"image": image}) is excused


def test_what_is_no_image_and_no_name() -> None:
    """Neither a number nor null is excused, whatever the pattern."""
    by_image = excuse([Exemption((), ("*",), (), "seen", "2030-01-01")])
    assert [by_image(each) for each in ({}, {"image": None}, {"image": 3}, {"image": ["a"]})] == [
        False
    ] * 4
    assert by_image({"image": ""})
    by_name = excuse([Exemption((), (), ("web", "db"), "seen", "2030-01-01")])
    assert [by_name(each) for each in ({}, {"name": None}, {"name": ["web"]}, {"name": "we"})] == [
        False
    ] * 4
    assert by_name({"name": "db"})
    assert not excuse([])({"name": "web", "image": "x"})


def test_each_exemption_by_itself() -> None:
    """The image of one exemption and the name of another do not add up."""
    excused = excuse(
        [
            Exemption((), ("a:*", "b:*"), ("web",), "seen", "2030-01-01"),
            Exemption((), ("c:*",), ("db",), "seen", "2030-01-01"),
        ]
    )
    fits = [("a:1", "web"), ("b:1", "web"), ("c:1", "db"), ("c:1", "web"), ("a:1", "db")]
    assert [excused({"image": image, "name": name}) for image, name in fits] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_which_exemptions_lift_a_rule() -> None:
    """All that name it, in their order."""
    rows = [
        Exemption(rules, (), ("web",), "seen", "2030-01-01")
        for rules in (("privileged", "hostPorts"), ("runAsUser",), ("privileged",))
    ]
    assert lifting(rows, "privileged") == (rows[0], rows[2])
    assert lifting(rows, "volumes") == ()


@pytest.mark.parametrize(
    "text",
    ["2030-1-1", "2030-02-30", "20300101", "2030-01-01T00:00", " 2030-01-01", "2030-W01-1", ""],
)
def test_no_day(text: str) -> None:
    """A day has ten characters and stands in the calendar."""
    with pytest.raises(ProfileError, match="is no day; expected one like `2027-03-31`"):
        day(text)


def test_a_day() -> None:
    """A day is read as year, month and day."""
    found = day("2027-03-31")
    assert (found.year, found.month, found.day) == (2027, 3, 31)
