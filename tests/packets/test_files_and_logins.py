"""Files, services and passwords: Samba, impacket, FTP, web pages and MQTT, as real packets."""

from __future__ import annotations

import pytest

from tests.packets.site import HMI, OUT, PLC, Said, Site, of, only, told, tool

PASSWORD = "Kaskade-41"
RIGHT = f"root%{PASSWORD}"


@pytest.fixture(scope="module")
def samba(site: Site) -> list[object]:
    """Samba at the panel with one share and one account; the client's command."""
    smbd, smbclient = tool("smbd"), tool("smbclient")
    root = site.folder / "samba"
    (root / "files").mkdir(parents=True)
    kinds = ("private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir")
    places = "\n".join(f"{kind} = {root}" for kind in kinds)
    config = root / "smb.conf"
    config.write_text(
        f"[global]\n{places}\nserver role = standalone\nsmb ports = 445\ndisable netbios = yes\nlog file = {root}/log\n"
        f"passdb backend = tdbsam:{root}/passdb.tdb\n[files]\npath = {root}/files\nread only = no\nadmin users = root\n"
    )
    site.run("hmi", tool("smbpasswd"), "-c", config, "-s", "-a", "root", text=f"{PASSWORD}\n{PASSWORD}\n")
    site.start("hmi", smbd, "-F", "--no-process-group", "-s", config, port=445)
    return [smbclient, f"//{HMI}/files", "-t", "10"]


def test_a_program_is_put_on_a_share(site: Site, samba: list[object], capsys: Said) -> None:
    (site.folder / "updater.exe").write_bytes(b"MZ" + bytes(30_000))
    with site.recording() as heard:
        site.run("office", *samba, "-U", RIGHT, "-c", "put updater.exe PSEXESVC.exe")
    found = told(capsys, heard)
    copied = only(found, "executable_transferred")
    assert copied["severity"] == "medium" and "PSEXESVC.exe" in copied["msg"]
    assert only(found, "share_from_enterprise")["severity"] == "medium"


def test_files_get_another_ending(site: Site, samba: list[object], capsys: Said) -> None:
    names = [f"recipe{n}.csv" for n in range(12)]
    for name in names:
        (site.folder / "samba/files" / name).write_text("12;13")
    with site.recording() as heard:
        steps = ";".join(f"rename {name} {name}.locked" for name in names)
        site.run("office", *samba, "-U", RIGHT, "-c", steps)
    assert {n["severity"] for n in of(told(capsys, heard), "files_renamed")} == {"critical"}


def test_passwords_guessed_by_smb(site: Site, samba: list[object], capsys: Said) -> None:
    with site.recording() as heard:
        for n in range(5):
            site.run("office", *samba, "-U", f"root%winter{n}", "-c", "ls", check=False)
    assert "smb" in only(told(capsys, heard), "password_guessing")["msg"]


def test_a_service_is_stopped_and_the_registry_changed(site: Site, samba: list[object], capsys: Said) -> None:
    at = ("-S", HMI, "-U", RIGHT)
    with site.recording() as heard:
        site.run("office", tool("net"), "rpc", "service", "stop", "Spooler", *at)
        site.run("office", tool("net"), "rpc", "registry", "createkey", r"HKLM\Software\x", *at, check=False)
    found = told(capsys, heard)
    assert only(found, "historian_stopped")["severity"] == "high"
    assert "registry" in only(found, "dcerpc_lateral")["msg"]


@pytest.mark.parametrize(("kind", "note", "severity"), [
    ("task", "dcerpc_lateral", "medium"), ("replicate", "dcerpc_lateral", "medium"),
    ("zerologon", "zerologon", "critical"),
])  # fmt: skip
def test_orders_by_impacket(site: Site, capsys: Said, kind: str, note: str, severity: str) -> None:
    pytest.importorskip("impacket", reason="needs impacket: make exercise-deps")
    port = {"task": 49_152, "replicate": 49_153, "zerologon": 49_154}[kind]
    site.serve("hmi", "rpc", "serve", port, port=port)
    with site.recording() as heard:
        site.act("office", "rpc", kind, HMI, port)
    assert only(told(capsys, heard), note)["severity"] == severity


def test_a_program_by_ftp_and_guesses(site: Site, capsys: Said) -> None:
    site.serve("hmi", "ftp", "serve", port=21)
    with site.recording() as heard:
        site.act("office", "ftp", "put", HMI, "setup.exe", "service", PASSWORD)
        site.act("office", "ftp", "guess", HMI, 5)
    found = told(capsys, heard)
    assert "setup.exe" in only(found, "executable_transferred")["msg"]
    assert only(found, "cleartext_password")["severity"] == "medium"
    assert only(found, "password_guessing")["severity"] == "high"


def test_what_is_sent_to_a_web_page(site: Site, capsys: Said) -> None:
    site.serve("hmi", "web", "serve", 80, port=80)
    with site.recording() as heard:
        site.act("office", "web", "ask", "GET", f"http://{HMI}/closed", "times=5", "login=admin:pass{}")
        site.act("office", "web", "ask", "GET", f"http://{HMI}/open", "login=admin:admin")
        site.act("office", "web", "ask", "POST", f"http://{HMI}/cgi-bin/firmware_upgrade")
        site.act("office", "web", "ask", "GET", f"http://{HMI}/view?file=../../../etc/passwd")
        site.act("out", "web", "ask", "GET", f"http://{HMI}/")
    found = told(capsys, heard)
    for note in ("password_guessing", "default_password", "firmware_by_web", "http_exploit", "inbound_from_outside"):
        assert only(found, note)
    assert only(found, "cleartext_password")["severity"] == "medium"


def test_a_panel_fetches_a_program_from_the_internet(site: Site, capsys: Said) -> None:
    site.serve("out", "web", "serve", 80, port=80)
    with site.recording() as heard:
        site.act("hmi", "web", "ask", "GET", f"http://{OUT}/dl/viewer.exe")
    assert only(told(capsys, heard), "executable_transferred")["severity"] == "medium"


def test_a_controller_is_read_from_the_internet(site: Site, capsys: Said) -> None:
    with site.recording() as heard:
        site.act("out", "modbus", "poll", PLC)
    assert only(told(capsys, heard), "inbound_from_outside")["severity"] == "high"


def test_passwords_guessed_by_mqtt(site: Site, capsys: Said) -> None:
    secrets, config = site.folder / "mqtt.secrets", site.folder / "guarded.conf"
    site.run("hmi", tool("mosquitto_passwd"), "-c", "-b", secrets, "service", PASSWORD)
    config.write_text(f"user root\nallow_anonymous false\npassword_file {secrets}\nlistener 1883\n")
    site.start("hmi", tool("mosquitto"), "-c", config, port=1883)
    with site.recording() as heard:
        for n in range(5):
            wrong = ("-u", "service", "-P", f"summer{n}", "-t", "line/1", "-m", "1")
            site.run("office", tool("mosquitto_pub"), "-h", HMI, *wrong, check=False)
    assert "mqtt" in only(told(capsys, heard), "password_guessing")["msg"]
