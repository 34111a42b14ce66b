"""Random profiles of the catalogue's settings, and random requests near what they allow.

Small on purpose: few values, so that two profiles often speak of the same. Requests are such as the
Kubernetes API takes; their verdicts come from the interpreter alone.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from capgen.errors import ProfileError
from capgen.policy.admit import Operation, Request
from capgen.policy.annotations import SCHEMES, Annotation
from capgen.policy.catalogue import CATALOGUE, Ask, Entry
from capgen.policy.profile import Profile
from capgen.policy.rules import build, resolve_symbols
from capgen.policy.subjects import ACCOUNT_PATH, EACH, Field, HandlerHosts, HostPaths, VolumeTypes
from capgen.policy.values import Kind
from capgen.policy.workload import workload_of

if TYPE_CHECKING:
    from random import Random

Data = dict[str, Any]

# Rules whose subjects hang together: a profile takes its rules from few of these.
CLUSTERS: Final[tuple[tuple[str, ...], ...]] = (
    ("privileged", "hostPID", "procMount", "hostUsers"),
    ("capabilities", "hostUsers"),
    ("runAsNonRoot", "runAsUser", "hostUsers"),
    ("supplementalGroups", "fsGroup", "supplementalGroupsPolicy", "sysctls"),
    ("seLinuxOptions", "seLinuxChangePolicy"),
    ("seccompProfile", "hostUsers"),
    ("appArmorProfile", "hostUsers"),
    ("hostNetwork", "hostPorts"),
    ("hostProbes", "hostProcess", "windowsOptions", "runtimeClassName"),
    ("volumes", "hostPath", "flexVolumes", "csiDrivers", "automountServiceAccountToken"),
)
SPANS: Final = (
    *(range(minor, minor + 1) for minor in (15, 19, 20, 24, 27, 28, 30, 34)),
    range(17, 20),
    range(25, 29),
    range(19, 23),
    range(29, 31),
    range(15, 35),
)
_TYPES: Final = ("configMap", "emptyDir", "hostPath", "projected", "secret", "csi", "flexVolume")
_PATHS: Final = ("/", "/var", "/var/log", "/var/logs", "/srv")
_LOCAL: Final = ("Localhost:a", "Localhost:a*", "Localhost:*b", "Localhost:a/*")
_NUMBERS: Final = (0, 1, 2, 5, 6, 80, 65535)
_TEXTS: Final[dict[str | None, tuple[str, ...]]] = {
    "profiles": ("RuntimeDefault", "Unconfined", "Localhost", *_LOCAL),
    "procMounts": ("Default", "Unmasked"),
    "groupsPolicies": ("Merge", "Strict"),
    "changePolicies": ("Always", "OnRootMismatch"),
    "seLinuxChangePolicies": ("MountOption", "Recursive"),
    "capabilities": ("ALL", "NET_RAW", "CHOWN"),
    "volumes": _TYPES,
    None: ("a", "b", "a*", "net.*", "net.a", "*.a", "net/a", "safe", "container"),
}


def some(chance: Random, values: tuple[Any, ...]) -> list[Any]:
    """Return some of the values, in any order; often few."""
    return chance.sample(values, chance.choice((0, 1, 1, 2, 2, min(3, len(values)), len(values))))


def profile(chance: Random, cluster: tuple[str, ...], span: range) -> Profile:
    """Return a profile of random rules of a cluster, at some versions."""
    ids = {*some(chance, cluster), chance.choice(cluster)}
    entries = [entry for entry in CATALOGUE if entry.id in ids]
    rules = tuple(build(entry, _settings(chance, entry, span), span) for entry in entries)
    return Profile("made", "", span, rules)


def near(chance: Random, one: Profile) -> Profile:
    """Return the profile with one thing changed: a setting, a rule less, or its versions."""
    rules = list(one.rules)
    if not rules:
        return one
    place = chance.randrange(len(rules))
    what = chance.random()
    if what < 0.1:
        del rules[place]
    elif what < 0.9:
        rule = rules[place]
        settings = dict(rule.settings)
        drawn = _settings(chance, rule.entry, one.minors)
        key = chance.choice([*settings, *drawn])
        settings.pop(key, None)
        if key in drawn:
            settings[key] = drawn[key]
        with suppress(ProfileError):
            rules[place] = build(rule.entry, settings, one.minors)
    span = chance.choice(SPANS) if what >= 0.8 else one.minors
    return one._replace(rules=tuple(rules), minors=span)


def _settings(chance: Random, entry: Entry, span: range) -> Data:
    keys = list(dict.fromkeys(part.key for part in entry.parts))
    chosen = {*chance.sample(keys, chance.randint(1, len(keys))), keys[0]}
    settings: Data = {}
    for part in entry.parts:
        if part.key in chosen and part.key not in settings:
            settings[part.key] = _listed(chance, part.ask, part.subject, part.known, part.symbols)
    if any(part.cover for part in entry.parts) and chance.random() < 0.5:
        settings["allCovers"] = True
    silent = any(
        isinstance(part.subject, (VolumeTypes, HandlerHosts, HostPaths))
        or (isinstance(part.subject, Field) and EACH in part.subject.path[:-1])
        for part in entry.parts
    )
    if not silent and chance.random() < 0.5:
        settings["unset"] = chance.choice(("allow", "refuse"))
    if chance.random() < 0.3:
        settings["unless"] = chance.choice(
            (["windows"], ["userNamespace"], ["windows", "userNamespace"])
        )
    if chance.random() < 0.6:
        settings["reading"] = chance.choice(("declared", "effective", "both"))
    return resolve_symbols(entry, settings, span[0])


def _listed(
    chance: Random, ask: Ask, subject: object, known: str | None, symbols: str | None
) -> list[Any]:
    if ask is Ask.IN_RANGES:
        return [_range(chance) for _ in range(chance.choice((0, 1, 1, 2)))]
    if ask in (Ask.UNDER, Ask.UNDER_WRITABLE):
        return [
            {"prefix": path, "readOnly": True} if chance.random() < 0.5 else path
            for path in some(chance, _PATHS)
        ]
    if getattr(subject, "kind", Kind.BOOL) is Kind.BOOL and known is None:
        return some(chance, ("a", "b") if isinstance(subject, HandlerHosts) else (True, False))
    texts = _TEXTS[known]
    if known is None and symbols is None:
        texts = ("a", "b")
    return some(chance, texts)


def _range(chance: Random) -> str:
    low = chance.choice(_NUMBERS)
    high = chance.choice(_NUMBERS)
    return f"{low}-" if high < low else f"{low}-{high}"


class Pool:
    """Random requests for some profiles' rules."""

    def __init__(self, chance: Random, cluster: tuple[str, ...]) -> None:
        """Take note of which rules are judged."""
        self.chance = chance
        self.entries = [entry for entry in CATALOGUE if entry.id in cluster]
        self.ids = {entry.id for entry in self.entries}

    def request(self) -> Request:
        """Return a random request."""
        chance = self.chance
        spec: Data = {}
        system = chance.choice((None, None, None, "linux", "windows"))
        if system:
            spec["os"] = {"name": system}
        users = chance.choice((None, None, True, False))
        if users is not None:
            spec["hostUsers"] = users
        notes: Data = {}
        names = ["web", "side", "setup"][: chance.randint(1, 3)]
        made = [self._container(name, notes, windows=system == "windows") for name in names]
        spec["containers"] = made[:2]
        if made[2:]:
            spec["initContainers"] = made[2:]
        self._pod_level(spec, notes, windows=system == "windows")
        metadata = {"annotations": notes} if notes else {}
        pod = {"metadata": metadata, "spec": spec}
        automount = chance.random() < 0.7
        kind = chance.random()
        if kind < 0.2:
            added = self._container("debugger", notes, windows=system == "windows")
            for key in ("ports", "livenessProbe", "lifecycle"):
                added.pop(key, None)
            pod["metadata"] = {"annotations": notes}
            grown = {**pod, "spec": {**spec, "ephemeralContainers": [added]}}
            return Request(
                grown,
                operation=Operation.UPDATE,
                old_object=pod,
                subresource="ephemeralcontainers",
                automount=automount,
            )
        if kind < 0.45:
            owner = workload_of("apps/v1", "Deployment")
            assert owner is not None
            return Request({"spec": {"template": pod}}, owner)
        return Request(pod, automount=automount)

    def _pod_level(self, spec: Data, notes: Data, *, windows: bool) -> None:
        chance = self.chance
        for field in self._fields():
            if field.level.name == "CONTAINER" or (windows and field.linux and len(field.path) > 1):
                continue
            if windows and field.linux and field.path != ("hostNetwork",):
                continue
            if field.path[0] in ("volumes", "hostUsers"):
                continue
            self._set(spec, field)
        seccomp = SCHEMES[Annotation.SECCOMP].pod
        if "seccompProfile" in self.ids and seccomp and chance.random() < 0.4:
            field = spec.get("securityContext", {}).get("seccompProfile")
            notes[seccomp] = self._note(Annotation.SECCOMP, field)
        if "volumes" in self.ids:
            self._volumes(spec)

    def _container(self, name: str, notes: Data, *, windows: bool) -> Data:
        chance = self.chance
        container: Data = {"name": name, "image": "i"}
        for field in self._fields():
            if field.level.name == "POD" or (windows and field.linux):
                continue
            if field.path[0] == "ports":
                container["ports"] = [self._port() for _ in range(chance.randint(0, 2))]
            else:
                self._set(container, field)
        for scheme in Annotation:
            rule = {Annotation.SECCOMP: "seccompProfile", Annotation.APPARMOR: "appArmorProfile"}
            if rule[scheme] in self.ids and chance.random() < 0.4:
                field = container.get("securityContext", {}).get(rule[scheme])
                notes[SCHEMES[scheme].prefix + name] = self._note(scheme, field)
        if "hostProbes" in self.ids and chance.random() < 0.5:
            host = chance.choice(("a", "b", "", "c"))
            key = chance.choice(("livenessProbe", "lifecycle"))
            handler = {"httpGet": {"port": 80, "host": host}}
            container[key] = handler if key == "livenessProbe" else {"preStop": handler}
        return container

    def _port(self) -> Data:
        port = {"containerPort": self.chance.choice((1, 2, 5, 6, 80, 81, 65535))}
        if self.chance.random() < 0.5:
            port["hostPort"] = self.chance.choice((0, port["containerPort"]))
        return port

    def _note(self, scheme: Annotation, field: Data | None) -> str:
        if field is not None:
            kind = field["type"]
            named = f"localhost/{field.get('localhostProfile')}"
            return {"RuntimeDefault": "runtime/default", "Unconfined": "unconfined"}.get(
                kind, named
            )
        texts = ["runtime/default", "unconfined", "localhost/a", "localhost/b", "localhost/ab"]
        texts += ["localhost/", "localhost/a/b", "strange"]
        if scheme is Annotation.SECCOMP:
            texts.append("docker/default")
        return self.chance.choice(texts)

    def _volumes(self, spec: Data) -> None:
        chance = self.chance
        wish = chance.choice((None, None, True, False))
        if wish is not None:
            spec["automountServiceAccountToken"] = wish
        volumes = []
        for number in range(chance.randint(0, 3)):
            kind = chance.choice((*_TYPES, "hostPath", "nfs", None))
            name = f"v{number}" if chance.random() < 0.9 else f"kube-api-access-{number}"
            volume: Data = {"name": name}
            if kind == "hostPath":
                volume[kind] = {
                    "path": chance.choice(
                        (*_PATHS, "/var/", "/varx", "/var/x", "/var/log/x", "/other", "srv")
                    )
                }
            elif kind in ("csi", "flexVolume"):
                volume[kind] = {"driver": chance.choice(("a", "b", "c"))}
            elif kind is not None:
                volume[kind] = {}
            volumes.append(volume)
            for container in (*spec["containers"], *spec.get("initContainers", ())):
                if chance.random() < 0.5:
                    own = chance.random() < 0.1
                    mount: Data = {
                        "name": name,
                        "mountPath": ACCOUNT_PATH if own else f"/m{number}",
                    }
                    if chance.random() < 0.5:
                        mount["readOnly"] = chance.random() < 0.7
                    container.setdefault("volumeMounts", []).append(mount)
        if volumes:
            spec["volumes"] = volumes

    def _fields(self) -> list[Field]:
        return list(
            dict.fromkeys(
                part.subject
                for entry in self.entries
                for part in entry.parts
                if isinstance(part.subject, Field)
            )
        )

    def _set(self, struct: Data, field: Field) -> None:
        chance = self.chance
        if chance.random() < 0.5:
            return
        *parents, last = field.path
        if "*" in field.path:
            at = field.path.index("*")
            items = [self._value(field) for _ in range(chance.randint(0, 2))]
            if field.path[at + 1 :]:
                items = [{last: item, "value": "0"} for item in items]
            parents, last = list(field.path[: at - 1]), field.path[at - 1]
            value: object = items
        else:
            value = self._value(field)
        for step in parents:
            struct = struct.setdefault(step, {})
        if field.detail is not None:
            kind, _, name = str(value).partition(":")
            struct[last] = kind
            if kind == "Localhost":
                struct[field.detail] = name
        else:
            struct[last] = value

    def _value(self, field: Field) -> object:
        chance = self.chance
        if field.detail is not None:
            names = ("a", "ab", "b", "a/b", "c")
            return chance.choice(
                ("RuntimeDefault", "Unconfined", *(f"Localhost:{name}" for name in names))
            )
        match field.kind:
            case Kind.BOOL:
                return chance.choice((True, False))
            case Kind.INT:
                return chance.choice((0, 1, 2, 3, 5, 6, 7, 80, 81, 65535, 65536))
            case Kind.STRINGS:
                return some(chance, ("ALL", "NET_RAW", "CHOWN", "KILL"))
            case Kind.STRING:
                known = next(
                    part.known
                    for entry in self.entries
                    for part in entry.parts
                    if part.subject == field
                )
                if known is None:
                    return chance.choice(
                        ("a", "b", "c", "net.a", "net.b", "x.a", "net.x.a", "net/a", "kernel.x",
                         "container_t", "ab")
                    )  # fmt: skip
                return chance.choice(_TEXTS[known])
