"""What is wrong with exemptions, choices, readings and paths is said with its place."""

from __future__ import annotations

from datetime import date
from typing import Final

import pytest

from capgen.errors import CapgenError
from capgen.profile.library import find
from capgen.profile.resolve import resolve
from tests.profile.example import read
from tests.profile.test_schema import HEAD

TODAY: Final = date(2027, 3, 31)
_REST: Final = "reason: r, until: 2030-01-01"
_ONE: Final = "containers: [a], rules: [privileged]"
RULES: Final = "rules: {privileged: false, runAsUser: {ranges: ['5-'], default: 9}, hostPID: false}"
_READINGS: Final = "`reading` must be `declared` or `effective` or `both`"


def complaints(text: str, today: date = TODAY) -> list[str]:
    """Return what is said of a profile with such a line below `spec:`, which is line 6."""
    try:
        resolve(read(f"{HEAD}  {text}\n"), find, None, today)
    except CapgenError as error:
        return str(error).splitlines()
    return []


# The text on line 6, and what is said of it.
EXEMPT: Final = {
    "exempt: {}": ["6:11: `exempt` must be a list; found a mapping"],
    "exempt: [web]": ["6:12: `exempt[0]` must be a mapping; found the text `web`"],
    "exempt: [{}]": [
        "6:12: `rules` is required here",
        "6:12: `reason` is required here",
        "6:12: `until` is required here",
    ],
    f"exempt: [{{image: [a], rules: [privileged], {_REST}}}]": [
        "6:13: `image` is no key here; did you mean `images`?"
    ],
    f"exempt: [{{container: [a], rules: [privileged], {_REST}}}]": [
        "6:13: `container` is no key here; did you mean `containers`?"
    ],
    f"exempt: [{{images: a, rules: [privileged], {_REST}}}]": [
        "6:21: `images` must be a list; found the text `a`"
    ],
    f"exempt: [{{images: [a b], rules: [privileged], {_REST}}}]": [
        "6:22: `a b` is no image; expected one like `registry.example.com/app:*`"
    ],
    f"exempt: [{{images: [a, 3], rules: [privileged], {_REST}}}]": [
        "6:25: `images[1]` must be text: quote it; found the number `3`"
    ],
    f"exempt: [{{containers: [Web], rules: [privileged], {_REST}}}]": [
        "6:26: `Web` is no name: lower-case letters, digits and `-`, at most 63"
    ],
    f"exempt: [{{containers: [a], rules: [privilegd], {_REST}}}]": [
        "6:38: `privilegd` is not known here; did you mean `privileged`?"
    ],
    f"exempt: [{{containers: [a], rules: privileged, {_REST}}}]": [
        "6:37: `rules` must be a list; found the text `privileged`"
    ],
    f"exempt: [{{rules: [privileged], {_REST}}}]": [
        "6:12: an exemption names `images` or `containers`: for all containers take the rule out"
    ],
    f"exempt: [{{images: [], containers: [], rules: [privileged], {_REST}}}]": [
        "6:12: an exemption names `images` or `containers`: for all containers take the rule out"
    ],
    f"exempt: [{{{_ONE}, until: 2030-01-01}}]": ["6:12: `reason` is required here"],
    f"exempt: [{{{_ONE}, reason: '', until: 2030-01-01}}]": [
        "6:59: `reason` must be a reason, in words; found the text ``"
    ],
    f"exempt: [{{{_ONE}, reason: 3, until: 2030-01-01}}]": [
        "6:59: `reason` must be text: quote it; found the number `3`"
    ],
    f"exempt: [{{{_ONE}, reason: r}}]": ["6:12: `until` is required here"],
    f"exempt: [{{{_ONE}, reason: r, until: 20300101}}]": [
        "6:69: `until` must be text: quote it; found the number `20300101`"
    ],
    f"exempt: [{{{_ONE}, reason: r, until: 2030-02-30}}]": [
        "6:69: `2030-02-30` is no day; expected one like `2027-03-31`"
    ],
    f"exempt: [{{{_ONE}, reason: r, until: never}}]": [
        "6:69: `never` is no day; expected one like `2027-03-31`"
    ],
}
CONTAINERS: Final = {
    "containers: []": ["6:15: `containers` must be a mapping; found a list"],
    "containers: {Web: {runAsUser: 1}}": [
        "6:21: `Web` is no name: lower-case letters, digits and `-`, at most 63"
    ],
    "containers: {web: 1}": ["6:21: `web` must be a mapping; found `1`"],
    "containers: {web: {runAsUsr: 1}}": [
        "6:22: `runAsUsr` is no key here; did you mean `runAsUser`?"
    ],
    "containers: {web: {hostPID: false}}": [
        (
            "6:22: `hostPID` is no key here; expected `privileged`, `allowPrivilegeEscalation`,"
            " `readOnlyRootFilesystem`, `capabilities`, `runAsNonRoot`, `runAsUser`, `runAsGroup`,"
            " `seLinuxOptions`, `seccompProfile`, `appArmorProfile`, `procMount`, `hostProcess`,"
            " `windowsOptions`"
        )
    ],
    "containers: {web: {privileged: 1}}": ["6:34: `privileged` must be true or false; found `1`"],
    "containers: {web: {capabilities: {add: [CHOWNN]}}}": [
        "6:43: `CHOWNN` is not known here; did you mean `CHOWN`?"
    ],
    "containers: {web: {capabilities: {drop: [ALL]}}}": [
        "6:36: `add` is required here",
        "6:37: `drop` is no key here; expected `add`",
    ],
    "containers: {web: {seccompProfile: Runtimedefault}}": [
        "6:38: `Runtimedefault` is not known here; did you mean `RuntimeDefault`?"
    ],
    "containers: {web: {runAsUser: 5}}": [
        "6:33: `runAsUser` is chosen for `web`, but no rule of this name is set"
    ],
}
KEYS: Final = {
    "mutate: 1": ["6:11: `mutate` must be true or false; found `1`"],
    'mutate: "true"': ["6:11: `mutate` must be true or false; found the text `true`"],
    "mutat: true": ["6:3: `mutat` is no key here; did you mean `mutate`?"],
    "reading: efective": [
        f"6:12: {_READINGS}; found the text `efective`; did you mean `effective`?"
    ],
    "rules: {runAsUser: {ranges: ['1-'], reading: bth}}": [
        f"6:48: {_READINGS}; found the text `bth`; did you mean `both`?"
    ],
    "rules: {seccompProfile: {allow: ['Localhost:']}}": [
        "6:36: `Localhost:` names no profile; expected one like `Localhost:profiles/*`"
    ],
    "rules: {seccompProfile: {allow: ['Localhost:../x']}}": [
        "6:36: `Localhost:../x` names no profile; expected one like `Localhost:profiles/*`"
    ],
    "rules: {appArmorProfile: {allow: ['localhost/x']}}": [
        "6:37: `localhost/x` is not known here; did you mean `Localhost`?"
    ],
    "rules: {seccompProfile: {allow: ['RuntimeDefault:x']}}": [
        "6:36: `RuntimeDefault:x` is not known here; did you mean `RuntimeDefault`?"
    ],
    "rules: {hostPath: {allow: [var]}}": [
        "6:30: `var` is no prefix; expected an absolute path without `..`"
    ],
    "rules: {hostPath: {allow: [/var/../etc]}}": [
        "6:30: `/var/../etc` is no prefix; expected an absolute path without `..`"
    ],
    "rules: {hostPath: {allow: [{path: /var}]}}": [
        "6:30: `prefix` is required here",
        "6:31: `path` is no key here; expected `prefix`, `readOnly`",
    ],
    "rules: {hostPath: {allow: [{prefix: /var, readonly: true}]}}": [
        "6:45: `readonly` is no key here; did you mean `readOnly`?"
    ],
    "rules: {hostPath: {allow: [{prefix: /var, readOnly: 1}]}}": [
        "6:55: `readOnly` must be true or false; found `1`"
    ],
    "rules: {hostPath: {allow: [/var], default: /var}}": [
        "6:10: `hostPath` takes no `default`: it judges what a pod lists, and has no field to set"
    ],
    "rules: {capabilities: {allow: [ALL], allcovers: true}}": [
        "6:40: `allcovers` is no key here; did you mean `allCovers`?"
    ],
    "rules: {capabilities: {allow: [ALL], allCovers: 1}}": [
        "6:51: `allCovers` must be true or false; found `1`"
    ],
    "rules: {privileged: {allow: [false], allCovers: true}}": [
        (
            "6:40: `allCovers` is no key here;"
            " expected `since`, `allow`, `unset`, `unless`, `reading`, `default`"
        )
    ],
    "rules: {capabilities: {allow: [CHOWN], add: [KILL]}}": [
        "6:10: `capabilities`: the default `[KILL]` is not allowed; allowed is CHOWN or unset"
    ],
    "rules: {capabilities: {allCovers: true}}": [
        "6:25: the rule `capabilities` says nothing; expected one of `allow`, `drop`"
    ],
}
# With the rules on line 6, what stands on line 7.
WITH_RULES: Final = {
    f"exempt: [{{containers: [a], rules: [privileged, procMount], {_REST}}}]": [
        "7:50: `procMount` is exempt, but no rule of this name is set"
    ],
    f"exempt: [{{containers: [a], rules: [hostPID], {_REST}}}]": [
        "7:38: `hostPID` judges the pod, not its containers: none can be exempt from it"
    ],
    f"exempt: [{{{_ONE}, {_REST}}}, {{{_ONE}, reason: r, until: 2027-03-30}}]": [
        "7:139: the exemption ended on `2027-03-30`: take it out, or give it a new end"
    ],
    "containers: {web: {procMount: Default}}": [
        "7:33: `procMount` is chosen for `web`, but no rule of this name is set"
    ],
    "containers: {web: {}, db: {runAsUser: 4}}": [
        "7:29: `runAsUser`: the default `4` is not allowed; allowed is at least 5 or unset"
    ],
    "containers: {db: {privileged: true}}": [
        "7:20: `privileged`: the default `true` is not allowed; allowed is false or unset"
    ],
}


@pytest.mark.parametrize("text", EXEMPT | CONTAINERS | KEYS)
def test_one_mistake(text: str) -> None:
    """What was written, what was expected, and the nearest name, at its place."""
    expected = (EXEMPT | CONTAINERS | KEYS)[text]
    assert complaints(text) == [f"web.yaml:{said}" for said in expected]


@pytest.mark.parametrize("text", WITH_RULES)
def test_one_mistake_beside_rules(text: str) -> None:
    """What does not go together with the rules is told where it stands."""
    found = complaints(f"{RULES}\n  {text}")
    assert found == [f"web.yaml:{said}" for said in WITH_RULES[text]]


def test_the_last_day() -> None:
    """An exemption holds on the day that it names, and is an error from the next."""
    text = f"{RULES}\n  exempt: [{{{_ONE}, reason: r, until: 2027-03-31}}]"
    assert complaints(text, date(2027, 3, 31)) == []
    assert complaints(text, date(2027, 4, 1)) == [
        "web.yaml:7:69: the exemption ended on `2027-03-31`: take it out, or give it a new end"
    ]
    assert complaints(text, date(2028, 1, 1)) != []
