"""Certificates and old TLS as OpenSSL shows them; OPC UA and MQTT that could be encrypted and are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packets.certificates import made
from tests.packets.site import PLC, Said, Site, of, only, told, tool

CA = "/CN=plant CA"
WEAK = ("-cipher", "DEFAULT@SECLEVEL=0")
"""What OpenSSL needs to be told to use what is no longer safe."""


def shown(site: Site, port: int, certificate: Path, *options: object) -> None:
    """A server with this certificate, and a client that looks at it."""
    openssl = tool("openssl")
    site.start("plc", openssl, "s_server", "-accept", port, "-cert", certificate, "-quiet", *WEAK, *options, port=port)
    site.run("hmi", openssl, "s_client", "-connect", f"{PLC}:{port}", *WEAK, *options, check=False)


def test_each_flaw_is_named_and_a_good_one_is_not(site: Site, capsys: Said) -> None:
    flawed = {
        "expired": made(site.folder, "expired", ca=CA, start="20200101000000Z", end="20230101000000Z"),
        "not yet valid": made(site.folder, "early", ca=CA, start="20490101000000Z", end="20500101000000Z"),
        "short key": made(site.folder, "short", ca=CA, key="rsa:1024"),
        "weak hash": made(site.folder, "sha1", "/CN=plc-1", "-md", "sha1", ca=CA),
        "self-signed": made(site.folder, "self"),
    }
    with site.recording() as heard:
        for port, certificate in enumerate([*flawed.values(), made(site.folder, "good", ca=CA)], 8443):
            shown(site, port, certificate, "-tls1_2")
    said = [n["msg"] for n in of(told(capsys, heard), "weak_certificate")]
    assert len(said) == len(flawed)
    assert all(any(f"({flaw})" in msg for msg in said) for flaw in flawed), said


def test_old_versions_are_named(site: Site, capsys: Said) -> None:
    certificate = made(site.folder, "old", ca=CA)
    with site.recording() as heard:
        shown(site, 8543, certificate, "-tls1")
        shown(site, 8544, certificate, "-tls1_1")
        shown(site, 8545, certificate, "-tls1_3")
    said = [n["msg"] for n in of(told(capsys, heard), "weak_certificate")]
    assert len(said) == 2 and all(any(v in msg for msg in said) for v in ("TLS 1.0", "TLS 1.1"))


def test_opc_ua_in_clear_where_the_server_offers_better(site: Site, capsys: Said) -> None:
    pytest.importorskip("asyncua", reason="needs asyncua: make exercise-deps")
    site.serve("plc", "opcua", "serve", PLC, site.folder, port=4840)
    with site.recording() as heard:
        site.act("hmi", "opcua", "read", PLC)
    assert "OPC UA" in only(told(capsys, heard), "unencrypted_though_offered")["msg"]


def test_mqtt_in_clear_where_the_broker_offers_better(site: Site, capsys: Said) -> None:
    mosquitto, client = tool("mosquitto"), [tool("mosquitto_pub"), "-h", PLC, "-t", "line/1", "-m", "1"]
    certificate, config = made(site.folder, "broker", "/CN=broker", ca=CA), site.folder / "both.conf"
    secured = f"listener 8883\ncertfile {certificate}\nkeyfile {certificate}\n"
    config.write_text(f"user root\nallow_anonymous true\nlistener 1883\n{secured}")
    site.start("plc", mosquitto, "-c", config, port=8883)
    with site.recording() as heard:
        site.run("hmi", *client, "-p", 8883, "--insecure", "--cafile", site.folder / "broker-ca.crt")
        site.run("hmi", *client, "-u", "service", "-P", "Kaskade-41")
    found = told(capsys, heard)
    assert "MQTT" in only(found, "unencrypted_though_offered")["msg"]
    assert "mqtt" in only(found, "cleartext_password")["msg"]
