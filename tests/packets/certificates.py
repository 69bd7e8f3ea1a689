"""Certificates as OpenSSL makes them, good and bad, in one file each with their key."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.packets.site import tool

Option = str


def made(folder: Path, name: str, subject: str = "/CN=plc-1", *options: Option, key: str = "rsa:2048", ca: str = "",
         start: str = "20250101000000Z", end: str = "20300101000000Z") -> Path:  # fmt: skip
    """A certificate with its key; `ca`: the subject of an authority that is made for it, else it signs itself."""
    openssl, pem = tool("openssl"), folder / f"{name}.pem"
    request = [openssl, "req", "-newkey", key, "-nodes", "-subj", subject, "-keyout", f"{name}.key", "-out"]
    _run(folder, *request, f"{name}.csr")
    issuer = name
    if ca:
        issuer = f"{name}-ca"
        _run(folder, openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", ca, "-keyout", f"{issuer}.key",
             "-out", f"{issuer}.crt", "-days", "3650")  # fmt: skip
    by = ["-cert", f"{issuer}.crt"] if ca else ["-selfsign"]
    for file, text in {f"{name}.index": "", f"{name}.serial": "1000", f"{name}.cnf": _CONFIG.format(name=name)}.items():
        (folder / file).write_text(text)
    _run(folder, openssl, "ca", "-batch", "-notext", "-config", f"{name}.cnf", "-keyfile", f"{issuer}.key", *by,
         "-in", f"{name}.csr", "-out", f"{name}.crt", "-startdate", start, "-enddate", end, *options)  # fmt: skip
    pem.write_text((folder / f"{name}.crt").read_text() + (folder / f"{name}.key").read_text())
    return pem


_CONFIG = """
[ca]
default_ca = own
[own]
database = {name}.index
serial = {name}.serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
"""


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
