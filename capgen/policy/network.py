"""Network rules of AppArmor: which words they are made of.

The words and their sources stand in `capgen/data/network.json`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capgen.errors import ProfileError, nearest

from .grants import read_network

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_rule(text: str) -> None:
    """Refuse what is no network rule: a domain and, if need be, a type or a protocol.

    Raises:
        ProfileError: a word is not known where it stands, or the two do not go together.
    """
    domains, types, protocols = (_words()[key] for key in ("domains", "types", "protocols"))
    domain, kind = read_network(text)
    if domain not in domains:
        hint = nearest(domain, domains)
        if domain in types or domain in protocols:
            hint = f"; a domain stands before it, as in `inet {domain}`"
        msg = f"`{domain}` is no network domain of AppArmor{hint}"
    elif kind is None or kind in types or domain in protocols.get(kind, ()):
        return
    elif kind in protocols:
        listed = " or ".join(f"`{name}`" for name in protocols[kind])
        msg = f"the protocol `{kind}` goes with {listed}; found `{domain}`"
    else:
        hint = nearest(kind, (*types, *protocols))
        msg = f"`{kind}` is neither a type nor a protocol of a network rule{hint}"
    raise ProfileError(msg)


def check_apart(rules: Sequence[str]) -> None:
    """Refuse rules of which one grants what another grants already.

    Raises:
        ProfileError: it names the first.
    """
    for place, text in enumerate(rules):
        domain, kind = read_network(text)
        if text in rules[:place]:
            msg = f"`{text}` stands here twice"
            raise ProfileError(msg)
        if kind is not None and domain in rules:
            msg = f"`{text}` is part of `{domain}`, which stands here too"
            raise ProfileError(msg)


@cache
def _words() -> dict[str, Any]:
    text = (Path(__file__).parent.parent / "data" / "network.json").read_text("utf-8")
    words: dict[str, Any] = json.loads(text)
    return words
