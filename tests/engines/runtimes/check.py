"""Shows that the runtimes judge, and starts what capgen writes for them: containers that ran."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from capgen.targets.base import Status
from capgen.targets.docker import TARGET
from tests.engines.chosen_pods import chosen_pods
from tests.engines.engine import Process
from tests.engines.judged import judged
from tests.engines.lab import LabError
from tests.engines.proving import Difference, Row
from tests.engines.runtimes import expected as expecting
from tests.engines.runtimes import image
from tests.engines.runtimes.cases import CASES
from tests.engines.runtimes.cri import Container, Containerd
from tests.engines.runtimes.docker import Docker, Line
from tests.engines.runtimes.podman import Podman
from tests.engines.runtimes.profiles import profiles
from tests.engines.runtimes.wanted import chosen, of_line, of_pod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from capgen.policy.profile import Profile
    from tests.engines.engine import Runtime
    from tests.engines.proving import Lab
    from tests.engines.runtimes.expected import Expected
    from tests.engines.runtimes.wanted import Wanted


class Asked(NamedTuple):
    """What is asked of a runtime.

    Attributes:
        about: what it is, for messages.
        case: as the runtime takes it.
        expected: what should be seen.
    """

    about: object
    case: Any
    expected: Expected


def docker_cases(_: Lab) -> Row:
    """Asks docker what it is known to answer."""
    asked = [Asked(each.line.flags, each.line, each.docker) for each in CASES if each.docker]
    return _docker("(engine)", asked)


def podman_cases(_: Lab) -> Row:
    """Asks podman what it is known to answer."""
    asked = [Asked(each.line.flags, each.line, each.podman) for each in CASES if each.podman]
    return _podman("(engine)", asked)


def containerd_cases(_: Lab) -> Row:
    """Asks containerd what it is known to answer."""
    asked = [
        Asked(each.container.pod["spec"], each.container, each.containerd)
        for each in CASES
        if each.containerd
    ]
    return _containerd("(engine)", asked)


def docker_lines(_: Lab) -> Row:
    """Runs the script that the target `docker` writes of each profile."""
    return _docker("docker", list(_once(lines(expecting.docker, scripts=True))))


def podman_lines(_: Lab) -> Row:
    """Gives podman the same flags."""
    return _podman("docker", list(_once(lines(expecting.podman, scripts=False))))


def chosen_containers(_: Lab) -> Row:
    """Starts the pods with the values that are chosen for each profile."""
    return _containerd("security-context", list(_once(pods())))


def _once(every: Iterable[Asked]) -> Iterator[Asked]:
    """Yield what asks for the same, and expects the same, once: profiles have much in common."""
    seen = set()
    for each in every:
        case = each.case
        case = replace(case, pod=case.pod["spec"]) if isinstance(case, Container) else case
        same = repr((case, each.expected))
        if same not in seen:
            yield each
        seen.add(same)


def _docker(target: str, asked: Sequence[Asked]) -> Row:
    with Docker() as docker:
        return _row(target, "docker", docker, asked)


def _podman(target: str, asked: Sequence[Asked]) -> Row:
    with Podman() as podman:
        return _row(target, "podman", podman, asked)


def _containerd(target: str, asked: Sequence[Asked]) -> Row:
    with Containerd() as containerd:
        return _row(target, "containerd", containerd, asked)


def _row(target: str, name: str, engine: Runtime[Any], asked: Sequence[Asked]) -> Row:
    differing = []
    unstarted = 0
    for each, actual in zip(asked, engine.run(one.case for one in asked), strict=True):
        unstarted += isinstance(actual, Process) and not actual.started
        right, seen = expecting.difference(each.expected, actual)
        if right or seen:
            differing.append(Difference(each.about, right, seen))
    note = f"{unstarted} by their OCI specification: this machine lacks what they ask for"
    return Row(
        target, name, engine.version, len(asked), tuple(differing), note if unstarted else ""
    )


def lines(says: Callable[[Wanted], Expected], *, scripts: bool) -> Iterator[Asked]:
    """Yield the lines of each profile, with what a profile's chosen values make of a process.

    Args:
        says: what the runtime makes of them.
        scripts: the script is run, or else its flags are given to the runtime.
    """
    for profile in _profiles():
        output = TARGET.emit(profile)
        texts = {each.path: each.text for each in output.artefacts}
        gaps = {rule for rule, cell in output.cells.items() if cell.status is Status.GAP}
        for name in (None, *profile.choices):
            folder = f"containers/{name}/" if name else ""
            flags = tuple(json.loads(texts[f"{folder}args.json"]))
            script = texts[f"{folder}run.sh"] if scripts else ""
            wanted = of_line(profile, chosen(profile, name))
            if unsaid := expecting.unsaid(wanted) - gaps:
                raise LabError(f"{profile.name}: {', '.join(unsaid)}: not said, and no gap")
            about = {"profile": profile.name, "container": name, "flags": shlex.join(flags)}
            yield Asked(about, Line(flags, script=script), says(wanted))


def pods() -> Iterator[Asked]:
    """Yield the containers of each profile's chosen pod.

    Where the image decides who the user is, one that runs as root must not start if it may not.
    """
    for profile in _profiles():
        for pod in chosen_pods(profile):
            if pod.name != "chosen for linux":
                continue
            first, *_ = pod.request.object["spec"]["containers"]
            for name in (first["name"], *profile.choices):
                wanted = of_pod(chosen(profile, name))
                images = {image.ROOT: 0, image.PLAIN: image.IMAGE_USER}
                for used, user in images.items() if wanted.user is None else [(image.ROOT, 0)]:
                    case = Container(pod.request.object, name, used)
                    about = {"profile": profile.name, "container": name, "image": used}
                    yield Asked(about, case, expecting.pod(wanted, user))


def _profiles() -> Iterator[Profile]:
    for each in judged().values():
        yield each.profile()
    yield from profiles()
