"""A file in the body of a request: as it is (then `?name=` says what it is called), or as the `file` of a form.

It goes to quarantine piece by piece; nothing of it is held in memory, and no folder of the machine has it by its name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from linewarden.api.problems import ProblemError
from linewarden.service.uploads.quarantine import Quarantine, Upload

FIELD = "file"
MOST_HEAD = 8_192
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object", "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}  # fmt: skip
"""`openapi_extra` of a route that takes a file."""


async def received(request: Request, quarantine: Quarantine, most: int, name: str) -> Upload:
    """The whole file, in quarantine. Raises ProblemError (400), UploadError or StoreError; then nothing is kept."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    length = request.headers.get("content-length", "")
    expected = int(length) if length.isdecimal() else None
    try:
        if kind != b"multipart/form-data":
            return await quarantine.take(name or "upload", most, request.stream(), expected)
        form = _Form(options.get(b"boundary", b""))
        blocks = form.blocks(request.stream())
        first = await anext(blocks, b"")  # the name comes before the first byte
        if not form.found:
            raise ProblemError(400, "No file", f"The form has no field `{FIELD}` with a file.")
        return await quarantine.take(name or form.name, most, _again(first, blocks))
    except MultipartParseError:
        raise ProblemError(400, "No file", "The form is damaged; send it again.") from None
    except ClientDisconnect:
        raise ProblemError(400, "Cut off", "The file did not come whole; send it again.") from None


async def _again(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for block in rest:
        yield block


@dataclass(slots=True)
class _Form:
    """The one file of a form, as it comes."""

    boundary: bytes
    found: bool = False
    name: str = ""
    _within: bool = False
    _head: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _out: list[bytes] = field(default_factory=list)

    async def blocks(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """What the file has."""
        parser = MultipartParser(self.boundary, {
            "on_part_begin": self._begin, "on_header_field": self._field, "on_header_value": self._more,
            "on_header_end": self._end_header, "on_headers_finished": self._headed, "on_part_data": self._data,
            "on_part_end": self._end,
        })  # fmt: skip
        async for chunk in stream:
            parser.write(chunk)
            for block in self._out:
                yield block
            self._out.clear()
        parser.finalize()

    def _begin(self) -> None:
        self._headers.clear()

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._bounded(self._head, data[start:end])

    def _more(self, data: bytes, start: int, end: int) -> None:
        self._bounded(self._value, data[start:end])

    def _bounded(self, kept: bytearray, more: bytes) -> None:
        kept += more
        if len(kept) > MOST_HEAD:
            raise MultipartParseError("a header is too long")

    def _end_header(self) -> None:
        self._headers[bytes(self._head).lower()] = bytes(self._value)
        self._head.clear()
        self._value.clear()

    def _headed(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._within = options.get(b"name") == FIELD.encode() and b"filename" in options and not self.found
        if self._within:
            self.found, self.name = True, options[b"filename"].decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._within:
            self._out.append(data[start:end])

    def _end(self) -> None:
        self._within = False
