"""What is wrong with a profile is said with its place, the text and the nearest right spelling."""

from __future__ import annotations

import pytest

from capgen.profile.load import InvalidProfileError, parse
from capgen.reader import Document, read_bytes

HEAD = 'apiVersion: capgen/v1\nkind: Profile\nmetadata: {name: web}\nspec:\n  kubernetes: "1.34"\n'


def complaints(text: str) -> list[str]:
    """Return what is said of a profile, a line each."""
    (document,) = read_bytes(text.encode(), "web.yaml")
    assert isinstance(document, Document)
    with pytest.raises(InvalidProfileError) as caught:
        parse(document)
    return str(caught.value).splitlines()


# What stands below `spec:`, and what is said of it: line 6 is its first.
UNKNOWN_KEYS = {
    "rulse: {}": "6:3: `rulse` is no key here; did you mean `rules`?",
    "rules: {privilegd: false}": "6:11: `privilegd` is no key here; did you mean `privileged`?",
    "rules: {volumes: {alow: [secret]}}": "6:21: `alow` is no key here; did you mean `allow`?",
    "rules:\n    volumes:\n      allow: [secret]\n      unst: allow": (
        "9:7: `unst` is no key here; did you mean `unset`?"
    ),
    "rules: {procMount: {since: [{version: '1.30', alow: [Default]}]}}": (
        "6:49: `alow` is no key here; did you mean `allow`?"
    ),
    "match: {namespace: {}}": "6:11: `namespace` is no key here; did you mean `namespaces`?",
    "match: {namespaces: {exclud: [x]}}": (
        "6:24: `exclud` is no key here; did you mean `exclude`?"
    ),
    "match: {podSelector: {matchLabel: {}}}": (
        "6:25: `matchLabel` is no key here; did you mean `matchLabels`?"
    ),
    "match: {podSelector: {matchExpressions: [{key: a, operator: Exists, valus: []}]}}": (
        "6:71: `valus` is no key here; did you mean `values`?"
    ),
    "kubernets: x": "6:3: `kubernets` is no key here; did you mean `kubernetes`?",
}

UNKNOWN_WORDS = {
    "rules: {capabilities: {drop: [AL]}}": ("6:33: `AL` is not known here; did you mean `ALL`?"),
    "rules: {capabilities: {allow: [CHOWN, net_bind_service]}}": (
        "6:41: `net_bind_service` is not known here; did you mean `NET_BIND_SERVICE`?"
    ),
    "rules: {volumes: {allow: [secrets]}}": (
        "6:29: `secrets` is not known here; did you mean `secret`?"
    ),
    "rules: {seccompProfile: {allow: [RuntimeDefalt]}}": (
        "6:36: `RuntimeDefalt` is not known here; did you mean `RuntimeDefault`?"
    ),
    "rules: {procMount: {allow: [default]}}": (
        "6:31: `default` is not known here; did you mean `Default`?"
    ),
    "rules: {procMount: {allow: [Default], unless: [usrNamespace]}}": (
        "6:50: `usrNamespace` lifts no rule; did you mean `userNamespace`?"
        "; known: windows, userNamespace"
    ),
    "rules: {procMount: {allow: [Default], unset: alow}}": (
        "6:48: `unset` must be `allow` or `refuse`; found the text `alow`; did you mean `allow`?"
    ),
    "enforceOn: [pod]": (
        "6:15: `enforceOn[0]` must be `pods` or `controllers`; found the text `pod`"
        "; did you mean `pods`?"
    ),
    "enforcement: block": (
        "6:16: `enforcement` must be `deny` or `warn` or `audit`; found the text `block`"
    ),
    "match: {podSelector: {matchExpressions: [{key: a, operator: in}]}}": (
        "6:63: `operator` must be `In` or `NotIn` or `Exists` or `DoesNotExist`"
        "; found the text `in`; did you mean `In`?"
    ),
}

WRONG_TYPES = {
    "rules: []": "6:10: `rules` must be a mapping; found a list",
    "rules:": "6:9: `rules` must be a mapping; found null",
    "rules: {privileged: 0}": "6:23: `privileged` must be true or false; found `0`",
    'rules: {privileged: "no"}': "6:23: `privileged` must be true or false; found the text `no`",
    "rules: {privileged: {allow: false}}": "6:31: `allow` must be a list; found `false`",
    "rules: {capabilities: {drop: ALL}}": "6:32: `drop` must be a list; found the text `ALL`",
    "rules: {capabilities: [ALL]}": (
        "6:25: `capabilities` must be one value, or `{allow: [...]}`; found a list"
    ),
    "rules: {volumes: {allow: [3]}}": (
        "6:29: `allow[0]` must be text: quote it; found the number `3`"
    ),
    "match: {namespaces: [x]}": "6:23: `namespaces` must be a mapping; found a list",
    "match: {podSelector: {matchLabels: {a: 1}}}": (
        "6:42: `a` must be text: quote it; found the number `1`"
    ),
    "match: {namespaces: {exclude: [kube_*x]}}": (
        "6:34: `kube_*x` is no namespace; a `*` may stand at the end of a name only"
    ),
    "targets: vap": "6:12: `targets` must be a list; found the text `vap`",
    "loosens: [privileged]": "6:12: `loosens` must be a mapping; found a list",
    'loosens: {privileged: ""}': (
        "6:25: `privileged` must be a reason, in words; found the text ``"
    ),
    "accept: {docker: [volumes]}": "6:20: `docker` must be a mapping; found a list",
    "extends: [3]": "6:13: `extends[0]` must be text: quote it; found the number `3`",
}

