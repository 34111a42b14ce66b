"""Judges syscalls by a seccomp profile, as a process in a container would see them.

Two readers understand such a profile differently, and both are here. Docker's format has `archMap`,
and `includes` and `excludes` of a rule, which are resolved before the runtime sees anything (see
`github.com/moby/profiles/seccomp`). containerd, which reads the profiles of Kubernetes, knows the
OCI format alone: there these keys have no effect, without a word. runc then makes libseccomp build
the filter (see its `libcontainer/seccomp`), and an interpreter of it gives the verdicts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from tests.engines.kernel import bpf, libseccomp
from tests.engines.kernel.libseccomp import Condition, RefusedError, Rule
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tests.engines.rest import Object

Reader: TypeAlias = Literal["docker", "oci"]

# How the filter's 32 bits say an action; those of the second kind carry 16 bits more.
_PLAIN: Final = {
    "SCMP_ACT_KILL_PROCESS": 0x80000000,
    "SCMP_ACT_KILL_THREAD": 0,
    "SCMP_ACT_KILL": 0,
    "SCMP_ACT_TRAP": 0x00030000,
    "SCMP_ACT_NOTIFY": 0x7FC00000,
    "SCMP_ACT_LOG": 0x7FFC0000,
    "SCMP_ACT_ALLOW": 0x7FFF0000,
}
_WITH_NUMBER: Final = {"SCMP_ACT_ERRNO": 0x00050000, "SCMP_ACT_TRACE": 0x7FF00000}
_NAMES: Final = {bits: name for name, bits in _PLAIN.items() if name != "SCMP_ACT_KILL"}
_EPERM: Final = 1
# With one of these as default, runc lets newer syscalls reach the kernel or the tracer.
_PERMISSIVE: Final = ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE")
_OPERATORS: Final = ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ")
# Names of Go, which `arches` holds, by those of libseccomp.
_GO: Final = {"x86_64": "amd64", "aarch64": "arm64"}
_ARGUMENTS: Final = 6


@dataclass(frozen=True, slots=True)
class Node:
    """What a profile may depend upon.

    Attributes:
        architecture: of the node, as libseccomp names it: `x86_64` or `aarch64`.
        capabilities: the bounding set, as `CAP_CHOWN`.
        kernel: its version.
    """

    architecture: str
    capabilities: frozenset[str] = frozenset()
    kernel: tuple[int, int] = (6, 12)


@dataclass(frozen=True, slots=True)
class Syscall:
    """A syscall of a process.

    Attributes:
        architecture: as libseccomp names it: on x86_64 a process may ask as `x86`, too.
        name: of the syscall there, or its number.
        arguments: up to six.
    """

    architecture: str
    name: str | int
    arguments: tuple[int, ...] = ()

    @property
    def number(self) -> int:
        """The syscall's number.

        Raises:
            LabError: the architecture has no such syscall.
        """
        if isinstance(self.name, int):
            return self.name
        found = libseccomp.number(libseccomp.token(self.architecture), self.name)
        if found is None:
            raise LabError(f"{self.architecture} has no syscall `{self.name}`")
        return found


class Filter:
    """A profile as it is in force.

    Attributes:
        program: what the kernel is given.
    """

    def __init__(self, program: bytes) -> None:
        self.program = program
        self._instructions = bpf.decode(program)

    def judge(self, syscalls: Iterable[Syscall]) -> Iterator[str]:
        """Yield the action on each syscall, such as `SCMP_ACT_ERRNO(1)`.

        Raises:
            LabError: an architecture has no such syscall.
        """
        for each in syscalls:
            token = _audit(libseccomp.token(each.architecture))
            yield _shown(bpf.run(self._instructions, token, each.number, each.arguments))


def load(profile: Object, node: Node, reader: Reader = "docker") -> Filter | None:
    """Return the filter of a profile on a node; None if it switches seccomp off.

    Raises:
        RefusedError: the reader, runc or libseccomp refuses it.
    """
    default, listed = profile.get("defaultAction", ""), profile.get("syscalls") or []
    if not default and not listed:
        return None
    named = profile.get("architectures") or []
    if reader == "docker":
        named = [*named, *_mapped(profile, node)]
        listed = [each for each in listed if _applies(each, node)]
    tokens = [libseccomp.token(node.architecture)]
    tokens += [each for each in map(_token, named) if each not in tokens]
    default_bits = _bits(default, profile.get("defaultErrnoRet"))
    rules = [
        rule
        for each in listed
        for rule in _rules(each, reader)
        # libseccomp would refuse a rule that says what holds anyway.
        if rule.action != default_bits
    ]
    program = libseccomp.build(default_bits, tokens, rules)
    if default not in _PERMISSIVE:
        names = [name for each in listed for name in _syscalls(each, reader)]
        program = bpf.encode(bpf.enosys(_lasts(tokens, names))) + program
    return Filter(program)


def _mapped(profile: Object, node: Node) -> list[str]:
    """Return the architectures that `archMap` has for a node."""
    mapping = profile.get("archMap") or []
    if mapping and profile.get("architectures"):
        raise RefusedError("both 'architectures' and 'archMap' are specified")
    for each in mapping:
        if each["architecture"] == f"SCMP_ARCH_{node.architecture.upper()}":
            return [each["architecture"], *(each.get("subArchitectures") or [])]
    return []


def _applies(entry: Object, node: Node) -> bool:
    """Tell whether Docker hands a rule on to the runtime."""
    includes, excludes = entry.get("includes") or {}, entry.get("excludes") or {}
    name = _GO[node.architecture]
    here = not includes.get("arches") or name in includes["arches"]
    able = node.capabilities.issuperset(includes.get("caps") or ())
    recent = "minKernel" not in includes or node.kernel >= _kernel(includes["minKernel"])
    excluded = (
        name in (excludes.get("arches") or ())
        or not node.capabilities.isdisjoint(excludes.get("caps") or ())
        or ("minKernel" in excludes and node.kernel >= _kernel(excludes["minKernel"]))
    )
    return here and able and recent and not excluded


def _kernel(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)\.(\d+)", text)
    if found is None:
        raise RefusedError(f"minKernel `{text}` is no version such as 4.8")
    return int(found[1]), int(found[2])


def _syscalls(entry: Object, reader: Reader) -> Sequence[str]:
    """Return the names of a rule; one alone under `name` is an older way of Docker's to say it."""
    names: list[str] = entry.get("names") or []
    if reader == "docker" and entry.get("name"):
        if names:
            raise RefusedError("both 'name' and 'names' are specified")
        return [entry["name"]]
    return names


