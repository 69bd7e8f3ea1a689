"""Payloads on the wire, against bytes that were put together by hand from the specification's field numbers (6.4.1)."""

from __future__ import annotations

import struct

from linewarden.collectors._mqtt.schema import payload_class


def field(number: int, kind: int, data: bytes) -> bytes:
    """A field of protobuf: 0 a number, 1 eight octets, 2 octets with their length, 5 four octets."""
    key = number << 3 | kind
    head = bytes([key]) if key < 128 else bytes([key & 0x7F | 0x80, key >> 7])
    return head + (bytes([len(data)]) if kind == 2 else b"") + data


def test_each_field_has_its_number() -> None:
    property_ = field(1, 0, b"\x03") + field(3, 0, b"\xc0\x01")
    row = field(1, 2, field(1, 0, b"\x07")) + field(1, 2, field(6, 2, b"x"))
    dataset = field(1, 0, b"\x02") + field(2, 2, b"a") + field(2, 2, b"b") + field(3, 0, b"\x03") + field(3, 0, b"\x0c")
    parameter = field(1, 2, b"p") + field(2, 0, b"\x0a") + field(6, 1, struct.pack("<d", 2.5))
    member = field(1, 2, b"m") + field(12, 5, struct.pack("<f", 0.5))
    template = (
        field(1, 2, b"v1") + field(2, 2, member) + field(3, 2, parameter) + field(4, 2, b"T") + field(5, 0, b"\x01")
    )
    metrics = [
        field(1, 2, b"n") + field(2, 0, b"\x05") + field(3, 0, b"\x09") + field(4, 0, b"\x0a") + field(5, 0, b"\x01")
        + field(6, 0, b"\x01") + field(7, 0, b"\x01") + field(8, 2, field(5, 2, b"f") + field(8, 2, b"d"))
        + field(9, 2, field(1, 2, b"Quality") + field(2, 2, property_)) + field(13, 1, struct.pack("<d", 1.5)),
        field(10, 0, b"\x01"), field(11, 0, b"\x02"), field(14, 0, b"\x01"), field(15, 2, b"text"),
        field(16, 2, b"raw"), field(17, 2, dataset + field(4, 2, row)), field(18, 2, template),
    ]  # fmt: skip
    data = field(1, 0, b"\x08") + b"".join(field(2, 2, m) for m in metrics) + field(3, 0, b"\x07")
    said = payload_class().FromString(data + field(4, 2, b"u") + field(5, 2, b"body"))
    assert (said.timestamp, said.seq, said.uuid, said.body, len(said.metrics)) == (8, 7, b"u", b"body", 8)
    first = said.metrics[0]
    assert (first.name, first.alias, first.timestamp, first.datatype, first.double_value) == (b"n", 5, 9, 10, 1.5)
    assert first.is_historical and first.is_transient and first.is_null
    assert (first.metadata.file_name, first.metadata.description) == (b"f", b"d")
    assert first.properties.keys[0] == b"Quality" and first.properties.values[0].int_value == 192
    kinds = [
        "int_value",
        "long_value",
        "boolean_value",
        "string_value",
        "bytes_value",
        "dataset_value",
        "template_value",
    ]
    assert [m.WhichOneof("value") for m in said.metrics[1:]] == kinds
    table, instance = said.metrics[6].dataset_value, said.metrics[7].template_value
    assert (table.num_of_columns, list(table.columns), list(table.types)) == (2, [b"a", b"b"], [3, 12])
    assert table.rows[0].elements[0].int_value == 7 and table.rows[0].elements[1].string_value == b"x"
    assert (instance.version, instance.template_ref, instance.is_definition) == (b"v1", b"T", True)
    assert instance.metrics[0].float_value == 0.5 and instance.parameters[0].double_value == 2.5


def test_fields_of_later_versions_and_extensions_are_passed_over() -> None:
    assert payload_class().FromString(field(3, 0, b"\x07") + field(99, 2, b"new")).seq == 7
