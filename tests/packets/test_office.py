"""What an office does all day with the same programs: nothing of it may be called urgent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packets.certificates import made
from tests.packets.site import COLLEAGUE, OUT, Said, Site, grave, told, tool

NAMES = (
    "tlu.dl.delivery.mp.microsoft.com-c.edgesuite.net.globalredir.akadns.net", "e13678.dscg.akamaiedge.net",
    "a1b2c3d4-e5f6-4711-8899-aabbccddeeff.cdn.cloudfront.example", "prod-video-eu-central-1.assets.streaming.example",
    "fe2cr.update.microsoft.com", "0.debian.pool.ntp.org", "www.example.com",
)  # fmt: skip
"""Four of them are as long as content networks make them."""


@pytest.fixture(scope="module")
def internet(site: Site) -> Site:
    """Names, time, pages by HTTP and HTTPS."""
    plain = ("-k", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=", f"--address=/#/{OUT}")
    site.start("out", tool("dnsmasq"), *plain, port=53, udp=True)
    site.serve("out", "clock", "serve", port=123, udp=True)
    site.serve("out", "web", "serve", 80, port=80)
    page = made(site.folder, "page", "/CN=www.example.com", ca="/CN=Public CA")
    site.start("out", tool("openssl"), "s_server", "-accept", 443, "-cert", page, "-www", port=443)
    return site


@pytest.mark.parametrize(("who", "zone"), [("office", "10.77.4"), ("hmi", "10.77.1")])
def test_a_morning(internet: Site, capsys: Said, who: str, zone: str) -> None:
    """A name of a content network, the clock, a page, a check for updates and one update."""
    files = f"http://{OUT}/c/msdownload/update"
    with internet.recording(zone) as heard:
        internet.act(who, "resolve", OUT, "A", *NAMES)
        internet.act(who, "clock", "ask", OUT, 10, 0.3)
        for name in NAMES[-3::2]:
            to = ("-connect", f"{OUT}:443", "-servername", name, "-quiet")
            internet.run(who, tool("openssl"), "s_client", *to, text="GET / HTTP/1.0\r\n\r\n", check=False)
        internet.act(who, "web", "ask", "GET", f"{files}/authrootstl.cab?4f2a", "host=ctldl.windowsupdate.com")
        internet.act(who, "web", "ask", "GET", f"{files}/am_delta.exe", "host=download.windowsupdate.com")
    assert grave(told(capsys, heard)) == []


def test_colleagues(internet: Site, capsys: Said) -> None:
    """A login by SSH at a colleague's machine, one mistyped password of FTP and a file that is fetched."""
    site = internet
    site.run("colleague", tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", site.folder / "office")
    Path("/run/sshd").mkdir(exist_ok=True)
    own = {"HostKey": "office", "AuthorizedKeysFile": "office.pub"}
    given = [w for name, file in own.items() for w in ("-o", f"{name}={site.folder / file}")]
    given += ["-o", "StrictModes=no", "-o", "PermitRootLogin=yes", "-o", "UsePAM=no", "-o", "PidFile=none"]
    site.start("colleague", tool("sshd"), "-D", "-e", "-f", "/dev/null", *given, port=22)
    site.serve("colleague", "ftp", "serve", port=21)
    quiet = ("-q", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
    with site.recording("10.77.4") as heard:
        site.run("office", tool("ssh"), *quiet, "-i", site.folder / "office", f"root@{COLLEAGUE}", "true")
        site.act("office", "ftp", "guess", COLLEAGUE, 1)
        site.act("office", "ftp", "put", COLLEAGUE, "minutes.odt", "service", "Kaskade-41")
    assert grave(told(capsys, heard)) == []
