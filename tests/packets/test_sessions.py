"""Sessions into the plant: OpenSSH, TigerVNC, FreeRDP, and a WinRM request, as real packets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.packets.site import HMI, Said, Site, of, only, told, tool


@pytest.fixture(scope="module")
def ssh(site: Site) -> list[object]:
    """A running sshd at the panel, also on Modbus's port, and the client's command."""
    sshd = tool("sshd")
    for name in ("host", "mine"):
        site.run("hmi", tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", site.folder / name)
    Path("/run/sshd").mkdir(exist_ok=True)  # where it locks itself in before the login
    options = {
        "HostKey": site.folder / "host", "AuthorizedKeysFile": site.folder / "mine.pub", "StrictModes": "no",
        "PermitRootLogin": "yes", "UsePAM": "no", "PidFile": "none",
    }  # fmt: skip
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    for port in (22, 502):
        site.start("hmi", sshd, "-D", "-e", "-f", "/dev/null", "-p", port, *given, port=port)
    quiet = [
        "-F",
        "none",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "BatchMode=yes",
    ]
    return [tool("ssh"), "-q", *quiet, "-o", "IdentitiesOnly=yes", "-i", site.folder / "mine"]


@pytest.mark.parametrize(("who", "severity"), [("office", "medium"), ("out", "high"), ("plc", "low")])
def test_a_session_by_ssh(site: Site, ssh: list[object], capsys: Said, who: str, severity: str) -> None:
    with site.recording() as heard:
        site.run(who, *ssh, f"root@{HMI}", "true")
    session = only(told(capsys, heard), "remote_session_across_zones")
    assert session["severity"] == severity and "by SSH" in session["msg"]


def test_ssh_on_the_port_of_modbus(site: Site, ssh: list[object], capsys: Said) -> None:
    with site.recording() as heard:
        site.run("office", *ssh, "-p", 502, f"root@{HMI}", "true")
    assert "SSH" in only(told(capsys, heard), "wrong_protocol_on_ot_port")["msg"]


def test_passwords_guessed_by_ssh(site: Site, ssh: list[object], capsys: Said) -> None:
    with site.recording() as heard:
        for n in range(12):
            site.run("office", *ssh, "-i", "/dev/null", f"user{n}@{HMI}", "true", check=False)
    assert only(told(capsys, heard), "password_guessing")["severity"] == "high"


@pytest.fixture(scope="module")
def screen(site: Site) -> str:
    """The panel's screen, which anybody may take over by VNC; its name, which must be free on the whole machine."""
    display = f":{os.getpid() % 30_000 + 100}"
    open_to_all = ("-SecurityTypes", "None", "-rfbport", 5900, "-geometry", "320x200")
    site.start("hmi", tool("Xtigervnc"), display, *open_to_all, port=5900)
    return display


def test_a_session_by_vnc(site: Site, screen: str, capsys: Said) -> None:
    with site.recording() as heard:
        site.act("office", "vnc", "look", HMI, 5900)
    found = told(capsys, heard)
    assert "by VNC" in only(found, "remote_session_across_zones")["msg"]
    assert "without a password" in only(found, "cleartext_password")["msg"]


def test_passwords_guessed_by_vnc(site: Site, capsys: Said) -> None:
    secret = site.folder / "vnc.password"
    secret.write_bytes(b"anything")  # eight bytes, which the server undoes with a key that everybody knows
    display = f":{os.getpid() % 30_000 + 40_000}"
    closed = ("-SecurityTypes", "VncAuth", "-PasswordFile", secret, "-BlacklistThreshold", 50, "-rfbport", 5901)
    site.start("hmi", tool("Xtigervnc"), display, *closed, port=5901)
    with site.recording() as heard:
        for _ in range(5):
            site.act("office", "vnc", "guess", HMI, 5901)
    assert "vnc" in only(told(capsys, heard), "password_guessing")["msg"]


def test_a_session_by_rdp_from_outside(site: Site, screen: str, capsys: Said) -> None:
    client, show = tool("xfreerdp"), ("env", f"DISPLAY={screen}")
    site.start("hmi", *show, tool("freerdp-shadow-cli"), "/port:3389", "-auth", "/sec:tls", port=3389)
    with site.recording() as heard:
        shown = (f"/v:{HMI}", "/cert:ignore", "/u:x", "/p:y", "/sec:tls")
        site.run("out", *show, "timeout", 6, client, *shown, check=False)
    session = only(told(capsys, heard), "remote_session_across_zones")
    assert session["severity"] == "high" and "by RDP" in session["msg"]


def test_a_session_by_winrm(site: Site, capsys: Said) -> None:
    site.serve("hmi", "web", "serve", 5985, port=5985)
    with site.recording() as heard:
        site.act("office", "web", "ask", "POST", f"http://{HMI}:5985/wsman")
    found = told(capsys, heard)
    assert "by WinRM" in only(found, "remote_session_across_zones")["msg"]
    assert of(found, "cleartext_password") == []
