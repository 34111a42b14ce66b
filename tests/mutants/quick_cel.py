"""A look at the lowering to CEL, short enough to be the first thing that every mutant meets."""

from __future__ import annotations

from capgen.policy.witness import witnesses
from capgen.profile.library import open_profile
from tests.lang.cel_engine import Policies
from tests.policy.made import profile
from tests.policy.test_witness import ODD

_EVERY = 5


def test_some_witnesses() -> None:
    """The policies say of some witnesses what these were made to be."""
    made = [open_profile("pss/restricted", "1.36"), open_profile("pss/baseline", "1.36")]
    for one in (*made, *(profile(ODD[name]) for name in ("required", "effective", "lifted"))):
        policies = Policies(one)
        for witness in list(witnesses(one))[::_EVERY]:
            rules = {refusal.rule for refusal in policies.refusals(witness.request)}
            assert rules == (set() if witness.expected else {witness.rule})
