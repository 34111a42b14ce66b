"""What the parser of AppArmor refuses, and what a kernel denies to `artefacts/apparmor`."""

from __future__ import annotations

from typing import Final

# A profile, and where and how the parser says what is wrong with it.
MISTAKES: Final = (
    ("profile x {\n  file\n}\n", 3, "syntax error, unexpected TOK_CLOSE"),
    ("profile x {\n  network inet6 streem,\n}\n", 2, "Invalid network entry."),
    ("profile x {\n  /etc/secret y,\n}\n", 2, "expecting TOK_MODE"),
    ("profile x {\n  deny mount,\n", 3, "unexpected end of file"),
    ("profile x {\n  include <abstractions/none>\n}\n", 2, "Could not open 'abstractions/none'"),
    ("abi <abi/9.0>,\nprofile x {}\n", 1, "Could not open 'abi/9.0'"),
    # A file without any profile is no mistake to it: nothing is loaded, in silence.
    ("", 0, ""),
)

# The bugs of `tests/engines/bugs.py`, each with the case that shows it.
SHOWN: Final = (("apparmor-empty-file", "kernel: an empty file"),)

# The good artefact, and the bad one that enforces nothing.
ENFORCED: Final = ("container", "complaining")

FILES: Final = {
    "/etc/secret": "",
    "/bin/allowed": "#!/bin/sh\n",
    "/bin/forbidden": "#!/bin/sh\n",
}

# What a process does, and what the good artefact makes of it.
ACCESSES: Final = (
    ("cat /etc/apparmor/parser.conf >/dev/null", "allowed"),
    ("echo words >/tmp/file", "allowed"),
    ("cat /etc/secret", "denied"),
    ("echo words >>/etc/file", "denied"),
    ("/bin/allowed", "allowed"),
    ("/bin/forbidden", "denied"),
    ("echo h >/proc/sysrq-trigger", "denied"),
    ("chown 5 /tmp/file", "allowed"),
    ("mknod /tmp/device-$$ c 1 3 && rm /tmp/device-$$", "denied"),
    ("hostname other", "denied"),
    ("mount -t tmpfs tmpfs /mnt", "denied"),
    # Nobody listens there, which a process that may use the network finds out.
    ("nc 127.0.0.1 9", "allowed"),
    ("ping -c 1 127.0.0.1 >/dev/null", "denied"),
    ("kill -CONT 1", "denied"),
    ("cat /proc/1/environ >/dev/null", "denied"),
)
