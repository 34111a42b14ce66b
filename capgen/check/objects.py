"""The objects of a document: itself, or the items of a List, each judged or passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from capgen.errors import InputError
from capgen.policy.pod import mapping
from capgen.policy.workload import Workload, workload_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgen.policy.subjects import Path
    from capgen.reader import Document


class Object(NamedTuple):
    """One Kubernetes object of a document.

    Attributes:
        document: where it stands.
        item: its place in a List, counted from 0; None where the document is the object.
        value: the object.
        api_version: its apiVersion.
        kind: its kind.
        namespace: its namespace; None where it names none.
        name: its name; "" where it has none (`generateName` is shown with a `*`).
        workload: what kind of workload it is; None where it holds no pod.
    """

    document: Document
    item: int | None
    value: dict[str, Any]
    api_version: str
    kind: str
    namespace: str | None
    name: str
    workload: Workload | None

    @property
    def path(self) -> Path:
        """The way down to it from the document."""
        return () if self.item is None else ("items", self.item)


def objects(document: Document) -> Iterator[Object | InputError]:
    """Return the objects of a document, and an error for each thing that is none."""
    value = document.value
    if not isinstance(value, dict):
        yield _error(document, (), f"expected a Kubernetes object; found {_shape(value)}")
        return
    kind, api_version = value.get("kind"), value.get("apiVersion")
    listed = value.get("items")
    # kubectl takes whatever has a list of `items` for a list, of any kind: so do we, or a pod that
    # it would create went unseen.
    if not isinstance(listed, list):
        is_list = isinstance(kind, str) and kind.endswith("List") and "items" in value
        if not is_list:
            yield _object(document, None, value, api_version, kind)
        elif listed is not None:
            message = f"expected a list of items; found {_shape(listed)}"
            yield _error(document, ("items",), message)
        return
    for place, item in enumerate(listed):
        yield _item(document, place, item, value)


def _item(
    document: Document, place: int, item: object, parent: dict[str, Any]
) -> Object | InputError:
    path = ("items", place)
    if not isinstance(item, dict):
        return _error(document, path, f"expected a Kubernetes object; found {_shape(item)}")
    kind, api_version = item.get("kind"), item.get("apiVersion")
    of = parent.get("kind")
    if isinstance(of, str) and of.endswith("List") and of != "List":
        # A typed list, as the API answers: its items need not say what they are.
        kind = kind or of.removesuffix("List")
        api_version = api_version or parent.get("apiVersion")
    if isinstance(item.get("items"), list):
        return _error(document, path, f"a `{kind}` in a list: Kubernetes knows no list of lists")
    return _object(document, place, item, api_version, kind)


def _object(
    document: Document, item: int | None, value: dict[str, Any], api_version: object, kind: object
) -> Object | InputError:
    path: Path = () if item is None else ("items", item)
    for key, text in (("apiVersion", api_version), ("kind", kind)):
        if not isinstance(text, str) or not text:
            where = (*path, key) if key in value else path
            return _error(document, where, f"expected a Kubernetes object with `{key}`")
    api_version, kind = str(api_version), str(kind)
    metadata = mapping(value.get("metadata"))
    namespace, name = metadata.get("namespace"), metadata.get("name")
    if not isinstance(name, str):
        prefix = metadata.get("generateName")
        name = f"{prefix}*" if isinstance(prefix, str) else ""
    return Object(
        document,
        item,
        value,
        api_version,
        kind,
        namespace if isinstance(namespace, str) and namespace else None,
        name,
        workload_of(api_version, kind),
    )


def _error(document: Document, path: Path, message: str) -> InputError:
    return InputError(message, file=document.file, position=document.locate(path))


def _shape(value: object) -> str:
    match value:
        case None:
            return "null"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"`{value}`"
