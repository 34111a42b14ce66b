"""The derived subjects in CEL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.annotations import SCHEMES
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

from .cel_constants import Constants, literal
from .cel_names import NOTHING, Names
from .cel_values import Value, negated, refuses, under
from .listed import annotation_values, values

if TYPE_CHECKING:
    from capgen.policy.expressions import Test


def volume_types(test: Test, names: Names) -> str:
    """Lower a test of the types of volumes, or of those that new containers mount."""
    # A volume's type is a key of it: as `dyn` it is a map, whose keys can be gone through.
    fine = names.constants.of(test).among("k", values(test.predicate), also=("name",))
    other = f"dyn(v).filter(k, {negated(fine)})"
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
            test.predicate,
            Value(f"h.?{handler}.?host", field),
            unset_allowed=test.unset_allowed,
            constants=names.constants.of(test),
        )
        for handler in HANDLERS
    )
    handlers = f"[{', '.join(ways)}]"
    # The API lets a handler have just one of these.
    host = ".or(".join(f"h.?{handler}.?host" for handler in HANDLERS) + ")"
    found = f"{handlers}\n    .map(h, {bad}, {host}.orValue('')).join(', ')"
    text = f"c.name + {literal(f': {shown(test.subject)} is ')} + {found}"
    return names.each_container(f"{handlers}\n    .exists(h, {bad})", text)


def profile_annotations(test: Test, subject: ProfileAnnotations, names: Names) -> str:
    """Lower a test of the annotations that name kernel profiles."""
    scheme = SCHEMES[subject.scheme]
    # The map's own value: `k` is one of its keys.
    read = f"{names.annotations}[k]"
    known = f"{names.containers}.exists(c, k == {literal(scheme.prefix)} + c.name)"
    if not names.pod_level:
        key = known
    elif scheme.any_container:
        key = f"k.startsWith({literal(scheme.prefix)})"
        if names.exempt:
            key += f"\n    && !{names.exempt}.exists(c, k == {literal(scheme.prefix)} + c.name)"
    else:
        key = f"(k == {literal(scheme.pod or '')} || {known})"
    bad = f"!({_annotated(test, subject, read, names.constants.of(test))})"
    return (
        f"{names.annotations}.map(k,\n  {key}\n    && {bad},\n"
        f"  'pod: annotation ' + k + ' is ' + {read})"
    )


def _annotated(test: Test, subject: ProfileAnnotations, read: str, constants: Constants) -> str:
    """Lower "the annotation's value is allowed" to a boolean."""
    exact, prefixes, globs = annotation_values(test.predicate, subject)
    fine = [constants.among(read, exact, "Annotations")] if exact else []
    fine += [f"{read}.startsWith({literal(prefix)})" for prefix in prefixes]
    if globs:
        fine.append(constants.like(read, globs, "AnnotationGlobs"))
    return " || ".join(fine) or "false"


def host_paths(test: Test, names: Names, *, written: bool) -> str:
    """Lower a test of the paths of the node: volumes, or what containers mount of them."""
    path = "v.hostPath.?path.orValue('')"
    prefixes = values(test.predicate)
    role = "Writable" if written else ""
    fine = under(prefixes, path, names.constants.of(test), role)
    bad = f" && !{fine}" if prefixes else ""
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
    mounted = f"{names.containers}.exists(c, {mounts})"
    if names.template != "false":
        mounted = "true" if names.template == "true" else f"({names.template} || {mounted})"
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
