"""A machine of the plant runs a remote-access tool, or a VPN goes past the firewall."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge, Role

NAMES = {
    "teamviewer.com": "TeamViewer", "anydesk.com": "AnyDesk", "rustdesk.com": "RustDesk",
    "screenconnect.com": "ScreenConnect", "ngrok.com": "ngrok", "ngrok.io": "ngrok", "ngrok.app": "ngrok",
    "ngrok-free.app": "ngrok", "ngrok-agent.com": "ngrok", "tailscale.com": "Tailscale", "tailscale.io": "Tailscale",
    "zerotier.com": "ZeroTier", "logmein.com": "LogMeIn", "logmeinrescue.com": "LogMeIn", "splashtop.com": "Splashtop",
    "remotedesktop.google.com": "Chrome Remote Desktop", "dwservice.net": "DWService", "getscreen.me": "Getscreen",
    "ultraviewer.net": "UltraViewer", "supremocontrol.com": "Supremo", "trycloudflare.com": "Cloudflare tunnel",
    "argotunnel.com": "Cloudflare tunnel", "talk2m.com": "Ewon Talk2M", "ixon.cloud": "IXON", "ixon.net": "IXON",
    "ayayot.com": "IXON",
}  # fmt: skip
"""Domains that these tools ask for.

Source: the makers' documentation of TeamViewer ("Ports used by TeamViewer"), ngrok ("Connect URLs") and IXON ("How does
the IXrouter connect?"); SigmaHQ's rule dns_query_win_remote_access_software_domains_non_browsers for AnyDesk, RustDesk,
ScreenConnect, LogMeIn, Splashtop and DWService; LOLRMM (github.com/magicsword-io/LOLRMM, yaml/) for Chrome Remote
Desktop, Getscreen, UltraViewer and Supremo; what programs use in public code: Tailscale (controlplane.tailscale.com,
log.tailscale.io), ZeroTier (my.zerotier.com), cloudflared (region1.v2.argotunnel.com, trycloudflare.com), Ewon
(data.talk2m.com, m2web.talk2m.com).
"""
ENDS = "(?i)(^|\\.)(" + "|".join(name.replace(".", "\\.") for name in NAMES) + ")\\.?(:\\d+)?$"
PORTS = {
    5938: "TeamViewer", 6568: "AnyDesk", 7070: "AnyDesk", 21115: "RustDesk", 21116: "RustDesk", 21117: "RustDesk",
    41641: "Tailscale", 9993: "ZeroTier", 1194: "OpenVPN", 51820: "WireGuard", 500: "IPsec", 4500: "IPsec",
    1701: "L2TP", 1723: "PPTP",
}  # fmt: skip
"""Ports as these tools come. Only looked at on the way between inside and outside, where nothing else was recognised.

