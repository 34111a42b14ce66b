"""The service account's token in CEL: what takes its mounts away.

Admission policies and webhooks are asked after the API server has mounted the token, and to say
`automountServiceAccountToken: false` then takes nothing away. What is taken away is what the API
server takes for its own: a volume that is called like it, mounted where it belongs.
Upstream: kubernetes 1.36, plugin/pkg/admission/serviceaccount, mountServiceAccountToken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgen.policy.subjects import ACCOUNT_PATH, ACCOUNT_VOLUME

from .cel_constants import literal

if TYPE_CHECKING:
    from collections.abc import Iterator


def unmounting(unsaid: str, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield a name and an expression for each list of places that are to be removed, in order.

    Args:
        unsaid: the variable that is empty where the pod says itself whether it wants the token.
        pointer: the JSON pointer to the pod's spec.
    """
    said = f"variables.{unsaid}.size() == 0 ? [] :\n"
    there = f"m.mountPath == {literal(ACCOUNT_PATH)}"
    called = f"startsWith({literal(ACCOUNT_VOLUME)})"
    mounts = "c.?volumeMounts.orValue([])"
    yield (
        "tokenMounts",
        (
            f"{said}variables.containers.transformList(i, c,\n"
            f"  {mounts}.transformList(j, m,\n"
            f"    m.name.{called}\n    && {there},\n"
            "    variables.pointers[i] + '/volumeMounts/' + string(j))).flatten()"
        ),
    )
    # From the end of the list to its beginning: what is removed moves what is behind it. A volume
    # that is mounted somewhere else too stays.
    yield (
        "tokenVolumes",
        (
            f"{said}variables.spec.?volumes.orValue([]).transformList(i, v,\n"
            f"  v.name.{called}\n"
            f"  && variables.containers.exists(c, {mounts}.exists(m,\n"
            f"    m.name == v.name && {there}))\n"
            f"  && variables.containers.all(c, {mounts}.all(m,\n"
            f"    m.name != v.name || {there})),\n"
            f"  {literal(f'{pointer}/volumes/')} + string(i)).reverse()"
        ),
    )
