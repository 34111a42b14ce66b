"""A policy with few of its rules: what a fault in a part of it can be seen by.

A whole policy takes an API server as long to compile as twenty rules do, each time anew.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.engines.faults import Fault
from tests.engines.vap.seeds import Policy

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tests.engines.rest import Object
    from tests.engines.vap.seeds import Seeded

# Of the rules that ask for what is broken, so many; of a fault that no rule asks for, too.
_FEW: Final = 4
_NAMED: Final = re.compile(r"\bvariables\.(\w+)")


def narrowed(fault: Seeded, shown: Collection[str]) -> Seeded:
    """Return a fault in a policy with some of the rules that it is about.

    Args:
        fault: the fault.
        shown: the rules that are broken by requests that are there for no rule: what is about no
            rule is to be seen by these.
    """
    spec = fault.artefact.policy["spec"]
    texts = {each["name"]: each["expression"] for each in spec["variables"]}
    asked = {_rule(each): _asked(each, texts) for each in spec["validations"]}
    if fault.about in asked:
        chosen = [fault.about]
    else:
        telling = [rule for rule, names in asked.items() if fault.about in names]
        chosen = _spread(telling or [rule for rule in asked if rule in shown] or list(asked))
    names = {name for rule in chosen for name in asked[rule]}
    changed = spec | {
        "variables": [each for each in spec["variables"] if each["name"] in names],
        "validations": [each for each in spec["validations"] if _rule(each) in chosen],
    }
    policy = fault.artefact.policy | {"spec": changed}
    return Fault(fault.what, fault.about, Policy(policy, fault.artefact.binding))


def rules_in(policy: Object) -> set[str]:
    """Return the rules that a policy validates."""
    return {_rule(each) for each in policy["spec"]["validations"]}


def _rule(validation: Object) -> str:
    return str(validation["message"]).partition(":")[0]


def _asked(validation: Object, texts: dict[str, str]) -> set[str]:
    """Return the variables that a validation asks for, and those that these do."""
    found: set[str] = set()
    left = [f"{validation['expression']} {validation['messageExpression']}"]
    # A validation that a fault has made true asks for nothing: it is known by its message.
    while left:
        new = set(_NAMED.findall(left.pop())) - found
        found |= new
        left += [texts[name] for name in new if name in texts]
    return found


def _spread(rules: Sequence[str]) -> list[str]:
    """Return some rules, from the first to the last."""
    step = max(1, (len(rules) - 1) // (_FEW - 1)) if len(rules) > _FEW else 1
    return list(rules[::step][:_FEW])
