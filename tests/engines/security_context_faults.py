"""Faults in the patches of the target `security-context`, which the real tools must show.

A text is broken in one place at a time: a value lost or changed, an operation, a list of
containers, a kind or a selector left out, a struct not put there first. What the API server or
kustomize makes of it must then be another pod than was chosen, or one that Pod Security refuses.
All texts are applied as they are, too: what shows a fault is the fault alone.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from capgen.policy.workload import WORKLOADS
from capgen.profile.library import open_profile
from capgen.targets.yaml_text import dump
from tests.engines import lab
from tests.engines.faults import Equivalent, Fault, Tally, all_asked, is_asked, spoilt
from tests.engines.hardening import LISTS
from tests.engines.lab import LabError
from tests.engines.security_context import OWN, Hardening
from tests.loading import loaded, loaded_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from capgen.policy.choice import Os
    from tests.engines.faults import Fate
    from tests.engines.proving import Lab, Row

_Documents: TypeAlias = list[Any]

# Of what is said again and again in a long text, so many faults are asked about.
_MOST: Final = 10
_SHORT: Final = 60
_SEED: Final = 77
# Profiles with a level that their pods must satisfy, and of which texts.
_PROFILES: Final = (
    (("pss/restricted", "restricted", "1.36"), ""),
    # The others are made as those of the first.
    (OWN, "strategic-merge.yaml"),
)

_NAME: Final = "a transformer's name is for its errors, and what it patches is its target"
_TARGET: Final = "what is patched is the target, whatever the patch calls it"
_WIDER: Final = "nothing else that is deployed has such a place"
_VALUES: Final = "the object is not deployed, and is found by its kind and name"
_PATCHES: Final = ("component/pods.yaml", "component/clean.yaml")

EQUIVALENT: Final = (
    Equivalent("json-patch.yaml", "", "].value is left out", "what a `test` does not say is null"),
    Equivalent("json-patch-existing.yaml", "", "].value is left out", "as above"),
    Equivalent("kustomization.yaml", "", "apiVersion is left out", "kustomize adds its own"),
    *(Equivalent(text, "", ".metadata.name: 'other'", _NAME) for text in _PATCHES),
    *(Equivalent(text, "", ".patch.kind: 'other'", _TARGET) for text in _PATCHES),
    *(Equivalent(text, "", ".patch.apiVersion", _TARGET) for text in _PATCHES),
    *(Equivalent(text, "", ".target.version is left out", _WIDER) for text in _PATCHES),
    *(Equivalent(text, "", ".target.group is left out", _WIDER) for text in _PATCHES),
    Equivalent("component/containers.yaml", "", ".select.group is left out", _WIDER),
    Equivalent("component/containers.yaml", "", ".select.version is left out", _WIDER),
    Equivalent("component/containers.yaml", "", ".select.kind is left out", _WIDER),
    Equivalent("component/values.yaml", "", "[0].apiVersion", _VALUES),
    Equivalent("component/values.yaml", "", ".labels", _VALUES),
    Equivalent("component/values.yaml", "", ".annotations.capgen", _VALUES),
    Equivalent("component/values.yaml", "", "local-config: 'other'", "the key decides"),
    Equivalent("component/values.yaml", "", "struct.replaced: 'other'", "a value replaces it"),
)


def security_context_faults(laboratory: Lab) -> Row:
    """Applies each fault in the way of its text until it is seen.

    Raises:
        LabError: a text without a fault is not what it should be, so that faults tell nothing.
    """
    cluster = laboratory.cluster
    tally = Tally(EQUIVALENT, whole=all_asked())
    for (name, level, version), chosen in _PROFILES:
        with Hardening(cluster, open_profile(name, version), level, version) as hardening:
            for system, files in hardening.files.items():
                for way, text in _texts(files, chosen):
                    for fault in _some(list(faults(files[text])), text):
                        # What a lowering might forget everywhere is a fault like no other.
                        if not fault.what.endswith("forgotten") and not is_asked(fault.what):
                            continue
                        changed = {**files, text: _written(fault.artefact)}
                        fate = _fate(hardening, system, way, changed)
                        tally.add(f"{name}, {system}, {text}", text, fault, fate)
            for about, expected, actual in hardening.cases():
                if expected != actual:
                    raise LabError(f"{about}: {actual}")
    row = tally.row("security-context", "kube-apiserver", cluster.version)
    return replace(row, notes=f"{row.notes}; and kustomize {lab.version('kustomize')}")


def _texts(files: dict[str, str], chosen: str) -> Iterator[tuple[str, str]]:
    """Yield the files, or the one that is chosen, each with the way of hardening that it is of."""
    for name in files:
        if name == chosen or not chosen:
            yield "kustomization.yaml" if name.startswith("component/") else name, name


def _fate(hardening: Hardening, system: Os, way: str, files: dict[str, str]) -> Fate:
    try:
        differs = any(case[1] != case[2] for case in hardening.judged(system, way, files))
    except LabError:
        return "refused"
    return "caught" if differs else "missed"


def _some(found: list[Fault[_Documents]], text: str) -> list[Fault[_Documents]]:
    """Return all faults, or of a long text so many, and one for each row that excuses some."""
    if len(found) <= _SHORT:
        return found
    kept = {fault.what: fault for fault in found if not fault.what.startswith("[")}
    for row in EQUIVALENT:
        excused = (fault for fault in found if row.is_of(text, fault))
        kept |= {fault.what: fault for fault in itertools.islice(excused, 1)}
    others = random.Random(_SEED).sample(found, _MOST)
    return list((kept | {fault.what: fault for fault in others}).values())


def faults(text: str) -> Iterator[Fault[_Documents]]:
    """Yield the faults of one of the target's files, whose documents are data here."""
    documents = [_opened(each) for each in loaded_all(text)]
    for what, worse in (*_lowered(documents), *spoilt(documents)):
        # Without a document there is no patch to apply.
        if worse:
            yield Fault(what, "", worse)