Source: TeamViewer, "Ports used by TeamViewer"; RustDesk, id-relay-set.md; Tailscale's tailscaled.defaults; ZeroTier,
ZT_DEFAULT_PORT; IANA's registry of ports (OpenVPN); the example of wg(8), as WireGuard has no port of its own; RFC 7296
(IPsec), 2661 (L2TP), 2637 (PPTP). Those of AnyDesk are by others' guides for firewalls, not by its maker.
"""
TUNNELS = {"openvpn": "OpenVPN", "wireguard": "WireGuard"}
"""VPNs that are known by their first packets, on any port."""
NAMED = {"dns": "query", "dns_tcp": "query", "tls": "server_name", "http": "host"}


def told(row: Row, known: Knowledge) -> Finding | None:
    """Each machine and tool: by name wherever it asks for it, by packets and port across the border of the plant."""
    name = next((str(row[c]) for c in ("query", "server_name", "host") if row.get(c)), None)
    if name is not None:
        return _named(row, name.lower().partition(":")[0].rstrip("."), known)
    who, whom = row["id.orig_h"], row["id.resp_h"]
    if known.is_outside(who) == known.is_outside(whom):
        return None
    sure, inward = TUNNELS.get(row["service"] or ""), known.is_outside(who)
    tool = sure or PORTS[row["id.resp_p"]]
    way = f"lets {known.name(who)} in" if inward else f"speaks to {known.name(whom)}"
    return Finding(
        row,
        f"{known.name(whom if inward else who)} {way} {'by' if sure else 'on the port of'} {tool}.",
        (whom if inward else who, tool),
        why=(f"{row['proto']}/{row['id.resp_p']}, {row['orig_bytes']} and {row['resp_bytes']} bytes",
             f"role: {known.role(whom if inward else who)}"),
        severity=_severity(whom if inward else who, True, known),
        confidence=0.9 if sure else 0.6,
    )  # fmt: skip


def _named(row: Row, name: str, known: Knowledge) -> Finding | None:
    """Names in a machine's DNS question, in its TLS greeting, or in its HTTP request."""
    tool = next((t for end, t in NAMES.items() if name == end or name.endswith("." + end)), None)
    if tool is None:
        return None
    who, asked = row["id.orig_h"], "query" in row
    return Finding(
        row,
        f"{known.name(who)} {'asks for the address of' if asked else 'connects to'} {tool}.",
        (who, tool),
        why=(f"name: {name}", f"role: {known.role(who)}"),
        severity=_severity(who, not asked, known),
        confidence=0.9,
    )


def _severity(machine: str, connected: bool, known: Knowledge) -> Severity | None:
    """In the office it is common; at a machine that moves the process it is a door."""
    if not known.is_ot(machine):
        return Severity.LOW
    low = known.is_field(machine) or known.levels.get(machine, 9.0) <= 2
    return Severity.HIGH if connected and low else None


HMI = Knowledge(roles={"10.0.1.7": Role.HMI}, levels={"10.0.1.7": 2})

DETECTION = Detection(
    title="Remote-access tool or VPN",
    severity=Severity.MEDIUM,
    attack=("T0822", "T0886", "T0884"),
    meaning="With such a tool somebody outside sees the screen of a machine and moves its mouse, past the firewall and"
    " past everybody who would have to agree. Intruders install the same tools.",
    runbook=(
        "Ask who installed it, and who is connected now.",
        "Block its servers at the firewall, and look at what the machine did during the sessions.",
        "If it is wanted: move it to a remote-access gateway with accounts, a second factor, and a log.",
    ),
    benign="A supplier's remote maintenance that was agreed upon: say so, for this machine and this tool.",
    needs={
        **{stream: pl.col(column).fill_null("").str.contains(ENDS) for stream, column in NAMED.items()},
        "conn": pl.col("proto").is_in(["tcp", "udp"]) & (pl.col("orig_bytes") > 0) & (pl.col("resp_bytes") > 0)
        & (pl.col("service").fill_null("").is_in(list(TUNNELS))
           | (pl.col("service").is_null() & pl.col("id.resp_p").is_in(list(PORTS)))),
    },
    watch=stateless(told),
    fires=Case(
        {"tls": [{"id.orig_h": "10.0.1.7", "id.resp_h": "1.2.3.4", "server_name": "router15.TeamViewer.com"}],
         "conn": [{"id.orig_h": "8.8.4.4", "id.resp_h": "10.0.1.9", "id.resp_p": 1194, "proto": "udp",
                   "orig_bytes": 900, "resp_bytes": 900}]},
        HMI,
    ),
    quiet=Case(
        {"dns": [{"id.orig_h": "10.0.1.7", "id.resp_h": "10.0.3.53", "query": "notteamviewer.com"}],
         "conn": [{"id.orig_h": "10.0.1.7", "id.resp_h": "10.0.1.9", "id.resp_p": 1194, "proto": "udp",
                   "orig_bytes": 900, "resp_bytes": 900}]},
        HMI,
    ),
)  # fmt: skip
