"""How calls reach a server: over TLS that is always checked, to that server only, with the token in each request."""

from __future__ import annotations

import contextlib
import enum
import functools
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from linewarden.api.client.faults import error_of
from linewarden.api.listing import Page
from linewarden.errors import ConfigError, SendError
from linewarden.service.exporting.tls import client_context
from linewarden.service.files import reserve

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")
B = TypeVar("B", bound=BaseModel)
ROOT = "/api/v1"


class Transport:
    """A connection to a server, kept open from call to call. `timeout`: seconds that the server may be silent."""

    def __init__(self, url: str, token: str, *, ca: Path | str | None = None, timeout: float = 30.0) -> None:
        """`ca`: a PEM file with who signed the server's certificate; None: those that this machine trusts.

        Raises ConfigError if the address, the token or the file cannot be one.
        """
        self.url = _checked(url)
        if not token or not token.isascii() or not token.isprintable():
            raise ConfigError("the token is empty or no text; `linewarden people token make` makes one")
        # No proxy and no .netrc of the environment: what a plant says goes to the server that was named.
        self._http = httpx.Client(
            base_url=self.url + ROOT, verify=client_context(Path(ca) if ca else None), timeout=timeout,
            headers={"Authorization": f"Bearer {token}"}, trust_env=False, follow_redirects=False,
        )  # fmt: skip

    def close(self) -> None:
        """Ends the connection."""
        self._http.close()

    def _ask(self, kind: type[T], method: str, path: str, **asked: Any) -> T:
        found: T = self._read(kind, self._bytes(method, path, **asked))
        return found

    def _maybe(self, kind: type[T], method: str, path: str, **asked: Any) -> T | None:
        found: T | None = self._read(kind | None, self._bytes(method, path, **asked))
        return found

    def _nothing(self, method: str, path: str, **asked: Any) -> None:
        self._bytes(method, path, **asked)

    def _bytes(self, method: str, path: str, **asked: Any) -> bytes:
        with self._answer(method, path, **asked) as answer, self._explained():
            return answer.read()

    def _rows(self, page: type[Page[B]], method: str, path: str, query: Mapping[str, Any], **asked: Any) -> Iterator[B]:
        cursor: str | None = ""
        while cursor is not None:
            found = self._ask(page, method, path, query={**query, "cursor": cursor or None}, **asked)
            yield from found.items
            cursor = found.next

    def _save(self, to: Path | str, method: str, path: str, *, format: str = "", **asked: Any) -> Path:
        asked = _with_format(asked, format)
        with reserve(Path(to)) as file, self._answer(method, path, **asked) as answer, self._explained():
            file.write_pieces(answer.iter_bytes())
        return Path(to)

    def _frame(self, method: str, path: str, **asked: Any) -> pl.DataFrame:
        import polars as pl

        return pl.read_ipc_stream(io.BytesIO(self._bytes(method, path, **_with_format(asked, "arrow"))))

    @contextlib.contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        *,
        path_values: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: BaseModel | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Iterator[httpx.Response]:
        """An answer that is not read yet. Raises what the server refuses."""
        at = path.format_map({k: quote(str(v), safe="") for k, v in (path_values or {}).items()})
        kind = {"Content-Type": "application/json"} if body is not None else {}
        asked = self._http.build_request(
            method, at, params=httpx.QueryParams(_query(query or {})), headers={**kind, **(headers or {})},
            content=None if body is None else _body(body),
            timeout=httpx.Timeout(timeout) if timeout else httpx.USE_CLIENT_DEFAULT,
        )  # fmt: skip
        with self._explained():
            answer = self._http.send(asked, stream=True)
        try:
            if answer.status_code >= 300:
                with self._explained():
                    said = answer.read()
                raise error_of(answer.status_code, said, path)
            yield answer
        finally:
            answer.close()

    def _read(self, kind: Any, body: bytes) -> Any:
        try:
            return _adapter(kind).validate_json(body)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise SendError(
                f"{self.url}: its answer is not understood ({where}: {first['msg']}); is it of another version?"
            ) from None

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException:
            raise SendError(f"{self.url}: did not answer in time; is it busy, or is a firewall between?") from None
        except httpx.HTTPError as error:
            raise SendError(f"{self.url}: {_said(error)}") from None


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _checked(url: str) -> str:
    try:
        found = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ConfigError(f"{url}: is no address ({error}); use https://HOST:PORT") from None
    if found.scheme != "https" or not found.host or found.path not in ("", "/") or found.query or found.userinfo:
        raise ConfigError(f"{url}: is no address of a console; use https://HOST:PORT, and nothing after it")
    return str(found).rstrip("/")


def _with_format(asked: dict[str, Any], format: str) -> dict[str, Any]:
    """The same question for a file."""
    body = asked.get("body")
    if not format:
        return asked
    if isinstance(body, BaseModel):
        return {**asked, "body": type(body).model_validate({**body.model_dump(exclude_unset=True), "format": format})}
    return {**asked, "query": {**asked.get("query", {}), "format": format}}


def _body(body: BaseModel | Mapping[str, Any]) -> bytes:
    if isinstance(body, BaseModel):
        return body.model_dump_json(by_alias=True, exclude_unset=True).encode()
    return TypeAdapter(dict[str, Any]).dump_json({k: v for k, v in body.items() if v is not None})


def _query(values: Mapping[str, Any]) -> list[tuple[str, str | int | float | bool | None]]:
    found: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in values.items():
        if value is None:
            continue
        several = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
        found += [(name, _text(v)) for v in several]
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value.value) if isinstance(value, enum.Enum) else str(value)


def _said(error: httpx.HTTPError) -> str:
    text = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        why = text.partition("failed: ")[2] or text
        return f"its certificate is not trusted ({why}); name the file of its authority (--ca, ca=)"
    return f"cannot be reached ({text}); is it running, and is the address right?"
