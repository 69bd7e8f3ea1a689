"""_opcua/decode.py and answers.py: the bytes, held against what asyncua packs."""

from __future__ import annotations

import math
import struct
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

pytest.importorskip("asyncua")

from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary, variant_to_binary

from linewarden.collectors._opcua.answers import ServiceError, history, published, republished
from linewarden.collectors._opcua.decode import (
    Matrix,
    Reader,
    Structure,
    UndecodableError,
    Value,
    data_value,
    nanoseconds,
    notifications,
    ticks,
    variant,
)

AT = datetime(2026, 11, 27, 1, 2, 3, 456789, tzinfo=UTC)
AT_NS = int(AT.timestamp()) * 10**9 + 456_789_000
V = ua.VariantType


def read(value: Any, kind: Any) -> Any:
    return variant(Reader(variant_to_binary(ua.Variant(value, kind))))


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (True, V.Boolean, True),
        (-5, V.SByte, -5),
        (250, V.Byte, 250),
        (-30000, V.Int16, -30000),
        (60000, V.UInt16, 60000),
        (-(2**31), V.Int32, -(2**31)),
        (2**32 - 1, V.UInt32, 2**32 - 1),
        (-(2**63), V.Int64, -(2**63)),
        (2**64 - 1, V.UInt64, 2**64 - 1),
        (1.5, V.Float, 1.5),
        (math.pi, V.Double, math.pi),
        ("Öl\0", V.String, "Öl"),
        (None, V.String, None),
        (AT, V.DateTime, "2026-11-27T01:02:03.456789Z"),
        (uuid.UUID(int=7), V.Guid, str(uuid.UUID(int=7))),
        (b"\x00\xff", V.ByteString, "00ff"),
        (ua.NodeId(5, 2), V.NodeId, "ns=2;i=5"),
        (ua.NodeId("a;b", 3), V.NodeId, "ns=3;s=a;b"),
        (ua.StatusCode(0x80000000), V.StatusCode, 0x80000000),
        (ua.QualifiedName("n", 2), V.QualifiedName, "2:n"),
        (ua.LocalizedText("Text", "de"), V.LocalizedText, "Text"),
        ([1, 2], V.Int32, [1, 2]),
        ([], V.Double, []),
        (["a", None], V.String, ["a", None]),
        (None, V.Null, None),
    ],
)
def test_each_built_in_type(value: Any, kind: Any, expected: Any) -> None:
    assert read(value, kind) == expected


def test_arrays_of_more_dimensions() -> None:
    assert read([[1, 2, 3], [4, 5, 6]], V.Int32) == Matrix([1, 2, 3, 4, 5, 6], (2, 3))


def test_structure_is_kept_as_it_came() -> None:
    got = read(ua.Range(1.0, 2.0), V.ExtensionObject)
    assert got == Structure("i=886", struct.pack("<dd", 1.0, 2.0))


@pytest.mark.parametrize("source", [None, AT])
@pytest.mark.parametrize("server", [None, AT])
@pytest.mark.parametrize("status", [0, 0x40930600])
def test_data_value_has_what_was_sent(source: Any, server: Any, status: int) -> None:
    told = ua.DataValue(ua.Variant(2.5), ua.StatusCode(status), source, server)
    expected = Value(2.5, status, AT_NS if source else None, AT_NS if server else None)
    assert data_value(Reader(struct_to_binary(told))) == expected


def test_time_keeps_its_100_nanoseconds_and_its_picoseconds() -> None:
    raw = b"\x15" + bytes([11]) + struct.pack("<dqH", 1.0, ticks(AT_NS) + 3, 9)
    assert data_value(Reader(raw)).source_ts == AT_NS + 300
    raw = b"\x15" + bytes([11]) + struct.pack("<dqH", 1.0, ticks(AT_NS), 1700)
    assert data_value(Reader(raw)).source_ts == AT_NS + 17


@pytest.mark.parametrize("at", [0, -1, 2**63 - 1])
def test_times_that_are_none(at: int) -> None:
    assert nanoseconds(at) is None


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(allow_nan=False) | st.booleans() | st.text(max_size=5))))
def test_quick_and_slow_way_agree(items: list[tuple[int, Any]]) -> None:
    told = ua.DataChangeNotification(
        MonitoredItems=[
            ua.MonitoredItemNotification(h, ua.DataValue(ua.Variant(v), SourceTimestamp=AT, ServerTimestamp=AT))
            for h, v in items
        ]
    )
    got = notifications(Reader(struct_to_binary(told)))
    assert got == [(h, Value(v.replace("\0", "") if isinstance(v, str) else v, 0, AT_NS, AT_NS)) for h, v in items]


def answer(response: Any) -> bytes:
    return bytes(struct_to_binary(response))


def a_message(sequence: int, *changes: tuple[int, float]) -> Any:
    data = ua.DataChangeNotification(
        MonitoredItems=[ua.MonitoredItemNotification(h, ua.DataValue(ua.Variant(v))) for h, v in changes]
    )
    return ua.NotificationMessage(sequence, AT, [data] if changes else [])


def test_publish_answer() -> None:
    response = ua.PublishResponse()
    response.Parameters = ua.PublishResult(7, [3, 4], False, a_message(4, (0, 1.0), (1, 2.0)))
    got = published(answer(response))
    assert (got.subscription, got.available, got.message.sequence, got.message.empty) == (7, [3, 4], 4, False)
    assert [(h, v.value) for h, v in got.message.changes] == [(0, 1.0), (1, 2.0)]
    response.Parameters.NotificationMessage = a_message(5)
    assert published(answer(response)).message.empty


def test_end_of_a_subscription_is_told() -> None:
    response = ua.RepublishResponse()
    told = ua.StatusChangeNotification(ua.StatusCode(ua.StatusCodes.BadTimeout))
    response.NotificationMessage = ua.NotificationMessage(9, AT, [told])
    assert republished(answer(response)).status == ua.StatusCodes.BadTimeout


def test_history_answer() -> None:
    values = [ua.DataValue(ua.Variant(float(i)), SourceTimestamp=AT) for i in range(3)]
    response = ua.HistoryReadResponse()
    response.Results = [
        ua.HistoryReadResult(ua.StatusCode(0), b"more", ua.HistoryData(values)),
        ua.HistoryReadResult(ua.StatusCode(ua.StatusCodes.BadHistoryOperationUnsupported), None, ua.HistoryData([])),
    ]
    first, second = history(answer(response))
    assert [v.value for v in first.values] == [0.0, 1.0, 2.0] and first.more == b"more"
    assert second.status == ua.StatusCodes.BadHistoryOperationUnsupported and second.more is None


def test_refusal_of_a_service() -> None:
    response = ua.PublishResponse()
    response.ResponseHeader.ServiceResult = ua.StatusCode(ua.StatusCodes.BadTooManyPublishRequests)
    with pytest.raises(ServiceError):
        published(answer(response))


@given(st.binary(max_size=200))
def test_any_bytes_give_values_or_one_error(data: bytes) -> None:
    for reader in (published, history, republished, lambda d: variant(Reader(d)), lambda d: notifications(Reader(d))):
        with suppress(UndecodableError, ServiceError):
            reader(data)


def test_values_within_each_other_have_an_end() -> None:
    with pytest.raises(UndecodableError):
        variant(Reader(b"\x18" * 5000))
    with pytest.raises(UndecodableError):
        variant(Reader(b"\x17\x01" * 5000))


def test_array_that_claims_too_much_is_refused_before_memory_is_taken() -> None:
    with pytest.raises(UndecodableError):
        variant(Reader(bytes([0x8B]) + struct.pack("<i", 2**31 - 1)))
