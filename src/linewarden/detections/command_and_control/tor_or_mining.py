"""A machine joins the Tor network, or works for a pool that mines coins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge

TOR_PORTS = (9001, 9030)
"""The ports of relays and directories that their manual proposes (ORPort, DirPort)."""
RANDOM_NAME = r"^www\.([a-z2-7]{8,25}|[a-z]{0,6}[2-7][a-z2-7]{0,6})\.(com|net)$"
"""What Tor's first hello asks for: a made-up name of 4 to 25 letters in base 32 (tor-spec, "Negotiating TLS"; tor,
crypto_random_hostname). A short one without a digit might be anybody's."""
RANDOM_SUBJECT = r"^CN=www\.[a-z2-7]{8,20}\.net$"
RANDOM_ISSUER = r"^CN=www\.[a-z2-7]{8,20}\.com$"
DIRECTORY = r"^/tor/(status-vote|server|micro|extra|keys)/"
"""Paths of the directory protocol (dir-spec, 5)."""
TOR_NAMES = r"(?i)(^|\.)(onion|torproject\.org|onion\.(ws|ly|pet|to|cab))\.?$"
POOLS = (
    "2miners.com", "antpool.com", "braiins.com", "c3pool.com", "coinhive.com", "crypto-pool.fr", "dwarfpool.com",
    "ethermine.org", "f2pool.com", "flypool.org", "hashvault.pro", "herominers.com", "minergate.com", "minexmr.com",
    "moneroocean.stream", "nanopool.org", "nicehash.com", "poolin.com", "sparkpool.com", "slushpool.com",
    "supportxmr.com", "unmineable.com", "viabtc.com", "xmrpool.eu", "zpool.ca",
)  # fmt: skip
"""Well-known pools; some are history, and so are miners that still ask.

Source: SigmaHQ's rules net_dns_pua_cryptocoin_mining_xmr and net_connection_win_domain_crypto_mining_pools; Maltrail,
trails/static/suspicious/crypto_mining.txt. Not in these, but in many public settings of miners: antpool.com,
braiins.com, coinhive.com, ethermine.org, flypool.org, nicehash.com, poolin.com, slushpool.com, sparkpool.com,
unmineable.com, viabtc.com.
"""
POOL_NAMES = r"(?i)(^|\.)(" + "|".join(re.escape(p) for p in POOLS) + r")\.?$"
STRATUM_PORTS = (3333, 4444, 5555, 7777, 14433, 14444, 45560, 45700)
"""What pools propose for Stratum; many other programs use them too, so that this alone is a hint.

Source: public settings of miners: antpool.com and slushpool.com (3333), minexmr.com and ethermine.org (4444),
supportxmr.com (5555, 7777), nanopool.org (14433, 14444), minergate.com (45560, 45700).
"""


@dataclass(frozen=True, slots=True)
class Sign:
    """What shows it: in words behind who, the fact, and how sure it is."""

    did: str
    techniques: tuple[str, ...]
    fact: str
    sure: float


TOR, MINES = ("T0884",), ("T0869",)


def of_name(row: Row) -> Sign | None:
    """A name that is asked for."""
    if re.search(POOL_NAMES, row["query"]):
        return Sign("looks for a pool that mines coins", MINES, f"asked for {row['query']}", 0.85)
    return Sign("looks for the Tor network", TOR, f"asked for {row['query']}", 0.7)


def of_tls(row: Row) -> Sign | None:
    """A hello, or a certificate."""
    name = row["server_name"] or ""
    if row["subject"]:
        made_up = bool(re.search(RANDOM_SUBJECT, row["subject"]) and re.search(RANDOM_ISSUER, row["issuer"] or ""))
        fact = f"certificate of {row['subject']}, issued by {row['issuer']}"
        return Sign("speaks to the Tor network", TOR, fact, 0.9) if made_up else None
    if re.search(POOL_NAMES, name):
        return Sign("works for a pool that mines coins", MINES, f"TLS to {name}", 0.9)
    made_up = bool(re.search(RANDOM_NAME, name)) and row["id.resp_p"] in TOR_PORTS
    return Sign("speaks to the Tor network", TOR, f"TLS to the made-up name {name}", 0.8) if made_up else None


