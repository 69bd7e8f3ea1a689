"""Network devices managed by SNMP: Net-SNMP's agent and its programs, as real packets."""

from __future__ import annotations

import pytest

from tests.packets.site import HMI, Said, Site, of, only, told, tool

NAME, PORT_SWITCH, MIRROR = "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.2.2.1.7.1", "1.3.6.1.2.1.16.22.1.3.1.1.4.1.2"


@pytest.fixture(scope="module")
def agent(site: Site) -> Site:
    config = site.folder / "snmpd.conf"
    config.write_text("rwcommunity private\nrwcommunity k3tchup\n")
    own = ("-f", "-C", "-c", config, "-I", "-smux", f"--persistentDir={site.folder}/snmp", "udp:161")
    site.start("hmi", tool("snmpd"), *own, port=161, udp=True)
    return site


@pytest.mark.parametrize(("oid", "kind", "value", "what", "severity"), [
    (NAME, "s", "switch-9", "changed its name", "low"), (PORT_SWITCH, "i", "1", "changed a port", "medium"),
    # Net-SNMP has no mirror ports: it refuses.
    (MIRROR, "i", "1", "tried to change a mirror port", "low"),
])  # fmt: skip
def test_a_setting_is_changed(
    agent: Site, capsys: Said, oid: str, kind: str, value: str, what: str, severity: str
) -> None:
    with agent.recording() as heard:
        agent.run("office", tool("snmpset"), "-v2c", "-c", "private", HMI, oid, kind, value, check=False)
    found = told(capsys, heard)
    changed = only(found, "switch_changed")
    assert what in changed["msg"] and changed["severity"] == severity
    assert "'private'" in only(found, "cleartext_password")["msg"]


def test_communities_are_guessed(agent: Site, capsys: Said) -> None:
    """An agent does not answer to a wrong one."""
    with agent.recording() as heard:
        for word in ("public", "admin", "cisco", "manager", "secret"):
            agent.run("office", tool("snmpget"), "-v2c", "-r0", "-t0.2", "-c", word, HMI, NAME, check=False)
    guessed = only(told(capsys, heard), "password_guessing")
    assert "communities" in guessed["msg"] and "cisco" not in str(guessed)


def test_reading_and_asking_who_is_away_are_usual(agent: Site, capsys: Said) -> None:
    with agent.recording() as heard:
        agent.run("office", tool("snmpwalk"), "-v2c", "-c", "k3tchup", HMI, "1.3.6.1.2.1.1")
        for _ in range(6):
            agent.run("office", tool("snmpget"), "-v2c", "-r0", "-t0.2", "-c", "old", HMI, NAME, check=False)
    found = told(capsys, heard)
    assert of(found, "password_guessing") == of(found, "switch_changed") == []
