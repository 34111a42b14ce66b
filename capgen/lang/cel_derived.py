"""The derived subjects in CEL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.annotations import SCHEMES
from capgen.policy.predicates import InRanges, regex
from capgen.policy.predicates import holds as satisfied
from capgen.policy.subjects import (
    ACCOUNT_PATH,
    HANDLERS,
    HOOKS,
    PROBES,
    Field,
    Level,
    ProfileAnnotations,
    shown,
)
from capgen.policy.values import Kind

from .cel_names import NOTHING, Names
from .cel_values import Value, literal, refuses, under

if TYPE_CHECKING:
    from capgen.policy.expressions import Test
    from capgen.policy.predicates import Predicate


def volume_types(predicate: Predicate, names: Names) -> str:
    """Lower a test of the types of volumes, or of those that new containers mount."""
    # A volume's type is a key of it: as `dyn` it is a map, whose keys can be gone through.
    kinds = ", ".join(literal(value) for value in _values(predicate))
    other = (
        f"dyn(v).filter(k, !(k in ['name', {kinds}]))" if kinds else "dyn(v).filter(k, k != 'name')"
    )
    volumes = f"{names.spec}.?volumes.orValue([])"
    if names.pod_level:
        text = f"'volume ' + v.name + ': its type is ' + {other}.join(', ')"
        return f"{volumes}.map(v,\n  {other}.size() > 0,\n  {text})"
    mounts = "c.?volumeMounts.orValue([])"
    bad = f"{volumes}\n    .exists(v, v.name == m.name && {other}.size() > 0)"
    found = f"{mounts}\n    .filter(m, {bad}).map(m, m.name).join(', ')"
    text = f"c.name + {literal(': mounts a volume of another type: ')} + {found}"
    return names.each_container(f"{mounts}.exists(m, {bad})", text)


def handler_hosts(test: Test, names: Names) -> str:
    """Lower a test of the hosts of probes and lifecycle handlers."""
    field = Field(Level.CONTAINER, ("host",), Kind.STRING, blank="")
    ways = [*(f"?c.?{probe}" for probe in PROBES), *(f"?c.?lifecycle.?{hook}" for hook in HOOKS)]
    bad = " || ".join(
        refuses(
            test.predicate, Value(f"h.?{handler}.?host", field), unset_allowed=test.unset_allowed
        )
        for handler in HANDLERS
    )
    handlers = f"[{', '.join(ways)}]"
    # The API lets a handler have just one of these.
    host = ".or(".join(f"h.?{handler}.?host" for handler in HANDLERS) + ")"
    found = f"{handlers}\n    .map(h, {bad}, {host}.orValue('')).join(', ')"
    text = f"c.name + {literal(f': {shown(test.subject)} is ')} + {found}"
    return names.each_container(f"{handlers}\n    .exists(h, {bad})", text)


def profile_annotations(predicate: Predicate, subject: ProfileAnnotations, names: Names) -> str:
    """Lower a test of the annotations that name kernel profiles."""
    scheme = SCHEMES[subject.scheme]
    exact = [text for text, kind in scheme.exact if satisfied(predicate, kind)]
    if scheme.blank_is_unset:
        exact.append("")
    # The map's own value: `k` is one of its keys.
    read = f"{names.annotations}[k]"
    fine = [f"{read} in [{', '.join(map(literal, exact))}]"] if exact else []
    for prefix, kind in scheme.prefixes:
        if not subject.joined:
            if satisfied(predicate, kind):
                fine.append(f"{read}.startsWith({literal(prefix)})")
            continue
        # A name is read as the field has it: `localhost/web` is `Localhost:web`.
        for value in _values(predicate):
            if value.startswith(f"{kind}:"):
                glob = prefix + value.removeprefix(f"{kind}:")
                fine.append(f"{read}.matches({literal(f'^{regex(glob)}$')})")
    known = f"{names.containers}.exists(c, k == {literal(scheme.prefix)} + c.name)"
    if not names.pod_level:
        key = known
    elif scheme.any_container:
        key = f"k.startsWith({literal(scheme.prefix)})"
        if names.exempt:
            key += f"\n    && !{names.exempt}.exists(c, k == {literal(scheme.prefix)} + c.name)"
    else:
        key = f"(k == {literal(scheme.pod or '')} || {known})"
    bad = f"!({' || '.join(fine) or 'false'})"
    return (
        f"{names.annotations}.map(k,\n  {key}\n    && {bad},\n"
        f"  'pod: annotation ' + k + ' is ' + {read})"
    )


def host_paths(predicate: Predicate, names: Names, *, written: bool) -> str:
    """Lower a test of the paths of the node: volumes, or what containers mount of them."""
    path = "v.hostPath.?path.orValue('')"
    bad = f" && !{under(_values(predicate), path)}" if _values(predicate) else ""
    volumes = f"{names.spec}.?volumes.orValue([])"
    if names.pod_level and not written:
        text = f"'pod: spec.volumes[*].hostPath.path of ' + v.name + ' is ' + {path}"
        return f"{volumes}.map(v,\n  has(v.hostPath){bad},\n  {text})"
    from_node = f"{volumes}\n    .exists(v, v.name == m.name && has(v.hostPath){bad})"
    writes = "!m.?readOnly.orValue(false)\n    && " if written else ""
    mounts = "c.?volumeMounts.orValue([])"
    found = f"{mounts}\n    .filter(m, {writes}{from_node}).map(m, m.name).join(', ')"
    verb = "may write to" if written else "mounts"
    text = f"c.name + {literal(f': {verb} the host path of ')} + {found}"
    return names.each_container(f"{mounts}.exists(m, {writes}{from_node})", text)


def token_mount(test: Test, names: Names) -> str:
    """Lower a test of whether the pod gets its service account's token."""
    if not names.pod_level:
        return NOTHING
    wish = f"{names.spec}.?automountServiceAccountToken"
    mounts = f"c.?volumeMounts.orValue([]).exists(m, m.mountPath == {literal(ACCOUNT_PATH)})"
    mounted = "true" if names.template else f"{names.containers}.exists(c, {mounts})"
    allowed = {value: satisfied(test.predicate, value) for value in (True, False)}
    cases = [
        (f"{wish}.orValue(false)", allowed[True]),
        (f"!{wish}.orValue(true)", allowed[False]),
        (f"!{wish}.hasValue() && {mounted}", test.unset_allowed),
        (f"!{wish}.hasValue() && !({mounted})", allowed[False]),
    ]
    bad = "\n  || ".join(f"({text})" for text, fine in cases if not fine) or "false"
    text = f"{wish}.optMap(v, string(v)).orValue('unset')"
    return f"({bad} ?\n  ['pod: spec.automountServiceAccountToken is ' + {text}] : [])"


def _values(predicate: Predicate) -> tuple[str, ...]:
    """Return the values that a predicate lists; ranges list none."""
    return () if isinstance(predicate, InRanges) else tuple(str(v) for v in predicate.values)
