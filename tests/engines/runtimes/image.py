"""The image of the containers: busybox with a few users, as an archive of `docker save`.

It is its own pause image. Nothing of it is taken from a registry.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import struct
import tarfile
from typing import TYPE_CHECKING, Final

from tests.engines import debian

if TYPE_CHECKING:
    from pathlib import Path

# The image runs as root, the other one as `IMAGE_USER`. A name without a host would be docker.io's.
ROOT: Final = "docker.io/lab/root:1"
PLAIN: Final = "docker.io/lab/plain:1"
IMAGE_USER: Final = 1000

# Users that the image knows, with their primary group; all of them are in `EXTRA` as well.
USERS: Final = {"root": (0, 0), "app": (IMAGE_USER, IMAGE_USER), "db": (999, 999)}
EXTRA: Final = 2000

# The folder with programs that have the file capability NET_BIND_SERVICE, effective and permitted.
CAPABLE: Final = "capable"

_APPLETS: Final = ("cat", "readlink", "sh", "sleep")
_BIND: Final = 10
# As Go calls what Linux calls so.
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
_PAUSE: Final = ("/bin/sleep", "1000000")


def write(place: Path) -> None:
    """Write the archive with both images.

    Raises:
        LabError: busybox cannot be had.
    """
    layer = _layer()
    identity = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    files = {"layer.tar": layer}
    manifest = []
    for name, user in ((ROOT, ""), (PLAIN, str(IMAGE_USER))):
        config = {
            "architecture": _ARCHITECTURES[platform.machine()],
            "os": "linux",
            "config": {"Cmd": _PAUSE, "Env": ["PATH=/bin"], "User": user},
            "rootfs": {"type": "layers", "diff_ids": [identity]},
        }
        text = json.dumps(config).encode()
        path = f"{hashlib.sha256(text).hexdigest()}.json"
        files[path] = text
        manifest.append({"Config": path, "RepoTags": [name], "Layers": ["layer.tar"]})
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(place, "w") as archive:
        for path, content in files.items():
            _add(archive, path, content)


def _layer() -> bytes:
    busybox = debian.program(debian.tree("busybox-static"), "busybox").read_bytes()
    passwd = "".join(f"{name}:x:{u}:{g}::/:/bin/sh\n" for name, (u, g) in USERS.items())
    group = "".join(f"{name}:x:{gid}:\n" for name, (_, gid) in USERS.items())
    group += f"extra:x:{EXTRA}:{','.join(USERS)}\n"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in ("bin", CAPABLE, "dev", "etc", "proc", "sys", "tmp"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
        _add(archive, "bin/busybox", busybox, 0o755)
        _add(archive, f"{CAPABLE}/sh", busybox, 0o755, _file_capability(_BIND))
        for name in _APPLETS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        _add(archive, "etc/passwd", passwd.encode())
        _add(archive, "etc/group", group.encode())
    return buffer.getvalue()


def _add(
    archive: tarfile.TarFile, path: str, content: bytes, mode: int = 0o644, capability: str = ""
) -> None:
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(content), mode
    if capability:
        info.pax_headers = {"SCHILY.xattr.security.capability": capability}
    archive.addfile(info, io.BytesIO(content))


def _file_capability(bit: int) -> str:
    """Return the extended attribute of one capability below 32, effective and permitted.

    Its bytes all stand for themselves in UTF-8, in which the header is written.
    """
    revision_2, effective = 0x02000000, 1
    return struct.pack("<5I", revision_2 | effective, 1 << bit, 0, 0, 0).decode("ascii")
