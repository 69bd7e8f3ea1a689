"""Somebody stands between two machines by ARP: heard at the mirror port, and at the port of a third machine."""

from __future__ import annotations

import pytest

from tests.packets.site import COLLEAGUE, HOSTS, OFFICE, Said, Site, grave, of, only, told


@pytest.fixture(scope="module")
def page(site: Site) -> str:
    site.serve("colleague", "web", "serve", 80, port=80)
    return f"http://{COLLEAGUE}/"


def between(site: Site, page: str) -> None:
    """The two speak to each other as machines do, then the guest steps in between them."""
    site.run("office", "ip", "neigh", "flush", "dev", "eth0")
    site.act("office", "web", "ask", "GET", page)
    site.act("guest", "poison", HOSTS["guest"], OFFICE, COLLEAGUE, 7, 0.3)


@pytest.mark.parametrize(("port_of", "note", "severity"), [
    ("", "arp_poisoning", "high"), ("printer", "asked_anew", "medium"),
])  # fmt: skip
def test_it_is_told_by_what_can_be_heard(
    site: Site, page: str, capsys: Said, port_of: str, note: str, severity: str
) -> None:
    """At a third machine's port only the questions are heard, which go to everybody."""
    with site.recording("10.77.4", port_of) as heard:
        between(site, page)
    found = told(capsys, heard)
    assert {n["severity"] for n in of(found, note)} == {severity}
    if port_of:
        assert OFFICE in only(found, note)["msg"] and COLLEAGUE in only(found, note)["msg"]


def test_two_who_only_speak_to_each_other(site: Site, page: str, capsys: Said) -> None:
    """With an empty memory for ARP before each request."""
    with site.recording("10.77.4", "printer") as heard:
        for _ in range(8):
            site.run("office", "ip", "neigh", "flush", "dev", "eth0")
            site.act("office", "web", "ask", "GET", page)
    found = told(capsys, heard)
    assert of(found, "asked_anew") == [] and grave(found) == []
