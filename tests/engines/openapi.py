"""What the API server says of the fields of a pod: its OpenAPI document, in part, recorded.

`tests/data/openapi-pod.json` holds the schemas that the rules are about, each field with its type:
`string`, `int`, `bool`, the name of a schema, `[T]` for a list and `{T}` for a map of T.
`CAPGEN_RECORD=1` writes it anew; otherwise a recording that differs is a difference like any other.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.engines.lab import LabError
from tests.engines.proving import Difference, Lab, Row
from tests.engines.rest import Call

if TYPE_CHECKING:
    from tests.engines.rest import Object

RECORDING: Final = Path(__file__).parent.parent / "data" / "openapi-pod.json"
SCHEMAS: Final = (
    *("PodSpec", "Container", "EphemeralContainer", "ContainerPort"),
    *("PodSecurityContext", "SecurityContext", "WindowsSecurityContextOptions", "PodOS"),
    *("Capabilities", "SELinuxOptions", "SeccompProfile", "AppArmorProfile", "Sysctl"),
    *("Volume", "VolumeMount", "HostPathVolumeSource", "FlexVolumeSource", "CSIVolumeSource"),
    *("Probe", "Lifecycle", "LifecycleHandler", "HTTPGetAction", "TCPSocketAction"),
)
_GROUP: Final = "io.k8s.api.core.v1."
_PLAIN: Final = {"string": "string", "integer": "int", "boolean": "bool", "number": "number"}

# Each schema's fields and their types.
Structs = dict[str, dict[str, str]]


def openapi(laboratory: Lab) -> Row:
    """Compare the recording with what the server says now."""
    cluster = laboratory.cluster
    (answer,) = cluster.ask([Call("GET", "/openapi/v3/api/v1")])
    found = structs(answer.object)
    if os.environ.get("CAPGEN_RECORD"):
        whole = {"engine": f"kube-apiserver {cluster.version}", "structs": found}
        RECORDING.parent.mkdir(exist_ok=True)
        RECORDING.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
    recorded = load() if RECORDING.exists() else {}
    differences = []
    ours, theirs = _flat(recorded), _flat(found)
    for field in sorted(ours.keys() | theirs.keys()):
        if ours.get(field) != theirs.get(field):
            words = f"recorded: {ours.get(field, 'no such field')}"
            differences.append(Difference(field, words, theirs.get(field, "no such field")))
    count = len(ours.keys() | theirs.keys())
    return Row("(openapi)", "kube-apiserver", cluster.version, count, tuple(differences))


def load() -> Structs:
    """Return the recorded schemas."""
    recorded: Structs = json.loads(RECORDING.read_text("utf-8"))["structs"]
    return recorded


def structs(document: Object) -> Structs:
    """Return what an OpenAPI document says of the schemas.

    Raises:
        LabError: it lacks one, or has a type that is not known.
    """
    schemas = document["components"]["schemas"]
    if missing := [name for name in SCHEMAS if _GROUP + name not in schemas]:
        raise LabError(f"the API server's OpenAPI document lacks {', '.join(missing)}")
    return {
        name: {
            field: _type(schema)
            for field, schema in sorted(schemas[_GROUP + name]["properties"].items())
        }
        for name in sorted(SCHEMAS)
    }


def _type(schema: Any) -> str:  # noqa: ANN401 - any JSON
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition(".")[2]
    if len(schema.get("allOf", ())) == 1:
        return _type(schema["allOf"][0])
    match schema.get("type"):
        case "array":
            return f"[{_type(schema['items'])}]"
        case "object" if "additionalProperties" in schema:
            return f"{{{_type(schema['additionalProperties'])}}}"
        case kind if kind in _PLAIN:
            return _PLAIN[kind]
    raise LabError(f"the API server's OpenAPI document has a type that is not known: {schema}")


def _flat(listed: Structs) -> dict[str, str]:
    return {f"{name}.{key}": kind for name, keys in listed.items() for key, kind in keys.items()}
