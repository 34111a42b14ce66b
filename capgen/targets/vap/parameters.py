"""The values of a profile's rules as an object of a kind of its own, which its bindings name.

Not as a ConfigMap: once the last policy with ConfigMaps as parameters is deleted, an API server
goes on reading those that it knew then, for policies that come later, until it is started again.
Upstream: k8s.io/apiserver 0.36, pkg/admission/plugin/policy/generic/policy_source.go, where the
shared informer ends with the policies. What is of a kind of our own it watches anew each time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capgen.targets.base import (
    MANAGER,
    Artefact,
    Bundle,
    digest,
    object_metadata,
    object_name,
)
from capgen.targets.folder import README, kustomization
from capgen.targets.options import Known
from capgen.targets.templates import render
from capgen.targets.yaml_text import dump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgen.policy.profile import Profile
    from capgen.targets.cel.values import InParameters

# A domain that is for private use: nobody else's kinds are in it.
GROUP: Final = "parameters.capgen.internal"
VERSION: Final = "v1"
ROOT: Final = "params"
_ASKED: Final = re.compile(rf"\b{ROOT}\.(rules|exempt)")
# Of the folder that profiles share.
FOLDER: Final = "vap-parameters"
OPTIONS: Final = {"parameters": Known("has no parameters in a", ("crd",))}
_API: Final = f"{GROUP}/{VERSION}"
_KIND: Final = re.compile(rf"^apiVersion: {re.escape(_API)}\nkind: (Capgen\w+)$", re.MULTILINE)
_MEANS: Final = "The values that the rules of a profile list. Written by capgen."


class Named(NamedTuple):
    """The object that policies have their values of.

    Attributes:
        definition: the CustomResourceDefinition of its kind.
        values: the object.
        kind: its kind.
        name: its name.
    """

    definition: Artefact
    values: Artefact
    kind: str
    name: str

    def asked(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Return what a policy says, with the kind of its parameters."""
        return {"paramKind": {"apiVersion": _API, "kind": self.kind}, **spec}

    def bound(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Return what a binding says, with the object: where it is missing all is refused."""
        return {**spec, "paramRef": {"name": self.name, "parameterNotFoundAction": "Deny"}}


def asks(spec: dict[str, Any]) -> bool:
    """Tell whether a policy names any of the values."""
    return _ASKED.search(str(spec)) is not None


def named(profile: Profile, values: InParameters) -> Named | None:
    """Return the object of a profile's values; None where it has none.

    Args:
        profile: the profile.
        values: what its policies have asked for.
    """
    schema = values.schema()
    if not schema:
        return None
    kind = f"CapgenParameters{digest(schema)}"
    plural = kind.lower()
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{GROUP}",
            "labels": {"app.kubernetes.io/managed-by": MANAGER},
        },
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind,
                "plural": plural,
                "singular": plural,
                "listKind": f"{kind}List",
            },
            "scope": "Cluster",
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "description": _MEANS,
                            "type": "object",
                            "required": list(schema),
                            "properties": schema,
                        }
                    },
                }
            ],
        },
    }
    document = {"apiVersion": _API, "kind": kind, "metadata": object_metadata(profile)}
    name = object_name(profile.name)
    return Named(
        Artefact(f"{plural}.yaml", dump(definition), f"CustomResourceDefinition/{plural}.{GROUP}"),
        Artefact("parameters.yaml", dump(document | values.data()), f"{kind}/{name}"),
        kind,
        name,
    )


def _needs(text: str) -> str:
    """Return the file of the definition that an object is of; "" where it holds no values."""
    found = _KIND.search(text)
    return f"{found[1].lower()}.yaml" if found is not None else ""


def _dress(definitions: Sequence[Artefact]) -> tuple[Artefact, ...]:
    """Return the definitions with what applies them, and the page for people."""
    if not definitions:
        return ()
    listed = sorted(definitions, key=lambda each: each.path)
    page = render("vap-parameters.md.j2", definitions=[each.path for each in listed])
    return (*listed, kustomization(listed), Artefact(README, page))


BUNDLE: Final = Bundle(FOLDER, _needs, _dress)
