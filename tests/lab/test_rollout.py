"""READMEs are followed to the end: what is read of a page, and that no step is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from capgen.compiler.plan import plan
from tests.engines.lab import LabError
from tests.engines.rollout.page import steps
from tests.engines.rollout.plays import PLAYS, REMOVAL, ROLLOUT, Play

if TYPE_CHECKING:
    from pathlib import Path

_PAGE = """\
# Title

## Preflight

- [ ] Nothing.

## Rollout

1. Look first.

   ```sh
   kubectl diff -k .
   kubectl version
   ```
2. Think.

## Removal

Only this:

```sh
kubectl delete -k .
```
"""


def test_steps_are_read_as_they_stand() -> None:
    """A step has its sentence and its lines, in order."""
    assert [tuple(each) for each in steps(_PAGE, ROLLOUT)] == [
        ("Look first.", ("kubectl diff -k .", "kubectl version")),
        ("Think.", ()),
    ]
    assert [each.commands for each in steps(_PAGE, REMOVAL)] == [("kubectl delete -k .",)]


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("# Title\n", "no heading"),
        ("\n## Rollout\n\nAs you like.\n", "no steps"),
        ("\n## Rollout\n1. A\n3. B\n", "step 2 is numbered 3"),
    ],
)
def test_a_page_that_cannot_be_followed_is_none(page: str, says: str) -> None:
    """What is not there, or miscounted, is an error: nobody would see that nothing is typed."""
    with pytest.raises(LabError, match=says):
        steps(page, ROLLOUT)


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: "-".join([play.target, *play.options]))
def test_every_step_is_in_some_act(play: Play, tmp_path: Path) -> None:
    """Acts follow a page from its first step to its last, on the way in and out."""
    spec = {**play.spec, "targets": play.targets}
    profile = {
        "apiVersion": "capgen/v1",
        "kind": "Profile",
        "metadata": {"name": "rolled"},
        "spec": spec,
    }
    (tmp_path / "rolled.yaml").write_text(yaml.safe_dump(profile), "utf-8")
    *_, compiled = plan(str(tmp_path / "rolled.yaml"), [], None)
    (page,) = (each.text for each in compiled.artefacts if each.path == "README.md")
    for heading in (ROLLOUT, REMOVAL):
        listed = steps(page, heading)
        followed: set[int] = set()
        printed: set[int] = set()
        for act in play.acts:
            if act.heading == heading and not act.place:
                followed |= set(range(act.first, (act.last or len(listed)) + 1))
                printed |= set(act.prints)
        numbers = set(range(1, len(listed) + 1))
        assert followed == numbers
        assert printed <= numbers
