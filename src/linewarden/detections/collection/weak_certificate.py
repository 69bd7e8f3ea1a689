"""A device of the plant shows a certificate that proves little, or speaks a TLS that is no longer safe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.settings import Settings, param

OLD = {"SSLv2": "SSL 2", "SSLv3": "SSL 3", "TLSv10": "TLS 1.0", "TLSv11": "TLS 1.1"}
"""Versions that must not be used any more: RFC 6176, RFC 7568, RFC 8996."""


class Params(Settings):
    """What is too weak."""

    rsa_bits: int = param(2048, "bit", "shortest RSA or DSA key that is still good (NIST SP 800-131A)")
    ec_bits: int = param(224, "bit", "shortest key on an elliptic curve that is still good (the same)")


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong, how bad that is, and the fact."""

    what: str
    severity: Severity
    fact: str


def flaws(stream: str, row: Row, params: Params) -> Iterator[Flaw]:
    """All that is wrong with what this row shows: a hello, or a certificate."""
    if row["not_after"] is None:
        yield Flaw(OLD[row["version"]], Severity.LOW, f"cipher {row['cipher'] or 'not seen'}")
        return
    now = datetime.fromtimestamp(int(row["ts"]) / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if row["not_after"] < now:
        yield Flaw("expired", Severity.LOW, f"valid until {row['not_after'][:10]}")
    if (row["not_before"] or "") > now:
        yield Flaw("not yet valid", Severity.LOW, f"valid from {row['not_before'][:10]}")
    least = params.ec_bits if row["key_type"] == "ecdsa" else params.rsa_bits
    if row["key_type"] in ("rsa", "dsa", "ecdsa") and 0 < (row["key_bits"] or 0) < least:
        yield Flaw("short key", Severity.LOW, f"{row['key_type']}, {row['key_bits']} bit")
    if any(weak in (row["signature"] or "").lower() for weak in ("md5", "sha1")):
        yield Flaw("weak hash", Severity.LOW, row["signature"])
    # In OPC UA trust lists name each certificate; most sign themselves, by design.
    if row["self_signed"] and stream == "tls":
        yield Flaw("self-signed", Severity.INFO, f"issued by itself: {row['issuer']}")


def watch(params: Params) -> Watch:
    """Tells each device once for all that is wrong with one certificate or hello."""

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.iter_rows(named=True):
            client, server = row["id.orig_h"], row["id.resp_h"]
            # Of a hello the version is what the server chose; a certificate in an answer is the server's, too.
            clients = row["not_after"] and row["is_orig"] and row["resp_frame"] is None
            who, whom = (client, server) if clients else (server, client)
            found = list(flaws(stream, row, params))
            # Certificates of the internet are no business of a plant.
            if not found or known.is_outside(who):
                continue
            flawed = ", ".join(f.what for f in found)
            said = f"shows a weak certificate ({flawed})" if row["not_after"] else f"speaks {flawed}, now unsafe,"
            yield Finding(
                row,
                f"{known.name(who)} {said} to {known.name(whom)} ({stream}).",
                (who, str(row["id.resp_p"]), *(f.what for f in found)),
                why=(*(f.fact for f in found), f"subject {row['subject'] or 'not shown'}",
                     f"role: {known.role(who)}"),
                severity=_weight(found, known.is_ot(who)),
            )  # fmt: skip

    return look


def _weight(found: list[Flaw], in_plant: bool) -> Severity:
    """The worst of them; outside the plant's own levels it is a remark."""
    return min((f.severity for f in found), key=lambda s: s.order) if in_plant else Severity.INFO


SHOWN = {
    "id.orig_h": "10.0.2.9", "id.resp_h": "10.0.0.1", "id.resp_p": 443, "subject": "CN=plc-1", "issuer": "CN=plant CA",
    "not_before": "2020-01-01T00:00:00Z", "not_after": "2030-01-01T00:00:00Z", "key_type": "rsa", "key_bits": 2048,
    "signature": "sha256WithRSAEncryption", "self_signed": False, "is_orig": False,
}  # fmt: skip

DETECTION = Detection(
    title="Weak certificate or old TLS",
    severity=Severity.LOW,
    attack=("T0830",),
    meaning="The other side cannot be sure whom it speaks to: somebody in between could show a certificate of "
    "their own and read or change what is said, passwords included.",
    runbook=(
        "See whose certificate it is, and which programs rely on it.",
        "Renew it from the plant's own authority, with a key of 2048 bit or more; switch old TLS off where possible.",
        "If the certificate changed without a reason, compare its serial number with the one that was there before.",
    ),
    benign="Devices ship with self-signed certificates and keep them for life; where the network is closed that is a "
    "known gap, not an attack.",
    needs={
        "tls": pl.col("version").is_in(list(OLD)) | pl.col("not_after").is_not_null(),
        "opcua": pl.col("not_after").is_not_null(),
    },
    watch=watch,
    fires=Case({"tls": [{**SHOWN, "not_after": "2023-01-01T00:00:00Z"}]}),
    quiet=Case({"tls": [SHOWN, {**SHOWN, "version": "TLSv12"}]}),
    params=Params(),
    refractory_s=7 * 86_400.0,
)
