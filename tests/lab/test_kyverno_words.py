"""The words of Kyverno, and of the API server about webhooks, are read as they are meant."""

from __future__ import annotations

import pytest

from tests.engines.kyverno.words import Said, said, verdict
from tests.engines.lab import LabError
from tests.engines.rest import classify
from tests.engines.webhooks import Hooked, hooked

_BLOCKED = "\n\nresource Pod/n/p was blocked due to the following policies \n\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Policy a failed: no", [Said("a", "no", failed=False)]),
        (
            "Policy a failed: no; never; Policy b error: no such key: c",
            [Said("a", "no; never", failed=False), Said("b", "no such key: c", failed=True)],
        ),
        (
            f"{_BLOCKED}a:\n  one: no\n  two: |-\n    first\n    second\n",
            [Said("a", "no", failed=False), Said("a", "first\nsecond", failed=False)],
        ),
        (
            f"{_BLOCKED}a:\n  one: \"expression 'x.y' resulted in error: no such key: y\"\n",
            [Said("a", "expression 'x.y' resulted in error: no such key: y", failed=True)],
        ),
    ],
)
def test_every_policy_that_denies_is_found(words: str, expected: list[Said]) -> None:
    """Messages keep their semicolons and lines; what could not be evaluated is told apart."""
    assert said(words) == expected


def test_unknown_words_are_an_error() -> None:
    """Nothing is taken for a denial that is not known to be one."""
    with pytest.raises(LabError, match="unknown words: I am tired"):
        said("I am tired")


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (400, 'admission webhook "a.b" denied the request: no', Hooked("webhook", "a.b", "no")),
        (403, 'admission webhook "a.b" denied the request: no', Hooked("webhook", "a.b", "no")),
        (400, 'admission webhook "a" denied the request without explanation', ("webhook", "a", "")),
        (500, 'admission webhook "a.b" denied the request: no', Hooked("errored", "a.b", "no")),
        (
            500,
            'Internal error occurred: failed calling webhook "a.b": failed to call webhook: Post',
            Hooked("errored", "a.b", ""),
        ),
        (
            403,
            "pods \"p\" is forbidden: expression 'x.y' resulted in error: no such key: y",
            Hooked("errored", "", ""),
        ),
        (403, 'pods "p" is forbidden: violates PodSecurity "baseline:latest": x', None),
        (422, 'Pod "p" is invalid: admission webhook "a" denied the request: no', None),
    ],
)
def test_webhooks_are_told_apart_from_the_rest(
    code: int, message: str, expected: Hooked | None
) -> None:
    """A denial, a failure, and what has nothing to do with webhooks."""
    assert hooked(code, message) == expected


@pytest.mark.parametrize(
    ("denial", "outcome"),
    [
        ("Policy a failed: no", "denied"),
        ("Policy a error: no such key: c", "errored"),
        ("Policy a failed: no; Policy b error: no such key: c", "errored"),
        ("Resource: n/p, Kind: Pod, Errors: [Policy m: no such key: c]", "errored"),
    ],
)
def test_a_policy_that_fails_leaves_no_verdict(denial: str, outcome: str) -> None:
    """A failure denies in a cluster, and still is none."""
    message = f'admission webhook "vpol.validate.kyverno.svc-fail" denied the request: {denial}'
    answer = classify(400, {"message": message}, (), ())
    assert answer is not None
    assert verdict(answer).outcome == outcome
