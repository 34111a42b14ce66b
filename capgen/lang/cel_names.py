"""How the expressions of a policy call what they judge."""

from __future__ import annotations

from dataclasses import dataclass

from .cel_constants import LITERALS, Constants

NOTHING = "[]"


@dataclass(frozen=True, slots=True)
class Names:
    """How the expressions of a policy call what they judge.

    Attributes:
        spec: the pod's spec.
        annotations: the pod's annotations, a map that is never absent.
        containers: the list of containers that are judged.
        pod_level: the pod itself is judged, not only containers that are new.
        template: when it is a controller's template, to which the API server has added nothing: a
            boolean.
        exempt: the list of containers that are not judged; "" where there is none.
        constants: how the values are said that a rule lists.
    """

    spec: str = "variables.spec"
    annotations: str = "variables.annotations"
    containers: str = "variables.containers"
    pod_level: bool = True
    template: str = "false"
    exempt: str = ""
    constants: Constants = LITERALS

    def each_container(self, bad: str, text: str) -> str:
        """Return the texts of the containers `c` that are bad."""
        return f"{self.containers}.map(c,\n  {bad},\n  {text})"
