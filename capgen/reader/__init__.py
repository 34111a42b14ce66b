"""YAML and JSON read as Kubernetes reads them, with the place of every value.

`find` expands what a user typed to files, `read_path`, `read_stream` and `read_bytes` yield each
document of a file as a `Document` or, where it cannot be read, a `Failure`.
"""

from capgen.reader.document import Document, Failure
from capgen.reader.find import find
from capgen.reader.read import read_bytes, read_path, read_stream

__all__ = ["Document", "Failure", "find", "read_bytes", "read_path", "read_stream"]
