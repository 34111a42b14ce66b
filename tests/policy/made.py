"""Profiles made of YAML in a test, and requests of them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from capgen.errors import UsageError
from capgen.policy.admit import Admission, Decision, Operation, Request
from capgen.policy.profile import Profile, Union
from capgen.profile.library import library
from capgen.profile.load import parse
from capgen.profile.resolve import resolve
from capgen.reader import Document, read_bytes

if TYPE_CHECKING:
    from capgen.profile.source import Source
    from tests.pods import Pod

_HEAD = "apiVersion: capgen/v1\nkind: Profile\nmetadata: {name: NAME}\nspec:\n"
# The line of a profile's file on which its spec begins.
FIRST_LINE = _HEAD.count("\n") + 1


def source(spec: str, name: str = "made") -> Source:
    """Return the profile with such a spec, read and checked."""
    body = textwrap.indent(textwrap.dedent(spec).strip(), "  ")
    text = _HEAD.replace("NAME", name) + body + "\n"
    (document,) = read_bytes(text.encode(), f"{name}.yaml")
    assert isinstance(document, Document), document
    return parse(document)


def profile(spec: str, kubernetes: str | None = None, **parents: str) -> Profile:
    """Return the policy of a profile with such a spec, and with such parents by name."""
    made = {name: source(text, name) for name, text in parents.items()}

    def load(name: str, _child: Source | None) -> Source:
        try:
            return made.get(name) or library(name)
        except KeyError:
            raise UsageError(name) from None

    return resolve(source(spec), load, kubernetes)


def admit(request: Request, *profiles: Profile) -> Decision:
    """Decide a request by any one of some profiles."""
    return Admission(Union(profiles)).admit(request)


def adding(old: Pod, container: Pod) -> Request:
    """Ask for one more ephemeral container in a pod that stands."""
    spec = old["spec"]
    listed = [*(spec.get("ephemeralContainers") or ()), container]
    new = old | {"spec": spec | {"ephemeralContainers": listed}}
    return Request(
        new, operation=Operation.UPDATE, old_object=old, subresource="ephemeralcontainers"
    )


def rules_of(decision: Decision) -> list[str]:
    """Return the rules that a decision refuses by, in order, each once."""
    return list(dict.fromkeys(violation.rule for violation in decision.violations))
