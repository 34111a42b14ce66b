"""A certificate for a webhook on loopback, made by openssl: the API server asks only over TLS."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from tests.engines import debian
from tests.engines.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Certificate(NamedTuple):
    """A self-signed certificate for 127.0.0.1, which is its own authority.

    Attributes:
        bundle: what a webhook configuration wants as its `caBundle`.
        folder: holds `tls.crt` and `tls.key`, in PEM.
    """

    bundle: str
    folder: Path


def certificate(folder: Path) -> Certificate:
    """Make a certificate that is valid for a day, and its key, in a folder that is made too.

    Raises:
        LabError: openssl cannot be had, or makes none.
    """
    program, environment = _openssl()
    folder.mkdir()
    command = [
        *(program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-noenc", "-days", "1", "-subj", "/CN=capgen-lab"),
        *("-addext", "subjectAltName=IP:127.0.0.1", "-config", os.devnull),
        *("-addext", "basicConstraints=critical,CA:TRUE"),
        *("-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"openssl makes no certificate: {done.stderr.strip()}")
    return Certificate(base64.b64encode((folder / "tls.crt").read_bytes()).decode(), folder)


def _openssl() -> tuple[str, Mapping[str, str]]:
    """Return the machine's openssl, or Debian's where it has none, with its environment."""
    if found := shutil.which("openssl"):
        return found, os.environ
    root = debian.tree("openssl")
    return str(debian.program(root, "openssl")), debian.environment(root)
