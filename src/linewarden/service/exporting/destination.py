"""Where to send: `syslog+tls://siem.plant:6514?ca=ca.pem`, `https://siem.plant/hook`. Imports nothing heavy.

A URL of a webhook may hold a secret in its path: no error and no log shows more than scheme, host and port.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from linewarden.errors import ConfigError

PORTS = {"syslog+udp": 514, "syslog+tcp": 601, "syslog+tls": 6514, "https": 443, "http": 80}
"""RFC 5426, RFC 6587, RFC 5425; for the rest the usual ones."""
SHAPES = "use syslog+tls://HOST:6514, syslog+tcp://HOST, syslog+udp://HOST or https://HOST/PATH"
FILES = ("ca", "cert", "key")


@dataclass(frozen=True, slots=True)
class Destination:
    """A receiver. `ca`: who signed its certificate (else: the system's); `cert`, `key`: ours, if it asks for one."""

    scheme: str
    host: str
    port: int
    path: str = "/"
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    token_file: Path | None = None
    secret_file: Path | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_syslog(self) -> bool:
        """Whether it is no webhook."""
        return self.scheme.startswith("syslog")

    @property
    def is_encrypted(self) -> bool:
        """Whether it has a certificate."""
        return self.scheme in ("https", "syslog+tls")

    def with_files(
        self,
        ca: Path | None = None,
        cert: Path | None = None,
        key: Path | None = None,
        token_file: Path | None = None,
        secret_file: Path | None = None,
    ) -> Destination:
        """With what stands outside of the URL. Raises ConfigError for what is of no use there."""
        found = replace(
            self, ca=ca or self.ca, cert=cert or self.cert, key=key or self.key, token_file=token_file,
            secret_file=secret_file,
        )  # fmt: skip
        if not found.is_encrypted and (found.ca or found.cert or found.key):
            raise ConfigError(f"{self}: a certificate is of no use without encryption; use syslog+tls or https")
        if found.is_syslog and (found.token_file or found.secret_file):
            raise ConfigError(f"{self}: a token and a signature are for webhooks; syslog has none")
        if found.key and not found.cert:
            raise ConfigError(f"{self}: a key without its certificate; name both")
        return found


def destination(text: str, folder: Path = Path()) -> Destination:
    """The receiver that a URL names; files in it are relative to `folder`. Raises ConfigError with the way out."""
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ConfigError(f"is no URL; {SHAPES}") from None
    if url.scheme not in PORTS:
        raise ConfigError(f"{url.scheme or 'no scheme'}: not known; {SHAPES}")
    host = url.hostname or ""
    if not re.fullmatch(r"[A-Za-z0-9._:%-]{1,253}", host) or port == 0:
        raise ConfigError(f"names no host, or a wrong one; {SHAPES}")
    if url.username is not None or url.password is not None:
        raise ConfigError("has a user or password in it; put a token into a file and name that file")
    found = Destination(url.scheme, host, port or PORTS[url.scheme])
    if url.scheme == "http" and not is_here(host):
        raise ConfigError("http:// tells everybody on the way what was found; use https://")
    if found.is_syslog:
        return _with_query(found, url.query, url.path, folder)
    if not (url.path + url.query).isascii() or re.search(r"[\x00-\x20\x7f]", url.path + url.query):
        raise ConfigError("has characters that no URL has; write them as %XX")
    return replace(found, path=(url.path or "/") + (f"?{url.query}" if url.query else ""))


def _with_query(found: Destination, query: str, path: str, folder: Path) -> Destination:
    given = dict(parse_qsl(query, keep_blank_values=True))
    if path not in ("", "/") or given.keys() - set(FILES):
        raise ConfigError("syslog has no path, and knows only ?ca=FILE&cert=FILE&key=FILE")
    return found.with_files(**{k: folder / Path(v).expanduser() for k, v in given.items()})


def is_here(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def secret(file: Path) -> str:
    """The first line of a file. Raises ConfigError if there is none."""
    try:
        found = file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text in UTF-8"
        raise ConfigError(f"{file}: cannot be read ({why}); check path and owner") from error
    if not found or not found.isprintable():
        raise ConfigError(f"{file}: is empty, or has more than one line; write the secret into its first line")
    return found


def without_path(text: str) -> str:
    """The URL with *** for the path of a webhook."""
    found = destination(text)
    return text if found.is_syslog or found.path == "/" else f"{found}/***"
