"""The derived subjects in Rego."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capgen.policy.annotations import SCHEMES
from capgen.policy.predicates import holds as satisfied
from capgen.policy.subjects import (
    ACCOUNT_PATH,
    HOST_WAYS,
    Field,
    Level,
    ProfileAnnotations,
    shown,
)
from capgen.policy.values import Kind

from .listed import annotation_values, values
from .rego_text import form, literal, path, rule
from .rego_values import Value, holds, under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rego_names import Scope
    from .rego_text import Body

_TEXT: Final = "offences contains text"
_VOLUMES: Final = f"listed(spec, {path(['volumes'])})"


def volume_types(scope: Scope) -> Iterator[str]:
    """Lower a test of the types of volumes, or of those that new containers mount."""
    fine, source = f"fine{scope.number}(v)", f"source{scope.number}(k)"
    found = f"[k | some k, _ in v; not {source}]"
    said = f'text := sprintf("volume %s: its type is %s", [called(v), concat(", ", {found})])'
    yield rule(_TEXT, [(*scope.of_pod(), f"some v in {_VOLUMES}", f"not {fine}", said)])
    guards = (*scope.guards, scope.names.standing)
    yield from _mounts(scope, guards, "mounts a volume of another type:", ())
    yield rule(fine, [("is_object(v)", f"every k, _ in v {{ {source} }}")])
    allowed = scope.constants.values(values(scope.test.predicate))
    yield rule(source, [('k == "name"',), (f"k in {allowed}",)])


def host_paths(scope: Scope, *, written: bool) -> Iterator[str]:
    """Lower a test of the paths of the node: volumes, or what containers mount of them."""
    fine = f"fine{scope.number}(v)"
    node = f"at(v, {path(['hostPath'])})"
    read = f'required({node}, "path")'
    if written:
        yield from _mounts(
            scope, scope.guards, "may write to the host path of", ["m.readOnly == true"]
        )
    else:
        text = literal("pod: spec.volumes[*].hostPath.path of %s is %s")
        said = f"text := sprintf({text}, [called(v), show(found)])"
        found = f"found := [p | p := {read}]"
        each = f"some v in {_VOLUMES}"
        yield rule(_TEXT, [(*scope.of_pod(), each, f"not {fine}", found, said)])
        guards = (*scope.guards, scope.names.standing)
        yield from _mounts(scope, guards, "mounts the host path of", ())
    prefixes = values(scope.test.predicate)
    allowed = under(prefixes, read, scope.constants, "Writable" if written else "")
    yield rule(fine, [(f"{node} == null",), (allowed,)])


def _mounts(scope: Scope, guards: Body, says: str, fine: Body) -> Iterator[str]:
    """Lower "what containers mount is fine": all volumes of that name are, or one of `fine` holds.

    Args:
        scope: the test.
        guards: what must hold for it to be asked.
        says: what is said of a container, before the names of the mounts that are not.
        fine: what makes a mount `m` fine by itself.
    """
    mount, apart = f"mount{scope.number}", f"apart{scope.number}"
    mounts = f"listed(c, {path(['volumeMounts'])})"
    yield rule(
        _TEXT,
        [
            (
                *guards,
                f"some c in {scope.names.containers}",
                f"bad := [called(m) | some m in {mounts}; not {mount}(m)]",
                "count(bad) > 0",
                f'text := sprintf({literal(f"%s: {says} %s")}, [called(c), concat(", ", bad)])',
            )
        ],
    )
    every = f"every v in {_VOLUMES} {{ {apart}(v, m.name) }}"
    yield rule(f"{mount}(m)", [*((each,) for each in fine), (every,)])
    yield f"{apart}(v, name) if v.name != name\n{apart}(v, _) if fine{scope.number}(v)"


def handler_hosts(scope: Scope) -> Iterator[str]:
    """Lower a test of the hosts of probes and lifecycle handlers."""
    fine, ways = f"fine{scope.number}(c, way)", f"ways{scope.number}"
    value = Value("at(c, way)", Field(Level.CONTAINER, ("host",), Kind.STRING, blank=""))
    text = literal(f"%s: {form(shown(scope.test.subject))} is %s")
    yield rule(
        _TEXT,
        [
            (
                *scope.guards,
                f"some c in {scope.names.containers}",
                f"bad := [show([v | v := {value.read}]) | some way in {ways}; not {fine}]",
                "count(bad) > 0",
                f'text := sprintf({text}, [called(c), concat(", ", bad)])',
            )
        ],
    )
    listed = ",\n".join(f"  {path(way)}" for way in HOST_WAYS)
    yield f"{ways} := [\n{listed},\n]"
    test = scope.test
    bodies = holds(test.predicate, value, scope.constants, unset_allowed=test.unset_allowed)
    yield rule(fine, bodies)


def profile_annotations(subject: ProfileAnnotations, scope: Scope) -> Iterator[str]:
    """Lower a test of the annotations that name kernel profiles."""
    scheme = SCHEMES[subject.scheme]
    names, number = scope.names, scope.number
    named, fine, keys = f"named{number}(k)", f"fine{number}(v)", f"keys{number}"
    said = 'text := sprintf("pod: annotation %s is %s", [k, show([v])])'
    body = (*scope.guards, "some k, v in annotations", named, f"not {fine}", said)
    yield rule(_TEXT, [body])
    unreadable = literal("pod: its annotations are unreadable")
    yield rule(f"offences contains {unreadable}", [(*scope.guards, f"not readable{number}")])
    yield rule(f"readable{number}", [("is_object(annotations)",)])
    prefix = literal(scheme.prefix)
    if scheme.any_container:
        whole = [*scope.of_pod(), f"startswith(k, {prefix})"]
        if names.exempt:
            spared = f"spared{number}"
            whole.append(f"not k in {spared}")
            yield f"{spared} := {_keys(prefix, names.exempt)}"
        yield rule(named, [whole, (names.standing, f"k in {keys}")])
    else:
        pod = f"k == {literal(scheme.pod)}"
        yield rule(named, [(*scope.of_pod(), pod), (f"k in {keys}",)])
    yield f"{keys} := {_keys(prefix, names.containers)}"
    exact, prefixes, globs = annotation_values(scope.test.predicate, subject)
    constants = scope.constants
    bodies = [[f"v in {constants.values(exact, 'Annotations')}"]] if exact else []
    bodies += [[f"startswith(v, {literal(each)})"] for each in prefixes]
    if globs:
        bodies.append([f"like(v, {constants.globs(globs, 'AnnotationGlobs')})"])
    yield rule(fine, bodies)


def _keys(prefix: str, containers: str) -> str:
    return f'{{concat("", [{prefix}, called(c)]) | some c in {containers}}}'


def token_mount(scope: Scope) -> Iterator[str]:
    """Lower a test of whether the pod gets its service account's token."""
    fine, expected = f"fine{scope.number}", f"expected{scope.number}"
    wish = f"at(spec, {path(['automountServiceAccountToken'])})"
    text = literal("pod: spec.automountServiceAccountToken is %s")
    found = f"found := [v | v := {wish}]"
    said = f"text := sprintf({text}, [show(found)])"
    yield rule(_TEXT, [(*scope.of_pod(), f"not {fine}", found, said)])
    allowed = {value: satisfied(scope.test.predicate, value) for value in (True, False)}
    cases: list[tuple[Body, bool]] = [
        ((f"{wish} == true",), allowed[True]),
        ((f"{wish} == false",), allowed[False]),
        ((f"{wish} == null", expected), scope.test.unset_allowed),
        ((f"{wish} == null", f"not {expected}"), allowed[False]),
    ]
    yield rule(fine, [body for body, holds_so in cases if holds_so])
    mounted = (
        f"some c in {scope.names.containers}",
        f"some m in listed(c, {path(['volumeMounts'])})",
        f"m.mountPath == {literal(ACCOUNT_PATH)}",
    )
    yield rule(expected, [(scope.names.template,), mounted])
