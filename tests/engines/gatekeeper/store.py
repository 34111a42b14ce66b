"""The artefacts that Gatekeeper is given, put into a cluster and taken out again."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.engines.gatekeeper.install import established
from tests.engines.gatekeeper.states import UntakenError, settled
from tests.engines.processes import NotYet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from tests.engines.apiserver import Cluster
    from tests.engines.processes import Processes
    from tests.engines.rest import Object

# What names an artefact: its kind and its name.
Key = tuple[str, str]

# Seconds. A generated policy comes half a minute after its constraint, lest it errs before it is
# known of what kind that is.
_PATIENCE: Final = 90
# Seconds for which the manager may say that it cannot take an artefact: now and then it finds what
# it has just made itself, says that it cannot make it, and tries again.
_GRACE: Final = 3


class Store:
    """The artefacts in a cluster, as Gatekeeper's manager has taken them.

    A template stays when it is no longer wanted: without a constraint it judges nothing, and if it
    comes again its kind, which takes two seconds to make, is there.
    """

    def __init__(self, cluster: Cluster, processes: Processes) -> None:
        """Begin with nothing; the manager is one of the processes."""
        self._cluster = cluster
        self._processes = processes
        self._given: dict[Key, Object] = {}
        # The same as the server keeps them.
        self._stored: dict[Key, Object] = {}

    def replace(self, artefacts: Sequence[Object], ahead: Collection[Key]) -> None:
        """Put artefacts in the place of all others, and wait until they act.

        Args:
            artefacts: what is to be there.
            ahead: of those, what need not act yet.

        Raises:
            LabError: the API server or Gatekeeper does not take one, or not in time.
        """
        wanted = {key(each) for each in artefacts}
        asked = wanted.difference(ahead)
        self._drop([each for each in self._stored if each not in wanted and not _is_template(each)])
        # The kinds of templates that are as they were are there.
        changed = [each for each in artefacts if self._given.get(key(each)) != each]
        templates = [each for each in changed if _is_template(key(each))]
        for each in templates:
            self._put(each)
        if templates:
            self._settle(asked)
        for each in templates:
            self._until(partial(established, self._cluster, _definition(key(each))))
        for each in artefacts:
            self._put(each)
        self._settle(asked)

    def _put(self, artefact: Object) -> None:
        name = key(artefact)
        # What is put again loses the annotations by which Gatekeeper delays a generated policy.
        if self._given.get(name) != artefact:
            # It is noted before it is there, so that it is dropped if it fails half-way.
            self._stored.setdefault(name, artefact)
            (answer,) = self._cluster.apply([artefact])
            self._stored[name] = answer.object
            self._given[name] = artefact

    def _drop(self, keys: Iterable[Key]) -> None:
        for each in keys:
            self._cluster.delete([self._stored.pop(each)])
            self._given.pop(each, None)

    def _settle(self, asked: Collection[Key]) -> None:
        """Wait until some of what is stored acts, and nothing acts that is not stored."""
        known = [each for name, each in self._stored.items() if name in asked]
        others = [each for name, each in self._stored.items() if name not in asked]
        began = 0.0

        def probe() -> None:
            nonlocal began
            try:
                settled(self._cluster, known, others)
            except UntakenError as error:
                began = began or time.monotonic()
                if time.monotonic() - began > _GRACE:
                    raise
                raise NotYet(str(error)) from error
            except NotYet:
                began = 0.0
                raise

        self._until(probe, what="Gatekeeper to take its artefacts", seconds=_PATIENCE)

    def _until(self, probe: Callable[[], None], what: str = "a kind", seconds: float = 30) -> None:
        self._processes.until(probe, what=what, seconds=seconds)


def key(artefact: Object) -> Key:
    """Return what names an artefact."""
    return artefact["kind"], artefact["metadata"]["name"]


def _is_template(name: Key) -> bool:
    return name[0] == "ConstraintTemplate"


def _definition(template: Key) -> str:
    """Return the name of the CustomResourceDefinition that Gatekeeper makes of a template."""
    return f"{template[1]}.constraints.gatekeeper.sh"
