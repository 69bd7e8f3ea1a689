"""OPC UA client (IEC 62541): values of servers by subscription, and their history for what was missed.

It reads and never writes: no Write, no Call, and nothing else that changes a server (`_opcua/link.py`). What it does
about certificates, connections that break and values that are lost is told in docs/collectors/opcua.md.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlparse

from linewarden.collectors.contract import Kind, Sink, setting

Policy = Literal["None", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"]


@dataclass(frozen=True)
class OpcUa:
    """Settings of one server."""

    endpoint: str = setting("address of the server", examples=("opc.tcp://10.0.0.5:4840",))
    source: str = setting("name of the device in records; empty: the host of `endpoint`", default="")
    security: Policy = setting(
        "security policy: Basic256Sha256, Aes128_Sha256_RsaOaep or Aes256_Sha256_RsaPss; None only if written so",
        default="Basic256Sha256",
    )
    mode: Literal["Sign", "SignAndEncrypt"] = setting("of messages; not used with None", default="SignAndEncrypt")
    pki: Path | None = setting(
        "folder of certificates: trusted, issuers, crl, rejected, own; made if it is not there", default=None
    )
    revocation: Literal["required", "if-known"] = setting(
        "whether each authority must have a current revocation list in crl", default="required"
    )
    host_name: str = setting("host that the server's certificate names, where it is not that of `endpoint`", default="")
    application_uri: str = setting("our application URI; empty: urn:HOST:linewarden", default="")
    user: str = setting("user name; empty: anonymous, or `user_certificate`", default="")
    password: str = setting("password of the user", default="", secret=True)
    user_certificate: Path | None = setting("X.509 certificate to log in with, PEM or DER", default=None)
    user_key: str = setting("its private key as PEM", default="", secret=True)
    nodes: tuple[str, ...] = setting(
        "variables by node id, with or without a name for the tag",
        default=(),
        examples=("ns=2;s=Line1.Temp", "TANK.LEVEL = nsu=urn:maker:line;s=Level"),
    )
    paths: tuple[str, ...] = setting(
        "variables by browse names below Objects; namespaces may be left out", default=(), examples=("Line1/2:Temp",)
    )
    trees: tuple[str, ...] = setting(
        "all variables below a path or node id; Objects: all but the server's own", default=(), examples=("Line1",)
    )
    include: tuple[str, ...] = setting("patterns of names below `trees` that are taken", default=("*",))
    exclude: tuple[str, ...] = setting(
        "patterns of names below `trees` that are left out", default=(), examples=("*/Diagnostics/*",)
    )
    publishing_ms: int = setting("how often the server sends", default=1000, unit="ms")
    sampling_ms: int = setting("how often it looks at a value; -1: as often as it sends", default=-1, unit="ms")
    queue: int = setting("values of a variable that the server keeps between two messages", default=1000)
    deadband: float = setting("smallest change that is told, in the variable's unit; 0: each", default=0.0)
    deadband_percent: float = setting("the same in percent of its range (EURange)", default=0.0, unit="%")
    keepalive_s: int = setting("a message comes at least so often", default=10, unit="s")
    keep_s: int = setting(
        "how long the server keeps session and subscription while we are away", default=3600, unit="s"
    )
    timeout_s: float = setting("how long an answer may take", default=10.0, unit="s")
    history: bool = setting("read from the server's history what was missed", default=True)
    state: Path | None = setting(
        "file that remembers subscription and last values over a restart of ours; without: collectors/NAME.json in the "
        "data folder",
        default=None,
    )


def check(s: OpcUa) -> list[tuple[str, str]]:
    """What is wrong with settings: (field, what and the way out)."""
    return [*_check_access(s), *_check_values(s)]


def _check_access(s: OpcUa) -> list[tuple[str, str]]:
    found = []
    url = urlparse(s.endpoint)
    if url.scheme != "opc.tcp" or not url.hostname or "@" in url.netloc:
        found.append(("endpoint", f'"{s.endpoint}" is no address of a server: write opc.tcp://HOST:4840/PATH'))
    if not s.pki and s.security != "None":
        found.append(
            ("pki", 'name a folder for certificates, or choose security = "None" (anybody can listen and forge)')
        )
    if s.user and s.user_certificate:
        found.append(("user", "log in by `user` or by `user_certificate`, not by both"))
    if bool(s.user_certificate) != bool(s.user_key):
        found.append(("user_key", "`user_certificate` and `user_key` belong together: give both"))
    return found


def _check_values(s: OpcUa) -> list[tuple[str, str]]:
    found = []
    if not (s.nodes or s.paths or s.trees):
        found.append(("nodes", 'name what is to be collected: `nodes`, `paths`, or trees = ["Objects"] for everything'))
    if s.deadband and s.deadband_percent:
        found.append(("deadband", "choose `deadband` or `deadband_percent`, not both"))
    least = {"publishing_ms": 10, "sampling_ms": -1, "queue": 1, "keepalive_s": 1, "keep_s": 10, "timeout_s": 0.1}
    for field, lowest in least.items():
        if getattr(s, field) < lowest:
            found.append((field, f"{getattr(s, field)} is too small: at least {lowest}"))
    for field in ("deadband", "deadband_percent"):
        if getattr(s, field) < 0:
            found.append((field, "must not be below 0"))
    return found


def run(settings: OpcUa, sink: Sink, stop: threading.Event) -> None:
    """Collects until `stop` is set."""
    from linewarden.collectors._opcua.keeper import collect

    collect(settings, sink, stop)


KIND = Kind("opcua", "OPC UA server", OpcUa, run, needs=("asyncua",), check=check)
