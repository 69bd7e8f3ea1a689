"""DNP3's rich parsers, and its table of objects."""

from __future__ import annotations

import hashlib

from linewarden.protocols import dnp3
from linewarden.protocols._shared import dnp3_names as names
from linewarden.protocols._shared.message import Message
from linewarden.records import Identity, Transfer


def _message(data: bytes, *, response: bool = True, **slots: int) -> Message:
    return Message(
        protocol="dnp3", tag="", ts=0, uid="C1", capture="t", frame=1, src="10.0.0.9", dst="10.0.0.1",
        src_port=20000, dst_port=50000, src_mac="02:00:00:00:00:09", dst_mac="02:00:00:00:00:01", from_orig=False,
        response=response, slots=slots, data=data,
    )  # fmt: skip


def test_a_device_attribute_is_an_identity() -> None:
    [record] = dnp3.attribute(_message(b"RTU 560\0", variation=250, attribute_type=1))
    assert isinstance(record, Identity)
    assert (record.address, record.model, record.vendor) == ("10.0.0.9", "RTU 560", None)


def test_attributes_that_are_numbers_or_name_nothing_are_passed_over() -> None:
    assert list(dnp3.attribute(_message(b"\x05", variation=250, attribute_type=2))) == []
    assert list(dnp3.attribute(_message(b"text", variation=213, attribute_type=1))) == []


def test_a_whole_file_has_its_hash() -> None:
    [record] = dnp3.file(_message(b"config", file_handle=0x1234))
    assert isinstance(record, Transfer)
    assert record.sha256 == hashlib.sha256(b"config").hexdigest()
    assert (record.direction, record.whole, record.bytes) == ("upload", True, 6)
    [record] = dnp3.file(_message(b"config", response=False))
    assert isinstance(record, Transfer) and record.direction == "download"


def test_flags_become_words() -> None:
    assert names.BINARY_QUALITY[0x01] == "good"
    assert names.ANALOG_QUALITY[0x21] == "over_range"
    assert names.COUNTER_QUALITY[0x06] == "offline+restart+comm_lost"