def _lowered(documents: _Documents) -> Iterator[tuple[str, _Documents]]:
    """Yield what a lowering might forget everywhere: a list of containers, a kind of workload."""
    forgotten = {each: partial(_is_in_list, each) for each in LISTS}
    forgotten |= {each.kind: partial(_selects, each.kind) for each in WORKLOADS}
    for name, is_lost in forgotten.items():
        worse = _less(documents, is_lost)
        if worse != documents:
            yield f"{name} are forgotten", worse
    for place, each in enumerate(documents):
        kinds = each["target"]["kind"].split("|") if "target" in each else []
        for kind in kinds if len(kinds) > 1 else ():
            rest = "|".join(other for other in kinds if other != kind)
            target = each["target"] | {"kind": rest}
            changed = [*documents[:place], each | {"target": target}, *documents[place + 1 :]]
            yield f"{kind} is forgotten", changed


def _less(value: Any, is_lost: Callable[[object], bool]) -> Any:  # noqa: ANN401 - any JSON
    """Return data without some of the items of its lists."""
    if isinstance(value, dict):
        return {key: _less(part, is_lost) for key, part in value.items()}
    if isinstance(value, list):
        return [_less(each, is_lost) for each in value if not is_lost(each)]
    return value


def _is_in_list(listed: str, item: object) -> bool:
    """Tell whether an item is the path of something in a list of containers."""
    return isinstance(item, str) and f".{listed}." in item


def _selects(kind: str, item: object) -> bool:
    """Tell whether an item is a target that selects a kind."""
    return isinstance(item, dict) and "select" in item and item["select"].get("kind") == kind


def _opened(document: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a document, the patch in it as data."""
    if isinstance(document, dict) and "patch" in document:
        return document | {"patch": loaded(document["patch"])}
    return document


def _written(documents: _Documents) -> str:
    """Return documents as the text of a file."""
    return dump(
        *(
            each | {"patch": dump(each["patch"])}
            if isinstance(each, dict) and isinstance(each.get("patch"), dict)
            else each
            for each in documents
        )
    )
