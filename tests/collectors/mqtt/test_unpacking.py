"""Payloads: parsed, and unpacked within a bound."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given, strategies as st

from linewarden.collectors._mqtt.schema import payload_class
from linewarden.collectors._mqtt.unpacking import MalformedError, decode
from tests.collectors.sparkplug_house import metric, payload

INNER = payload([metric("a", 1.5)], 3)
MOST = 1 << 20


def packed(body: bytes, algorithm: bytes | None = b"DEFLATE", seq: int | None = None) -> bytes:
    made = payload_class()(uuid=b"SPBV1.0_COMPRESSED", body=body)
    if seq is not None:
        made.seq = seq
    if algorithm is not None:
        made.metrics.add(name=b"algorithm", string_value=algorithm, datatype=12)
    data: bytes = made.SerializeToString()
    return data


def bare(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


@pytest.mark.parametrize(
    "data",
    [
        INNER,
        packed(zlib.compress(INNER)),
        packed(zlib.compress(INNER), None),
        packed(bare(INNER)),
        packed(gzip.compress(INNER), b"gzip"),
    ],
    ids=["plain", "zlib", "unnamed", "bare", "gzip"],
)
def test_a_payload_is_read_however_it_is_packed(data: bytes) -> None:
    found = decode(data, MOST)
    assert found.seq == 3 and found.metrics[0].name == b"a" and found.metrics[0].double_value == 1.5


def test_number_and_time_may_stand_outside() -> None:
    inner = payload([metric("a", 1.5, ts=None)], None, None)
    assert decode(packed(zlib.compress(inner), seq=9), MOST).seq == 9


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\xff\xff", "no Sparkplug B payload"),
        (packed(zlib.compress(bytes(MOST + 1))), "unpacks to more than"),
        (packed(gzip.compress(bytes(100 * MOST)), b"GZIP"), "unpacks to more than"),
        (packed(zlib.compress(INNER)[:-3]), "no whole DEFLATE stream"),
        (packed(b"nothing"), "no whole DEFLATE stream"),
        (packed(b"", b"LZ4"), "neither DEFLATE nor GZIP"),
        (packed(zlib.compress(packed(zlib.compress(INNER)))), "packed twice"),
        (bytes(MOST + 1), "more than the 1048576 that max_payload_mb allows"),
    ],
)
def test_what_is_none_says_why(data: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        decode(data, MOST)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_payload_or_malformed(data: bytes) -> None:
    for one in (data, packed(data), packed(data, b"GZIP")):
        try:
            decode(one, MOST)
        except MalformedError:
            continue
