"""A session in clear with a server that offers an encrypted one: OPC UA, MQTT."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded
from linewarden.detections.settings import Settings
from linewarden.plant.vocabulary import spelled

PROTECTED = ("sign", "sign_and_encrypt")
MQTT_TLS = 8883
SERVERS = 1_000
CLIENTS = 10
"""Of one server, that are remembered until it says what it offers."""
KEPT = (
    "ts", "uid", "sensor", "capture", "frame", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "password",
)  # fmt: skip
"""Columns of their records that a notice needs."""


class _Server:
    """What one server offers, once seen, and the sessions in clear that came before that."""

    def __init__(self) -> None:
        self.offer = ""
        self.clear: Bounded[str, Row | None] = Bounded(lambda: None, CLIENTS)


def _offer(stream: str, row: Row) -> str:
    """Better protection that this record shows; empty if it shows none."""
    if stream == "opcua" and row["security_mode"] in PROTECTED:
        policy = str(row["policy_uri"] or "").rpartition("#")[2]
        return f"the server offers {row['security_mode']} with {policy or 'a security policy'}"
    return f"the broker speaks TLS on port {MQTT_TLS}" if stream == "conn" else ""


def watch(_params: Settings) -> Watch:
    """Keeps what servers offer and who came in clear, since either may be seen first."""
    servers: Bounded[tuple[str, str], _Server] = Bounded(_Server, SERVERS)

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        spoken = "opcua" if stream == "opcua" else "mqtt"
        for row in rows.iter_rows(named=True):
            server = servers.at((spoken, row["id.resp_h"]))
            if better := _offer(stream, row):
                server.offer = server.offer or better
                yield from _late(server, spoken, known)
            elif server.offer:
                yield _finding(row, spoken, server.offer, known)
            else:
                server.clear.put(row["id.orig_h"], {k: row[k] for k in KEPT if k in row})

    return look


def _late(server: _Server, spoken: str, known: Knowledge) -> Iterator[Finding]:
    """The sessions that were in clear before the offer was seen."""
    for client in list(server.clear):
        if (row := server.clear.get(client)) is not None:
            yield _finding(row, spoken, server.offer, known)
        server.clear.drop(client)


def _finding(row: Row, spoken: str, offer: str, known: Knowledge) -> Finding:
    who, whom = row["id.orig_h"], row["id.resp_h"]
    password = bool(row.get("password"))
    return Finding(
        row,
        f"{known.name(who)} speaks {spelled(spoken)} in clear to {known.name(whom)}, which offers better.",
        (who, whom, spoken),
        why=(offer, "a password went over the wire" if password else "the session is not protected"),
        severity=None if password or known.is_ot(who) or known.is_ot(whom) else Severity.INFO,
    )


_OFFER = {"id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "service": "endpoints", "policy_uri": "x#Basic256Sha256"}
_SESSION = {"type": "MSG", "service": "create_session", "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1"}
_BROKER = {"id.orig_h": "10.0.0.8", "id.resp_h": "10.0.0.2", "id.resp_p": 8883, "proto": "tcp", "service": "tls"}


def _cases() -> tuple[Case, Case]:
    connect = {"type": "connect", "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.2", "id.resp_p": 1883}
    fires = Case({
        "opcua": [{**_SESSION, "security_policy": "None"}, {**_OFFER, "security_mode": "sign_and_encrypt"}],
        "conn": [{**_BROKER, "resp_bytes": 900}], "mqtt": [connect],
    })  # fmt: skip
    quiet = Case({
        "opcua": [{**_SESSION, "security_policy": "None"}, {**_OFFER, "security_mode": "none"},
                  {**_SESSION, "id.resp_h": "10.0.0.3", "security_policy": "Basic256Sha256"}],
        "conn": [{**_BROKER, "resp_bytes": 0}], "mqtt": [connect],
    })  # fmt: skip
    return fires, quiet


CLEAR = (pl.col("service").fill_null("") == "create_session") & (pl.col("security_policy").fill_null("") == "None")

DETECTION = Detection(
    title="In clear, though better is offered",
    severity=Severity.LOW,
    attack=("T0842", "T0830"),
    meaning="Everybody on the way can read values and passwords, and change them. The server could do better; only the"
    " client was never told to.",
    runbook=(
        "Set the client to the protected endpoint (OPC UA: Sign or SignAndEncrypt; MQTT: TLS) and its certificate.",
        "When all clients are moved, switch the open endpoint off at the server.",
        "Change the passwords that went over the wire until then.",
    ),
    benign="A client that cannot do better, in a zone where nobody else can listen.",
    needs={
        "opcua": pl.col("security_mode").fill_null("").is_in(PROTECTED) | CLEAR,
        "conn": (pl.col("id.resp_p") == MQTT_TLS)
        & (pl.col("service").fill_null("") == "tls")
        & (pl.col("resp_bytes") > 0),
        "mqtt": (pl.col("type").fill_null("") == "connect") & (pl.col("id.resp_p") != MQTT_TLS),
    },
    watch=watch,
    fires=_cases()[0],
    quiet=_cases()[1],
    refractory_s=86_400.0,
)