BAD_RANGES = {
    "rules: {runAsUser: {ranges: [9-1]}}": "6:32: the range `9-1` runs backwards",
    "rules: {runAsUser: {ranges: [1-9, ten]}}": (
        "6:37: `ten` is no range; expected one like `5`, `1-9` or `1-`"
    ),
    "rules: {runAsUser: {ranges: [-5]}}": (
        "6:32: `-5` is no range; expected one like `5`, `1-9` or `1-`"
    ),
    "rules: {runAsUser: {ranges: ['1-9223372036854775808']}}": (
        "6:32: the range `1-9223372036854775808` goes beyond 9223372036854775807, the largest"
        " integer of the API"
    ),
}


@pytest.mark.parametrize("room", [UNKNOWN_KEYS, UNKNOWN_WORDS, WRONG_TYPES, BAD_RANGES])
def test_one_mistake(room: dict[str, str]) -> None:
    """One mistake is one complaint, at its place."""
    for text, said in room.items():
        assert complaints(f"{HEAD}  {text}\n") == [f"web.yaml:{said}"], text


KUBERNETES = {
    "1.30": "`kubernetes` must be text: quote it; found the number `1.3`",
    "34": "`kubernetes` must be text: quote it; found the number `34`",
    "latest": "`latest` is no Kubernetes minor version; expected one like `1.34`",
    '"1.99"': "Kubernetes `1.99` is newer than 1.37, the newest that capgen knows",
    '"1.36-1.30"': "the range `1.36-1.30` runs backwards",
    '"1.34.2"': "`1.34.2` is no Kubernetes minor version; expected one like `1.34`",
}


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes(version: str) -> None:
    """A version is text, known, and a range runs forwards."""
    text = HEAD.replace('"1.34"', version)
    assert complaints(text) == [f"web.yaml:5:15: {KUBERNETES[version]}"]


DOCUMENTS = {
    "3": ["1:1: `profile` must be a mapping; found `3`"],
    "[a]": ["1:1: `profile` must be a mapping; found a list"],
    HEAD.replace("capgen/v1", "capgen/v2"): [
        (
            "1:13: `apiVersion` must be `capgen/v1`; found the text `capgen/v2`"
            "; did you mean `capgen/v1`?"
        )
    ],
    HEAD.replace("kind: Profile", "kind: Pod"): [
        "2:7: `kind` must be `Profile` or `ProfileSet`; found the text `Pod`"
    ],
    HEAD.replace("name: web", "name: Web_1"): [
        "3:18: `Web_1` is no name: lower-case letters, digits and `-`, at most 63"
    ],
    HEAD.replace("name: web", f"name: {'a' * 64}"): [
        f"3:18: `{'a' * 64}` is no name: lower-case letters, digits and `-`, at most 63"
    ],
    HEAD.replace("name: web", "nam: web"): [
        "3:11: `name` is required here",
        "3:12: `nam` is no key here; did you mean `name`?",
    ],
    "apiVersion: capgen/v1\nkind: Profile\n": [
        "1:1: `metadata` is required here",
        "1:1: `spec` is required here",
    ],
}


@pytest.mark.parametrize("text", DOCUMENTS)
def test_documents(text: str) -> None:
    """What is no profile at all is told so."""
    assert complaints(text) == [f"web.yaml:{said}" for said in DOCUMENTS[text]]


def test_every_mistake_is_told() -> None:
    """Several mistakes are told together, in the order of the file."""
    text = "  rules:\n    privilegd: false\n    volumes: {allow: [secrets]}\n  enforcement: no\n"
    assert complaints(HEAD.replace("1.34", "1.99") + text) == [
        "web.yaml:5:15: Kubernetes `1.99` is newer than 1.37, the newest that capgen knows",
        "web.yaml:7:5: `privilegd` is no key here; did you mean `privileged`?",
        "web.yaml:8:23: `secrets` is not known here; did you mean `secret`?",
        "web.yaml:9:16: `enforcement` must be `deny` or `warn` or `audit`; found `false`",
    ]


def test_the_order_of_keys_is_nothing() -> None:
    """Two orders of the same keys are the same data, in the same order."""
    text = "  match: {podSelector: {matchLabels: {%s}}}\n  rules: {%s}\n"
    found = []
    for labels, rules in (
        ("a: v, b: w", "privileged: false, hostPID: false"),
        ("b: w, a: v", "hostPID: false, privileged: false"),
    ):
        (document,) = read_bytes((HEAD + text % (labels, rules)).encode(), "web.yaml")
        assert isinstance(document, Document)
        found.append(repr(parse(document).data))
    assert found[0] == found[1]
