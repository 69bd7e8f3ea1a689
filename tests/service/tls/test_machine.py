"""What stands in the certificate: names and addresses, found without asking anybody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from linewarden.service.tls import machine
from linewarden.service.tls.machine import addresses, names_of_console
from tests.service.tls.serving import config_of

FIB = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 10.20.0.0
        /16 link UNICAST
     |-- 10.20.0.5
        /32 host LOCAL
     |-- 10.20.255.255
        /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
Local:
     |-- 10.20.0.5
        /32 host LOCAL
"""
INET6 = """fd000000000000000000000000000005 02 40 00 80     eth0
fd0000000000000000000000000000aa 02 40 00 01     eth0
fe80000000000000021b1bfffe000001 02 40 20 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
"""


@pytest.fixture(autouse=True)
def plant_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("IPV4", FIB), ("IPV6", INET6)):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(machine, name, tmp_path / name)


def test_steady_addresses_that_others_can_use() -> None:
    """Neither broadcast nor loopback, no temporary one (it is another tomorrow), no link-local one."""
    assert addresses() == ["10.20.0.5", "fd00::5"]


def test_without_ipv6_or_proc_there_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "IPV6", Path("/nowhere"))
    assert addresses() == ["10.20.0.5"]


@pytest.mark.parametrize(
    ("listen", "wanted", "found"),
    [
        ("127.0.0.1:1", ["127.0.0.1"], []),
        ("10.20.0.5:1", ["10.20.0.5"], []),
        ("0.0.0.0:1", [], ["10.20.0.5", "fd00::5"]),
        ("[::]:1", [], ["10.20.0.5", "fd00::5"]),
        ("localhost:1", [], []),
    ],
)
def test_who_listens_everywhere_is_reached_by_every_address(
    tmp_path: Path, listen: str, wanted: list[str], found: list[str]
) -> None:
    text = f'[console]\nlisten = "{listen}"\npublic_url = "https://Plant.example:8443"\nnames = ["other.example"]\n'
    given, seen = names_of_console(config_of(tmp_path, text).console)
    assert [t for t in given.texts if t != "localhost"] == ["plant.example", "other.example", *wanted]
    assert {"localhost", "127.0.0.1", "::1"} <= set(seen.texts)
    assert [t for t in seen.texts if t in ("10.20.0.5", "fd00::5")] == found


def test_the_machines_own_name_is_among_them(tmp_path: Path) -> None:
    assert os.uname().nodename.lower() in names_of_console(config_of(tmp_path).console)[1].texts
