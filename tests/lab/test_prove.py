"""What `ENGINES` chooses of the checks: by the engine that judges, or by what is judged."""

from __future__ import annotations

import pytest

from tests.engines.prove import CHECKS, chosen

# Names, and the engines and targets of the checks that have one.
NAMED = (
    ("psa vap", ("psa",), ("vap",)),
    ("docker", (), ("docker",)),
    ("faults", ("faults",), ()),
)


@pytest.mark.parametrize(("names", "engines", "targets"), NAMED)
def test_chosen(names: str, engines: tuple[str, ...], targets: tuple[str, ...]) -> None:
    """What has one of the names is run, and nothing else."""
    found = chosen(names)
    assert found == [each for each in CHECKS if each.engine in engines or each.target in targets]
    assert {each.engine for each in found} >= set(engines)
    assert {each.target for each in found} >= set(targets)


def test_all_where_none_is_named() -> None:
    """Without a name everything is run."""
    assert chosen(" ") == list(CHECKS)


def test_a_name_that_is_none() -> None:
    """It is an error, which tells the names that there are."""
    with pytest.raises(LookupError, match=r"^no engine and no target `vapp`; there are .*, vap, "):
        chosen("psa vapp")
