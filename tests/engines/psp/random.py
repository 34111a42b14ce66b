"""Random PodSecurityPolicies of every field, as the API would store them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.engines.psp import objects as psp_objects

if TYPE_CHECKING:
    import random

    from tests.engines.rest import Object

# How often a field forbids nothing: else nearly every pod would be denied for something.
_LENIENT: Final = 0.6
# How often profiles are listed: a list refuses every pod that asks for none, as most do.
_LISTED: Final = 0.15
_SECCOMP: Final = "seccomp.security.alpha.kubernetes.io"
_APPARMOR: Final = "apparmor.security.beta.kubernetes.io"
_RANGES: Final = (
    [{"min": 0, "max": 0}],
    [{"min": 1, "max": 65535}],
    [{"min": 1, "max": 9}, {"min": 10_000, "max": 60_000}],
    [{"min": 10_001, "max": 10_001}, {"min": 0, "max": 100}],
)
_CAPABILITIES: Final = ("ALL", "CHOWN", "KILL", "NET_BIND_SERVICE", "NET_RAW", "SYS_ADMIN")
_VOLUMES: Final = (
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "flexVolume", "hostPath"),
    *("persistentVolumeClaim", "projected", "secret"),
)
_PATHS: Final = ("/", "/data", "/data/", "/tmp", "/var/log", "/var/log/app")  # noqa: S108
_PORTS: Final = ({"min": 0, "max": 80}, {"min": 8000, "max": 8080}, {"min": 443, "max": 443})
_SYSCTLS: Final = ("kernel.msg*", "kernel.sem", "net.core.somaxconn", "net.ipv4.*", "net.ipv6.*")
_DRIVERS: Final = ("csi.example.com", "other.example.com")
_SELINUX: Final = (
    {"level": "s0"},
    {"level": "s0:c1,c2"},
    {"type": "container_t"},
    {"user": "u", "role": "r", "type": "container_t", "level": "s0:c1,c2"},
)
_SECCOMP_NAMES: Final = (
    "runtime/default",
    "docker/default",
    "unconfined",
    "localhost/profiles/web.json",
)
_APPARMOR_NAMES: Final = ("runtime/default", "localhost/web-1", "unconfined")


def random_policy(name: str, chance: random.Random) -> Object:
    """Return a policy of a name; the same one for the same state of chance."""
    made = psp_objects.policy(name, **_host(chance), **_volumes(chance))
    made["spec"] |= _ids(chance) | _escalation(chance) | _capabilities(chance) | _sysctls(chance)
    if chance.random() >= _LENIENT:
        made["spec"]["readOnlyRootFilesystem"] = True
    if chance.random() >= _LENIENT:
        made["spec"]["allowedProcMountTypes"] = _some(chance, ("Default", "Unmasked"))
    if chance.random() >= _LENIENT:
        allowed = chance.choice((["*"], ["gvisor"], ["gvisor", "kata"]))
        made["spec"]["runtimeClass"] = {"allowedRuntimeClassNames": allowed}
        if chance.random() < _LENIENT:
            made["spec"]["runtimeClass"]["defaultRuntimeClassName"] = "gvisor"
    made["metadata"]["annotations"] = _profiles(chance)
    return made


def _host(chance: random.Random) -> Object:
    names = ("privileged", "hostNetwork", "hostPID", "hostIPC")
    found: Object = {name: True for name in names if chance.random() < _LENIENT}
    if chance.random() < _LENIENT:
        found["hostPorts"] = [{"min": 0, "max": 65_535}]
    else:
        found["hostPorts"] = _some(chance, _PORTS)
    return found


def _volumes(chance: random.Random) -> Object:
    found: Object = {}
    if chance.random() >= _LENIENT:
        # Without it every pod that is given a token would be denied.
        found["volumes"] = sorted({"projected", *_some(chance, _VOLUMES)})
    if chance.random() >= _LENIENT:
        found["allowedHostPaths"] = [
            {"pathPrefix": path} | ({"readOnly": True} if chance.random() < _LENIENT else {})
            for path in _some(chance, _PATHS)
        ]
    if chance.random() >= _LENIENT:
        found["allowedFlexVolumes"] = [{"driver": "example.com/driver"}]
    if chance.random() >= _LENIENT:
        found["allowedCSIDrivers"] = [{"name": name} for name in _some(chance, _DRIVERS)]
    return found


def _ids(chance: random.Random) -> Object:
    found: Object = {}
    for field, rules in (
        ("runAsUser", ("MustRunAs", "MustRunAsNonRoot")),
        ("runAsGroup", ("MustRunAs", "MayRunAs")),
        ("supplementalGroups", ("MustRunAs", "MayRunAs")),
        ("fsGroup", ("MustRunAs", "MayRunAs")),
    ):
        if chance.random() >= _LENIENT:
            rule = chance.choice(rules)
            ranged: Object = {} if rule.endswith("NonRoot") else {"ranges": chance.choice(_RANGES)}
            found[field] = {"rule": rule, **ranged}
    if chance.random() >= _LENIENT:
        options = dict(chance.choice(_SELINUX))
        found["seLinux"] = {"rule": "MustRunAs", "seLinuxOptions": options}
    return found


def _escalation(chance: random.Random) -> Object:
    # The API takes no default of true where escalation is forbidden.
    return dict(
        chance.choice(
            (
                {},
                {"allowPrivilegeEscalation": True},
                {"allowPrivilegeEscalation": False},
                {"defaultAllowPrivilegeEscalation": False},
                {"defaultAllowPrivilegeEscalation": True},
            )
        )
    )


def _capabilities(chance: random.Random) -> Object:
    if chance.random() < _LENIENT / 2:
        return {"allowedCapabilities": ["*"]}
    # The API takes no policy that drops what it adds or allows.
    drop: list[str] = []
    add: list[str] = []
    allow: list[str] = []
    for name in _CAPABILITIES:
        into: list[list[str]] = chance.choice(([], [], [drop], [add], [allow], [add, allow]))
        for each in into:
            each.append(name)
    named = {
        "requiredDropCapabilities": drop,
        "defaultAddCapabilities": add if chance.random() >= _LENIENT else [],
        "allowedCapabilities": allow,
    }
    return {key: value for key, value in named.items() if value}


def _sysctls(chance: random.Random) -> Object:
    if chance.random() < _LENIENT / 2:
        return {"allowedUnsafeSysctls": ["*"]}
    # The API takes no list that overlaps with the other.
    listed = _some(chance, _SYSCTLS)
    cut = chance.randrange(len(listed) + 1)
    named = {"allowedUnsafeSysctls": listed[:cut], "forbiddenSysctls": listed[cut:]}
    return {key: value for key, value in named.items() if value}


def _profiles(chance: random.Random) -> dict[str, str]:
    found: dict[str, str] = {}
    for prefix, names, everything in (
        (_SECCOMP, _SECCOMP_NAMES, "*"),
        (_APPARMOR, _APPARMOR_NAMES, None),
    ):
        if chance.random() < _LISTED:
            found[f"{prefix}/allowedProfileNames"] = ",".join(_some(chance, names))
        elif everything is not None and chance.random() < _LENIENT:
            found[f"{prefix}/allowedProfileNames"] = everything
        if chance.random() >= _LENIENT:
            found[f"{prefix}/defaultProfileName"] = chance.choice(names)
    return found


def _some(chance: random.Random, values: Any) -> list[Any]:  # noqa: ANN401 - any sequence
    """Return at least one of some values, in an order of chance."""
    return chance.sample(values, chance.randint(1, len(values)))
