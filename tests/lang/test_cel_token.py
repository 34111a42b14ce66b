"""Which mounts and volumes of a token are taken away: cases by hand, evaluated in-process.

The evaluator knows no list that is made with its indices: what chooses the items is evaluated, and
the API server runs the whole.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from capgen.lang.cel_token import unmounting
from tests.lang.cel_engine import compiled, run

_PATH: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN: Final = "kube-api-access-x7k2p"  # noqa: S105 - the name of a volume
_OWN: Final = {"name": _TOKEN, "mountPath": _PATH}
_LISTS: Final = dict(unmounting("asked", "/spec"))
_CHOSEN: Final = re.compile(
    r"\.transformList\([ij], [mv],\s*(.*?),\s*(?:variables\.pointers|'/)", re.DOTALL
)


def chosen(name: str, item: str, items: list[Any], **variables: Any) -> list[str]:  # noqa: ANN401
    """Return the names of the items that a list of places to be removed is made of."""
    found = _CHOSEN.search(_LISTS[name])
    assert found is not None
    text = f"v.filter({item}, {found[1]}).map({item}, {item}.name)"
    return list(run(compiled(text), {"variables": variables, "v": items}, text))


@pytest.mark.parametrize(
    ("mount", "taken"),
    [
        (_OWN, True),
        ({"name": "kube-api-access-", "mountPath": _PATH}, True),
        ({"name": _TOKEN, "mountPath": "/elsewhere"}, False),
        ({"name": _TOKEN, "mountPath": f"{_PATH}/"}, False),
        ({"name": "own-token", "mountPath": _PATH}, False),
        ({"name": f"x-{_TOKEN}", "mountPath": _PATH}, False),
    ],
)
def test_the_mount_that_the_server_made_is_taken(mount: dict[str, str], taken: bool) -> None:
    """It is called as the server calls it, and is where the server puts it."""
    assert chosen("tokenMounts", "m", [mount]) == ([mount["name"]] if taken else [])


@pytest.mark.parametrize(
    ("mounts", "taken"),
    [
        ([[_OWN]], True),
        ([[_OWN], [_OWN]], True),
        ([[_OWN], []], True),
        ([[{"name": "data", "mountPath": "/data"}, _OWN]], True),
        # Nobody mounts it.
        ([[]], False),
        ([[{"name": "data", "mountPath": _PATH}]], False),
        # Somebody mounts it elsewhere, too, or only there.
        ([[_OWN, {"name": _TOKEN, "mountPath": "/elsewhere"}]], False),
        ([[_OWN], [{"name": _TOKEN, "mountPath": "/elsewhere"}]], False),
        ([[{"name": _TOKEN, "mountPath": "/elsewhere"}]], False),
    ],
)
def test_the_volume_goes_with_its_last_mount(
    mounts: list[list[dict[str, str]]], taken: bool
) -> None:
    """A volume that is mounted somewhere else too stays, or the pod would be none."""
    containers = [
        {"name": f"c{number}", "volumeMounts": each} for number, each in enumerate(mounts)
    ]
    volumes = [{"name": _TOKEN}, {"name": "data"}]
    expected = [_TOKEN] if taken else []
    assert chosen("tokenVolumes", "v", volumes, containers=containers) == expected


def test_a_volume_of_another_name_stays() -> None:
    """Whoever projects a token by hand calls it something else."""
    mounted = [{"name": "c", "volumeMounts": [{"name": "own", "mountPath": _PATH}]}]
    assert chosen("tokenVolumes", "v", [{"name": "own"}], containers=mounted) == []


def test_places_are_removed_from_the_last_to_the_first() -> None:
    """What is removed moves what is behind it; and nothing is where the pod says what it wants."""
    assert all(text.startswith("variables.asked.size() == 0 ? [] :\n") for text in _LISTS.values())
    assert _LISTS["tokenVolumes"].endswith("'/spec/volumes/' + string(i)).reverse()")
    assert _LISTS["tokenMounts"].endswith("+ '/volumeMounts/' + string(j))).flatten()")
