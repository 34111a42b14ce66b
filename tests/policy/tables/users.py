"""Rules on who a container's process is."""

from __future__ import annotations

from typing import Final

from tests.pods import DROP

from .cases import BASELINE, RESTRICTED, Changes, Table, allows, refuses, unset

_POD_ROOT = "securityContext.runAsNonRoot"
_ROOT = "*.securityContext.runAsNonRoot"
_LISTED = ("initContainers.0", "containers.0", "containers.1")
_ALL_NON_ROOT: Changes = {f"{place}.securityContext.runAsNonRoot": True for place in _LISTED}
_OWN_USERS: Changes = {"hostUsers": False}

NON_ROOT: Final = Table(
    "runAsNonRoot",
    "check_runAsNonRoot.go",
    (
        unset("105", {_POD_ROOT: DROP}, RESTRICTED, allowed=False),
        unset("105", {_POD_ROOT: None}, RESTRICTED, allowed=False),
        unset("83, 105", {"securityContext.runAsNonRoot": None, _ROOT: None}, BASELINE),
        unset("103-109", {_ROOT: DROP}, RESTRICTED),
        unset("103-109", {_ROOT: None}, RESTRICTED),
        unset("97-99", {_POD_ROOT: DROP} | _ALL_NON_ROOT, RESTRICTED),
        unset(
            "104-107", {_POD_ROOT: DROP} | _ALL_NON_ROOT | {_ROOT: DROP}, RESTRICTED, allowed=False
        ),
        allows("86", {_POD_ROOT: True}),
        allows("97-99", {_ROOT: True}),
        allows("46-47", {_POD_ROOT: False}, BASELINE),
        allows("46-47", {_ROOT: False}, BASELINE),
        refuses("84", {_POD_ROOT: False}, RESTRICTED),
        # Every container overrides the pod, and the pod is refused.
        refuses("84-85", {_POD_ROOT: False} | _ALL_NON_ROOT, RESTRICTED),
        refuses("99", {_ROOT: False}, RESTRICTED),
        refuses("99", {_POD_ROOT: DROP} | _ALL_NON_ROOT | {_ROOT: False}, RESTRICTED),
        refuses("59-63", {_POD_ROOT: False} | _OWN_USERS, RESTRICTED, until=34),
        refuses("59-63", {_ROOT: False} | _OWN_USERS, RESTRICTED, until=34),
        allows("71-73", {_POD_ROOT: False} | _OWN_USERS, RESTRICTED, since=35),
        allows("71-73", {_ROOT: False} | _OWN_USERS, RESTRICTED, since=35),
        unset("71-73", {_POD_ROOT: DROP} | _OWN_USERS, RESTRICTED, since=35),
        refuses("71", {_POD_ROOT: False, "hostUsers": True}, RESTRICTED),
        refuses("71", {_POD_ROOT: False, "hostUsers": None}, RESTRICTED),
        refuses("78-145", {_POD_ROOT: False, "os.name": "windows"}, RESTRICTED),
        # A user that is not root says nothing of runAsNonRoot.
        refuses("97-108", {_POD_ROOT: DROP, "securityContext.runAsUser": 1000}, RESTRICTED),
    ),
)

_POD_USER = "securityContext.runAsUser"
_USER = "*.securityContext.runAsUser"

USER: Final = Table(
    "runAsUser",
    "check_runAsUser.go",
    (
        unset("83", {}),
        unset("83", {_POD_USER: None}),
        unset("91", {_USER: None}),
        allows("83", {_POD_USER: 1}),
        allows("83", {_POD_USER: 2**63 - 1}),
        allows("91", {_USER: 1}),
        allows("91", {_USER: 65534}),
        allows("83, 91", {_POD_USER: 1000, _USER: 2000}),
        allows("47", {_POD_USER: 0}, BASELINE),
        allows("47", {_USER: 0}, BASELINE),
        allows("58", {_POD_USER: 0}, RESTRICTED, until=22),
        allows("58", {_USER: 0}, RESTRICTED, until=22),
        refuses("83", {_POD_USER: 0}, RESTRICTED, since=23),
        refuses("91", {_USER: 0}, RESTRICTED, since=23),
        refuses("91", {_POD_USER: 1000, _USER: 0}, RESTRICTED, since=23),
        refuses(
            "83-84",
            {_POD_USER: 0} | {f"{place}.securityContext.runAsUser": 1000 for place in _LISTED},
            RESTRICTED,
            since=23,
        ),
        refuses("58-60", {_USER: 0} | _OWN_USERS, RESTRICTED, since=23, until=34),
        allows("72-74", {_USER: 0} | _OWN_USERS, RESTRICTED, since=35),
        allows("72-74", {_POD_USER: 0} | _OWN_USERS, RESTRICTED, since=35),
        refuses("72", {_USER: 0, "hostUsers": True}, RESTRICTED, since=23),
        refuses("79-116", {_USER: 0, "os.name": "windows"}, RESTRICTED, since=23),
        # Groups are nobody's business here.
        allows("79-116", {"securityContext.runAsGroup": 0, "securityContext.fsGroup": 0}),
    ),
)

TABLES: Final = (NON_ROOT, USER)
