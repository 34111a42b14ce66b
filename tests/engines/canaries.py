"""Pods that show that an engine judges at all: no verdict counts without both beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.engines.rest import Object

# Every level of Pod Security admits it, at every version.
GOOD: Final[Object] = {
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "c",
                "image": "i",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    }
}

# Both levels that refuse anything refuse it, for this one field.
BAD: Final[Object] = {"spec": {**GOOD["spec"], "hostPID": True}}
