"""A profile's selector of pods, and its exemptions, in Rego.

Each holds only where it is proven to: on doubt a pod is judged, and a container not excused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.match import Operator

from .rego_text import literal, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgen.policy.exempt import Exemption
    from capgen.policy.match import Requirement

    from .rego_names import Constants


def unselected(requirements: Sequence[Requirement], constants: Constants) -> str:
    """Lower "a requirement is not satisfied" to the rule `unselected`, which reads `labels`."""
    rows = constants.selector(requirements)
    misses = {
        Operator.IN: "not valued(r)",
        Operator.NOT_IN: "valued(r)",
        Operator.EXISTS: "not labelled(r)",
        Operator.DOES_NOT_EXIST: "labelled(r)",
    }
    return "\n".join(
        [
            rule("unselected", [("is_object(labels)", f"some r in {rows}", "misses(r)")]),
            *(
                rule("misses(r)", [(f"r.operator == {literal(each.value)}", misses[each])])
                for each in Operator
            ),
            "labelled(r) if r.key in object.keys(labels)",
            "valued(r) if labels[r.key] in r.values",
        ]
    )


def excused(exemptions: Sequence[Exemption], constants: Constants) -> str:
    """Lower "some exemption holds for this container" to the function `excused(c)`."""
    each = f"some e in {constants.exempt(exemptions)}"
    image = 'like(required(c, "image"), e.images)'
    name = "c.name in e.containers"
    return rule(
        "excused(c)",
        [
            (each, image, "not e.containers"),
            (each, name, "not e.images"),
            (each, image, name),
        ],
    )
