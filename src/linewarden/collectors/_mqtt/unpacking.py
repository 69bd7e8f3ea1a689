"""The payload of a message: parsed, and unpacked first where the edge node packed it.

Compression is no part of Sparkplug 3.0.0; Eclipse Tahu's libraries do it, and are understood: a payload whose uuid is
SPBV1.0_COMPRESSED, with the packed payload as its body and a metric `algorithm` of DEFLATE (zlib's or bare) or GZIP.
"""

from __future__ import annotations

import zlib
from typing import Any

from linewarden.collectors._mqtt.schema import payload_class

COMPRESSED = b"SPBV1.0_COMPRESSED"
_WINDOWS = {b"DEFLATE": (zlib.MAX_WBITS, -zlib.MAX_WBITS), b"GZIP": (16 + zlib.MAX_WBITS,)}


class MalformedError(ValueError):
    """Bytes that are no payload; the text says why."""


def decode(data: bytes, most: int) -> Any:
    """The payload in these bytes. most: bytes that it may be, unpacked. Raises MalformedError."""
    if len(data) > most:
        raise MalformedError(f"{len(data)} bytes, more than the {most} that max_payload_mb allows")
    payload = _parse(data)
    if payload.uuid != COMPRESSED:
        return payload
    inner = _parse(_unpack(payload.body, _algorithm(payload), most))
    if inner.uuid == COMPRESSED:
        raise MalformedError("packed twice")
    for field in ("timestamp", "seq"):  # libraries differ in which of the two says them
        if payload.HasField(field) and not inner.HasField(field):
            setattr(inner, field, getattr(payload, field))
    return inner


def _parse(data: bytes) -> Any:
    from google.protobuf.message import DecodeError

    payload = payload_class()()
    try:
        payload.ParseFromString(data)
    except DecodeError:
        raise MalformedError("no Sparkplug B payload") from None
    return payload


def _algorithm(payload: Any) -> bytes:
    for metric in payload.metrics:
        if metric.name == b"algorithm":
            return bytes(metric.string_value).upper()
    return b"DEFLATE"


def _unpack(body: bytes, algorithm: bytes, most: int) -> bytes:
    if algorithm not in _WINDOWS:
        raise MalformedError(f"packed by {algorithm[:32]!r}, which is neither DEFLATE nor GZIP")
    for window in _WINDOWS[algorithm]:
        unpacking = zlib.decompressobj(window)
        try:
            data = unpacking.decompress(body, most + 1)
        except zlib.error:
            continue
        if len(data) > most:
            raise MalformedError(f"unpacks to more than the {most} bytes that max_payload_mb allows")
        if unpacking.eof:
            return data
    raise MalformedError(f"is no whole {algorithm.decode()} stream")
