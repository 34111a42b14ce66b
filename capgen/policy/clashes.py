"""Values that a pod may not have together: chosen values are checked against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from capgen.errors import ProfileError

from .subjects import dotted
from .values import show

if TYPE_CHECKING:
    from .chosen import Chosen, Value

# Where a value is set: the way from the pod's spec, or from a container.
_At: TypeAlias = "tuple[tuple[str, ...], Value]"


def _in_context(*path: str) -> tuple[str, ...]:
    return ("securityContext", *path)


_ESCALATION: Final = (_in_context("allowPrivilegeEscalation"), False)
# Values that do not go together, and who refuses them.
# Upstream: Kubernetes 1.36, pkg/apis/core/validation/validation.go, ValidateSecurityContext, and
# for the user pkg/kubelet/kuberuntime/security_context.go, verifyRunAsNonRoot.
_CLASHES: Final[tuple[tuple[_At, _At, str], ...]] = (
    (_ESCALATION, (_in_context("privileged"), True), "the API"),
    # To the letter: the API does not know `SYS_ADMIN` here.
    (_ESCALATION, (_in_context("capabilities", "add"), "CAP_SYS_ADMIN"), "the API"),
    ((_in_context("runAsNonRoot"), True), (_in_context("runAsUser"), 0), "the kubelet"),
)
# Values that the API refuses unless another stands beside them.
_NEEDS: Final[tuple[tuple[_At, tuple[str, ...], Value | None], ...]] = (
    ((_in_context("procMount"), "Unmasked"), ("hostUsers",), False),
    ((_in_context("windowsOptions", "hostProcess"), True), ("hostNetwork",), True),
    *(
        ((_in_context(struct, "type"), "Localhost"), _in_context(struct, "localhostProfile"), None)
        for struct in ("seccompProfile", "appArmorProfile")
    ),
)


def check_together(values: tuple[Chosen, ...]) -> None:
    """Check that chosen values go together.

    Raises:
        ProfileError: the API, or the kubelet, refuses them.
    """
    for one, other, who in _CLASHES:
        left, right = _find(values, one), _find(values, other)
        if left and right:
            msg = (
                f"`{left.rule}` and `{right.rule}`: {who} refuses {_said(one)} with {_said(other)}"
            )
            raise ProfileError(msg)
    for at, path, value in _NEEDS:
        found = _find(values, at)
        if found and not any(
            each.field.path == path and value in (None, each.value) for each in values
        ):
            needed = f"`{dotted(path)}`" if value is None else _said((path, value))
            msg = f"`{found.rule}`: the API refuses {_said(at)} without {needed}"
            raise ProfileError(msg)


def _find(values: tuple[Chosen, ...], at: _At) -> Chosen | None:
    path, value = at
    for each in values:
        inside = each.value if isinstance(each.value, tuple) else (each.value,)
        if each.field.path == path and any(
            type(item) is type(value) and item == value for item in inside
        ):
            return each
    return None


def _said(at: _At) -> str:
    path, value = at
    return f"`{dotted(path)}: {show(value)}`"