def _rules(entry: Object, reader: Reader) -> Iterator[Rule]:
    action = _bits(entry.get("action", ""), entry.get("errnoRet"))
    conditions = [_condition(each) for each in entry.get("args") or []]
    indices = [each.index for each in conditions]
    for name in _syscalls(entry, reader):
        if not name:
            raise RefusedError("empty string is not a valid syscall")
        if len(set(indices)) < len(indices):
            # As soon as two conditions are on one argument, any of all is enough.
            for each in conditions:
                yield Rule(action, name, [each])
        else:
            yield Rule(action, name, conditions)


def _condition(argument: Object) -> Condition:
    operator, index = argument.get("op", ""), argument.get("index", 0)
    known = [f"SCMP_CMP_{name}" for name in _OPERATORS]
    if operator not in known:
        raise RefusedError(f"string {operator} is not a valid operator for seccomp")
    if not 0 <= index < _ARGUMENTS:
        raise RefusedError(f"syscalls have no argument {index}")
    value, value_two = argument.get("value", 0), argument.get("valueTwo", 0)
    if not all(0 <= each < 1 << 64 for each in (value, value_two)):
        raise RefusedError("a value is no unsigned number of 64 bits")
    return Condition(index, known.index(operator) + 1, value, value_two)


def _bits(action: str, number: int | None) -> int:
    if action in _WITH_NUMBER:
        return _WITH_NUMBER[action] | (_EPERM if number is None else number) & 0xFFFF
    if action not in _PLAIN:
        raise RefusedError(f"string {action} is not a valid action for seccomp")
    return _PLAIN[action]


def _shown(bits: int) -> str:
    for name, start in _WITH_NUMBER.items():
        if bits & 0xFFFF0000 == start:
            return f"{name}({bits & 0xFFFF})"
    return _NAMES[bits]


def _token(architecture: str) -> int:
    name = architecture.removeprefix("SCMP_ARCH_")
    if name == architecture or name != name.upper():
        raise RefusedError(f"string {architecture} is not a valid arch for seccomp")
    return libseccomp.token(name.lower())


def _audit(token: int) -> int:
    """Return an architecture as the kernel tells it: only x32 differs from libseccomp's token."""
    return libseccomp.token("x86_64") if token == libseccomp.token("x32") else token


def _lasts(tokens: Iterable[int], names: Collection[str]) -> Iterator[bpf.Last]:
    for token in tokens:
        numbers = [libseccomp.number(token, name) or 0 for name in names]
        if last := max(numbers, default=0):
            yield bpf.Last(_audit(token), last)
