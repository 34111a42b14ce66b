"""Which pods a profile judges: namespaces by name and label, pods by label."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, assert_never

if TYPE_CHECKING:
    from collections.abc import Mapping


class Operator(Enum):
    """How a label selector's requirement reads its values."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class Requirement(NamedTuple):
    """One requirement of a label selector.

    Attributes:
        key: the label.
        operator: what is asked of it.
        values: the values that `In` and `NotIn` speak of; else empty.
    """

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, object]) -> bool:
        """Tell whether the labels satisfy the requirement; NotIn holds without the label."""
        match self.operator:
            case Operator.IN:
                return labels.get(self.key) in self.values
            case Operator.NOT_IN:
                return self.key not in labels or labels[self.key] not in self.values
            case Operator.EXISTS:
                return self.key in labels
            case Operator.DOES_NOT_EXIST:
                return self.key not in labels
            case _:
                assert_never(self.operator)


class Match(NamedTuple):
    """Which pods are judged; without any restriction, all.

    Attributes:
        include: namespaces by name, a trailing `*` being a prefix; empty: all.
        exclude: namespaces that are not judged, even where they are included.
        namespace_selector: what the namespace's labels must satisfy.
        pod_selector: what the pod's labels must satisfy.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    namespace_selector: tuple[Requirement, ...] = ()
    pod_selector: tuple[Requirement, ...] = ()

    def matches(
        self,
        namespace: str | None,
        namespace_labels: Mapping[str, object] | None,
        pod_labels: Mapping[str, object] | None,
    ) -> bool:
        """Tell whether a pod is judged. What is not known (None) counts as matching."""
        if namespace is not None:
            if self.include and not named(self.include, namespace):
                return False
            if named(self.exclude, namespace):
                return False
        if namespace_labels is not None and not _all(self.namespace_selector, namespace_labels):
            return False
        return pod_labels is None or _all(self.pod_selector, pod_labels)


def named(patterns: tuple[str, ...], name: str) -> bool:
    """Tell whether a name is among the patterns, of which a trailing `*` makes a prefix."""
    return any(
        name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
        for pattern in patterns
    )


def _all(requirements: tuple[Requirement, ...], labels: Mapping[str, object]) -> bool:
    return all(requirement.holds(labels) for requirement in requirements)