def of_web(row: Row) -> Sign | None:
    """A request of the directory protocol."""
    return Sign("fetches the directory of the Tor network", TOR, f"{row['method']} {row['uri']}", 0.95)


def of_port(row: Row) -> Sign | None:
    """Nothing but a port: a hint."""
    if row["service"] == "stratum":
        return Sign("works for a pool that mines coins", MINES, "Stratum: JSON-RPC of miners", 0.95)
    port = row["id.resp_p"]
    fact = f"port {port}, service {row['service'] or 'not recognised'}, {row['resp_bytes']} bytes came back"
    if port in TOR_PORTS:
        return Sign("may speak to the Tor network", TOR, fact, 0.4)
    return Sign("may work for a pool that mines coins", MINES, fact, 0.3)


SIGNS: dict[str, Callable[[Row], Sign | None]] = {
    "dns": of_name, "dns_tcp": of_name, "tls": of_tls, "http": of_web, "conn": of_port,
}  # fmt: skip


def watch(_params: object) -> Watch:
    """Each machine is told once an hour for each of both."""

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.iter_rows(named=True):
            sign, who, whom = SIGNS[stream](row), row["id.orig_h"], row["id.resp_h"]
            hint = sign is not None and sign.sure < 0.5
            # A port means something on the internet only.
            if sign is None or (hint and not known.is_outside(whom)):
                continue
            yield Finding(
                row,
                f"{known.name(who)} {sign.did} ({known.name(whom)}).",
                (who, *sign.techniques, str(hint)),
                why=(sign.fact, f"role: {known.role(who)}"),
                severity=_weight(hint, known.is_ot(who)),
                techniques=sign.techniques,
                confidence=sign.sure,
            )

    return look


def _weight(hint: bool, in_plant: bool) -> Severity:
    """A machine of the plant has no reason for either; a hint is one step less."""
    if hint:
        return Severity.MEDIUM if in_plant else Severity.LOW
    return Severity.HIGH if in_plant else Severity.MEDIUM


_ASKED = pl.col("query").fill_null("").str.contains(f"{TOR_NAMES}|{POOL_NAMES}")
_CARRIED = (pl.col("proto") == "tcp") & (pl.col("orig_bytes") > 0) & (pl.col("resp_bytes") > 0)

DETECTION = Detection(
    title="Tor, or mining of coins",
    severity=Severity.MEDIUM,
    attack=("T0884", "T0869"),
    meaning="A program that nobody of the plant ordered runs on this machine. Ransomware takes its orders through Tor; "
    "miners take the machine's time, and whoever put one there can put something worse.",
    runbook=(
        "Find the program on the machine that speaks to this address.",
        "Ask how it came there: look at logins and copied files before the first notice.",
        "Block the address at the firewall; if the machine has a task in the plant, plan how to set it up anew.",
    ),
    benign="An office machine with a Tor browser, or another program that happens to use the same port.",
    needs={
        "dns": _ASKED,
        "dns_tcp": _ASKED,
        "tls": pl.col("server_name").fill_null("").str.contains(f"{RANDOM_NAME}|{POOL_NAMES}")
        | pl.col("subject").fill_null("").str.contains(RANDOM_SUBJECT),
        "http": pl.col("uri").fill_null("").str.contains(DIRECTORY),
        "conn": _CARRIED & ((pl.col("service") == "stratum") | (
            pl.col("service").is_null() | (pl.col("service") == "tls")
        ) & pl.col("id.resp_p").is_in([*TOR_PORTS, *STRATUM_PORTS])),
    },
    watch=watch,
    fires=Case({"dns": [{"query": "xmr.nanopool.org", "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.5.1"}]}),
    quiet=Case({
        "dns": [{"query": "nanopool.org.example.com", "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.5.1"}],
        "tls": [{"server_name": "www.microsoft.com", "id.orig_h": "10.0.0.66", "id.resp_h": "8.8.4.4",
                 "id.resp_p": 443}],
        "conn": [{"proto": "tcp", "orig_bytes": 9, "resp_bytes": 9, "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.5",
                  "id.resp_p": 3333}],
    }),
)  # fmt: skip
