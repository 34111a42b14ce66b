"""What well-known pages on container capabilities print, decoded.

Each text is what capsh, getcap, setcap, pscap or /proc shows in the examples of such a page.
"""

from __future__ import annotations

import pytest

from capgen.capabilities import describe
from capgen.errors import InputError

DOCKER_DEFAULT = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SYS_CHROOT",
    "MKNOD",
    "AUDIT_WRITE",
    "SETFCAP",
]


def sets(text: str) -> dict[str, list[str]]:
    """Return each set's names by its name."""
    return {one["name"]: one["capabilities"] for one in describe([], text).to_json()["sets"]}


def test_ping_with_two_file_capabilities() -> None:
    """`getcap /usr/bin/ping`, an older release: permitted, without the effective flag."""
    text = "/usr/bin/ping = cap_net_admin,cap_net_raw+p"
    assert sets(text) == {
        "inheritable": [],
        "permitted": ["NET_ADMIN", "NET_RAW"],
        "effective": [],
    }


@pytest.mark.parametrize(
    ("text", "effective"), [("cap_net_raw+p", []), ("cap_net_raw+ep", ["NET_RAW"])]
)
def test_what_setcap_is_given(text: str, effective: list[str]) -> None:
    """`setcap cap_net_raw+p`, and `+ep` for a program that does not raise it by itself."""
    assert sets(text) == {"inheritable": [], "permitted": ["NET_RAW"], "effective": effective}


def test_a_capsh_output_that_the_author_shortened() -> None:
    """What stands for `...` cannot be known: refused, not guessed."""
    with pytest.raises(InputError) as caught:
        describe([], "Current: = ...,cap_net_admin, ..., cap_setfcap+eip\n...\n")
    assert str(caught.value) == (
        "-:1:12: `...` stands for capabilities that were left out; give the whole output"
    )


CAPSH_WITH_NET_ADMIN = (
    "Current: = cap_chown,cap_dac_override,cap_fowner,cap_fsetid,cap_kill,cap_setgid,cap_setuid,"
    " cap_setpcap,cap_net_bind_service,cap_net_admin,cap_net_raw,cap_sys_chroot,cap_mknod,"
    "cap_audit_write,cap_setfcap+eip"
)


def test_capsh_in_a_pod_that_adds_net_admin() -> None:
    """`kubectl exec mypod -- capsh --print` with the page's line break in the list."""
    for held in sets(CAPSH_WITH_NET_ADMIN).values():
        assert set(held) == {*DOCKER_DEFAULT, "NET_ADMIN"}
    shown = describe([], CAPSH_WITH_NET_ADMIN).text()
    assert "docker's and containerd's default set plus NET_ADMIN\n" in shown


def test_capsh_in_the_pod_without_it() -> None:
    """Without NET_ADMIN it is docker's default set, in all three sets."""
    answer = describe([], CAPSH_WITH_NET_ADMIN.replace("cap_net_admin,", "")).to_json()["sets"]
    assert [one["name"] for one in answer] == ["inheritable", "permitted", "effective"]
    for one in answer:
        assert one["capabilities"] == DOCKER_DEFAULT
        assert "docker-default" in one["equals"]


def test_a_default_containers_status() -> None:
    """`CapPrm: 00000000a80425fb` of a container that asks for nothing."""
    text = "CapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\n"
    assert sets(text) == {"CapPrm": DOCKER_DEFAULT, "CapEff": DOCKER_DEFAULT}
    assert "docker's and containerd's default set\n" in describe([], text).text()


def test_the_status_of_a_container_that_adds_two() -> None:
    """`00000000aa0435fb`: bits 12 and 25, NET_ADMIN and SYS_TIME, are set as well."""
    text = "CapPrm:\t00000000aa0435fb\nCapEff:\t00000000aa0435fb\n"
    assert set(sets(text)["CapEff"]) == {*DOCKER_DEFAULT, "NET_ADMIN", "SYS_TIME"}
    assert "default set plus NET_ADMIN SYS_TIME\n" in describe([], text).text()
    (added,) = describe(["12,25"], None).to_json()["sets"]
    assert added["capabilities"] == ["NET_ADMIN", "SYS_TIME"]
    assert int(added["bitmap"], 16) == 0xAA0435FB ^ 0xA80425FB


PSCAP = (
    "ppid  pid   name        command           capabilities\n"
    "0     1     root        bash              {}\n"
)


def test_pscap_in_a_default_container() -> None:
    """Pscap lists docker's default set."""
    listed = ", ".join(name.lower() for name in DOCKER_DEFAULT)
    (one,) = describe([], PSCAP.format(listed)).to_json()["sets"]
    assert one["bitmap"] == "00000000a80425fb"
    assert one["of"] == "bash (pid 1)"


def test_pscap_with_cap_drop_chown() -> None:
    """After `--cap-drop CHOWN` the set is the default minus CHOWN."""
    listed = ", ".join(name.lower() for name in DOCKER_DEFAULT[1:])
    report = describe([], PSCAP.format(listed))
    assert "docker's and containerd's default set minus CHOWN\n" in report.text()
    assert report.to_json()["sets"][0]["bitmap"] == "00000000a80425fa"


def test_pscap_with_privileged() -> None:
    """`full` is every capability, also where `--cap-drop CHOWN` was given with `--privileged`."""
    (one,) = describe([], PSCAP.format("full")).to_json()["sets"]
    assert one["equals"] == ["all"]
    assert "CHOWN" in one["capabilities"]


def test_the_names_that_the_pages_add_and_drop() -> None:
    """`add`, `drop`, `requiredDropCapabilities`, `--cap-add`: names in, bitmap out."""
    for names, bitmap in {
        "NET_ADMIN": 1 << 12,
        "SYS_TIME": 1 << 25,
        "CHOWN,NET_RAW,SETPCAP": 1 << 0 | 1 << 13 | 1 << 8,
        "SYS_CHROOT,NET_RAW": 1 << 18 | 1 << 13,
    }.items():
        (one,) = describe([names], None).to_json()["sets"]
        assert one["bitmap"] == f"{bitmap:016x}"
