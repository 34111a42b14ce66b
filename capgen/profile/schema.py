"""The shape of a profile, checked with pydantic: unknown keys and wrong types are refused.

Every model reads
strictly: `1.30` without quotes is a number, and lost its zero before anybody could see it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    StrictBool,
    StrictStr,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from capgen.policy.exempt import day
from capgen.policy.values import minors

from . import grants  # noqa: TC001 - pydantic reads the annotations
from .models import LINE, Short, Strict, checked, known
from .rule_models import Choices, Rules
from .vocabulary import words

LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
# The same, where the group is not captured: each has words of its own for what does not fit.
POLICY = r"^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$"
ACCOUNT = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
Kubernetes = Annotated[
    StrictStr,
    checked(minors),
    WithJsonSchema({"type": "string", "pattern": r"^v?1\.[0-9]+(-v?1\.[0-9]+)?$"}),
]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) or value is None else [value]


# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_PREFIX = r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?"
LabelKey = Annotated[StrictStr, Field(pattern=f"^{_PREFIX}{_NAME}$")]
LabelValue = Annotated[StrictStr, Field(pattern=f"^(?:{_NAME})?$")]


Namespace = Annotated[StrictStr, Field(pattern=r"^([a-z0-9-]+\*?|\*)$")]


class Names(Strict):
    """Names of namespaces; a trailing `*` is a prefix."""

    include: list[Namespace] = Field(default_factory=list)
    exclude: list[Namespace] = Field(default_factory=list)


class Expression(Strict):
    """One requirement of a label selector."""

    key: LabelKey
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: list[LabelValue] = Field(default_factory=list)

    @model_validator(mode="after")
    def _values_fit(self) -> Self:
        """As in Kubernetes: a list for In and NotIn, none for the others."""
        if bool(self.values) != (self.operator in ("In", "NotIn")):
            needs = "no values" if self.values else "values"
            msg = f"the operator `{self.operator}` takes {needs}"
            raise ValueError(msg)
        return self


class Selector(Strict):
    """A label selector, as in Kubernetes."""

    matchLabels: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    matchExpressions: list[Expression] = Field(default_factory=list)


class Match(Strict):
    """Which pods are judged."""

    namespaces: Names = Names()
    namespaceSelector: Selector = Selector()
    podSelector: Selector = Selector()


class Metadata(Strict):
    """What a profile is called."""

    name: Annotated[StrictStr, Field(pattern=LABEL)]
    description: StrictStr = ""


Reason = Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=1, pattern=LINE)]
Name = Annotated[StrictStr, Field(pattern=LABEL)]
# A reference may have a tag, a digest, and `*` for any text without a `/`.
IMAGE = r"^[A-Za-z0-9*][A-Za-z0-9_.:@/*-]*$"
Image = Annotated[StrictStr, Field(pattern=IMAGE)]
Reading = Literal["declared", "effective", "both"]
Enforcement = Literal["deny", "warn", "audit"]


RuleId = Annotated[
    StrictStr, known("rules"), WithJsonSchema({"type": "string", "enum": list(words("rules"))})
]


class Exempt(Strict):
    """An exception: these containers, these rules, for a reason, and not for ever."""

    images: list[Image] = Field(default_factory=list)
    """A `*` is any text without a `/`."""
    containers: list[Name] = Field(default_factory=list)
    """Names; where images are given too, both must fit."""
    rules: Annotated[list[RuleId], Field(min_length=1)]
    reason: Reason
    until: Annotated[StrictStr, checked(day), WithJsonSchema({"type": "string", "format": "date"})]

    @model_validator(mode="after")
    def _speaks_of_some(self) -> Self:
        if not self.images and not self.containers:
            msg = (
                "an exemption names `images` or `containers`: for all containers take the rule out"
            )
            raise ValueError(msg)
        return self


Judged = Literal["pods", "controllers"]
# Names, with the options of one or without.
Targets = list[StrictStr | dict[StrictStr, dict[StrictStr, Any]]]


def _pods() -> list[Judged]:
    return ["pods"]


class Spec(Strict):
    """What a profile says."""

    extends: Annotated[list[StrictStr], Short(_listed, {"type": "string"})] = Field(
        default_factory=list
    )
    """Parents: names of the library, perhaps pinned (`pss/restricted@1.29`), or paths."""
    kubernetes: Kubernetes | None = None
    """The minor version, `1.34`, or a range with both ends in it, `1.30-1.36`."""
    targets: Targets = Field(default_factory=list)
    """What `compile` writes; by default security-context and vap."""
    enforcement: Enforcement = "deny"
    """What an engine does with what is refused."""
    enforceOn: Annotated[list[Judged], Field(min_length=1)] = Field(default_factory=_pods)
    """Controllers are judged by their pod template."""
    match: Match = Match()
    """Which pods are judged."""
    reading: Reading | None = None
    """The rules' reading, where they do not say one themselves."""
    mutate: StrictBool = False
    """The chosen values are set first, where a pod leaves them unset."""
    rules: Rules = Rules()
    """What a pod must satisfy, all of it."""
    loosens: dict[StrictStr, Reason] = Field(default_factory=dict)
    """For each rule that is looser than a parent's, the reason."""
    exempt: list[Exempt] = Field(default_factory=list)
    """Exceptions: containers, rules, a reason and an end."""
    containers: dict[Name, Choices] = Field(default_factory=dict)
    """Values that are chosen for one container, by its name."""
    syscalls: grants.Syscalls | None = None
    """What the seccomp profile grants."""
    files: grants.Files | None = None
    """What the AppArmor profile grants."""
    network: grants.Network | None = None
    """Sockets that the AppArmor profile grants: `inet stream`."""
    writable: grants.Writable | None = None
    """Folders that stay writable below a read-only root."""
    accept: dict[StrictStr, dict[StrictStr, Reason]] = Field(default_factory=dict)
    """Gaps that the author has agreed to: target, rule, reason."""


class Profile(Strict):
    """A profile file."""

    apiVersion: Literal["capgen/v1"]
    kind: Literal["Profile"]
    metadata: Metadata
    spec: Spec


class Scope(Strict):
    """Whose pods a set of profiles judges: in these namespaces, of these service accounts."""

    namespaces: list[Namespace] = Field(default_factory=list)
    serviceAccounts: list[Annotated[StrictStr, Field(pattern=ACCOUNT)]] = Field(
        default_factory=list
    )


def _named(value: Any) -> Any:
    return value if isinstance(value, dict) else {"profile": value}


class Member(Strict):
    """A profile of a set."""

    profile: StrictStr
    """A file beside the set's, a path, or a name of the library."""
    use: Annotated[StrictStr, Field(pattern=POLICY)] | None = None
    """Counts only for those who may `use` the PodSecurityPolicy of this name."""


class SetSpec(Strict):
    """What a set of profiles says: any one of them admits the whole pod."""

    scope: Scope = Scope()
    anyOf: Annotated[
        list[Annotated[Member, Short(_named, {"type": "string"})]], Field(min_length=1)
    ]
    enforcement: Enforcement = "deny"
    kubernetes: Kubernetes | None = None
    targets: Targets = Field(default_factory=list)
    """What `compile` writes; by default vap."""
    accept: dict[StrictStr, dict[StrictStr, dict[StrictStr, Reason]]] = Field(default_factory=dict)
    """Gaps that the author has agreed to: target, profile, rule, reason."""


class ProfileSet(Strict):
    """A file with a set of profiles."""

    apiVersion: Literal["capgen/v1"]
    kind: Literal["ProfileSet"]
    metadata: Metadata
    spec: SetSpec
