"""Words that the API takes for a field, and no others, by the name of the vocabulary.

Upstream: kubernetes 1.36, pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from typing import Final

# One of them is the whole value.
CLOSED: Final[dict[str | None, tuple[str, ...]]] = {
    "procMounts": ("Default", "Unmasked"),
    "groupsPolicies": ("Merge", "Strict"),
    "changePolicies": ("Always", "OnRootMismatch"),
    "seLinuxChangePolicies": ("MountOption", "Recursive"),
}
# Types of kernel profiles; a `Localhost` one has a name besides.
PROFILES: Final = {"profiles": ("RuntimeDefault", "Localhost", "Unconfined")}
