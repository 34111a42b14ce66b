"""Every field of a pod is judged by a rule, or there is a reason why not.

The fields are those that the API server itself names (`tests/engines/openapi.py`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import capgen
from capgen.policy.catalogue import CATALOGUE, CONDITIONS
from capgen.policy.subjects import (
    EACH,
    HOST_WAYS,
    Field,
    HandlerHosts,
    HostPaths,
    Level,
    ProfileAnnotations,
    Subject,
    TokenMount,
    VolumeTypes,
)
from tests.engines import lab
from tests.engines.openapi import RECORDING, SCHEMAS, load
from tests.policy.tables.unruled import UNRULED

if TYPE_CHECKING:
    from collections.abc import Iterator

STRUCTS = load()
DATA = Path(capgen.__file__).parent / "data"
POD = "PodSpec"
CONTAINERS = ("Container", "EphemeralContainer")

# A schema and a field of it.
Place = tuple[str, str]


def ways(subject: Subject) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each way that a subject looks at: the schema that it starts at, and its steps."""
    match subject:
        case Field(level=level, path=path, detail=detail):
            pods = (POD,) if level is not Level.CONTAINER else ()
            for start in (*pods, *(CONTAINERS if level is not Level.POD else ())):
                yield start, path
                if detail is not None:
                    yield start, (*path[:-1], detail)
        case VolumeTypes():
            yield from ((POD, ("volumes", EACH, kind)) for kind in STRUCTS["Volume"])
        case HandlerHosts():
            yield from ((start, way) for start in CONTAINERS for way in HOST_WAYS)
        case HostPaths(written):
            yield POD, ("volumes", EACH, "hostPath", "path")
            leaves = ("name", "readOnly") if written else ("name",)
            for start in CONTAINERS:
                yield from ((start, ("volumeMounts", EACH, leaf)) for leaf in leaves)
        case TokenMount():
            yield POD, ("automountServiceAccountToken",)
            yield from ((start, ("volumeMounts", EACH, "mountPath")) for start in CONTAINERS)
        case ProfileAnnotations():
            pass
        case _:
            assert_never(subject)


def judged() -> set[Place]:
    """Return the fields that some rule, or a condition of one, looks at."""
    subjects = [part.subject for entry in CATALOGUE for part in entry.parts]
    subjects += [each.test.subject for each in CONDITIONS.values()]
    found = {(POD, listed) for listed in ("initContainers", "containers", "ephemeralContainers")}
    for subject in subjects:
        for schema, path in ways(subject):
            at = schema
            for step in path:
                if step == EACH:
                    continue
                found.add((at, step))
                at = STRUCTS[at][step].strip("[]")
    return found


def fields() -> set[Place]:
    """Return every field of the schemas."""
    return {(schema, field) for schema, row in STRUCTS.items() for field in row}


def reasons() -> list[Place]:
    """Return the fields that there is a reason not to judge."""
    return [(schema, field) for _, rows in UNRULED for schema, row in rows for field in row.split()]


def test_every_field_is_judged_or_there_is_a_reason() -> None:
    """None is forgotten, and a rule judges nothing that the API server does not know."""
    assert fields() - judged() - set(reasons()) == set()
    assert judged() - fields() == set()


def test_no_reason_is_stale() -> None:
    """A reason speaks of a field that there is, that no rule judges, and once."""
    listed = reasons()
    assert set(listed) - fields() == set()
    assert set(listed) & judged() == set()
    assert len(listed) == len(set(listed))
    assert all(reason.why.strip() and reason.fields for reason in UNRULED)


def test_the_shapes_know_every_field() -> None:
    """The interpreter knows each field with its type; of a newer API, perhaps more."""
    known = json.loads((DATA / "pod.json").read_text("utf-8"))["structs"]
    assert known.keys() == STRUCTS.keys()
    wrong = [
        (schema, field, kind, known[schema].get(field))
        for schema, row in STRUCTS.items()
        for field, kind in row.items()
        if known[schema].get(field) not in (kind, "any")
    ]
    assert wrong == []
    # What a rule looks at has a type; of most volumes only that they are there counts.
    values = {place for place in judged() if place[0] != "Volume"}
    assert [place for place in values if known[place[0]][place[1]] == "any"] == []


def test_every_type_of_volume_is_a_volume() -> None:
    """The sources of volumes are fields of Volume, and all of them."""
    sources = json.loads((DATA / "volumes.json").read_text("utf-8"))["smallest"]
    assert {*sources, "name"} == STRUCTS["Volume"].keys()


def test_the_recording_is_of_the_pinned_engine() -> None:
    """A changed go.mod makes the recording stale, and so does another list of schemas."""
    recorded = json.loads(RECORDING.read_text("utf-8"))
    assert recorded["engine"] == f"kube-apiserver {lab.version('kubernetes')}"
    assert recorded["structs"].keys() == set(SCHEMAS)
