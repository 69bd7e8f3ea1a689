"""BACnet's rich parsers on answers written by hand."""

from __future__ import annotations

import pytest

from linewarden.protocols._shared import bacnet_parsers as parsers
from linewarden.protocols._shared.bacnet_tags import tags
from linewarden.protocols._shared.message import Message
from linewarden.records import Identity, Transfer

MESSAGE = Message(
    protocol="bacnet", tag="", ts=0, uid="C1", capture="t", frame=1, src="10.0.0.9", dst="10.0.0.1",
    src_port=47808, dst_port=47808, src_mac="02:00:00:00:00:09", dst_mac="02:00:00:00:00:01", from_orig=False,
    response=True, slots={}, data=b"",
)  # fmt: skip


def _string(text: str) -> bytes:
    data = b"\0" + text.encode()
    return bytes([0x75, len(data)]) + data


def _i_am(device: int, vendor: int) -> bytes:
    # object identifier, max APDU 1476, segmentation 3, vendor id
    return b"\xc4" + (8 << 22 | device).to_bytes(4, "big") + b"\x22\x05\xc4\x91\x03\x22" + vendor.to_bytes(2, "big")


def test_i_am_names_the_vendor_by_its_id() -> None:
    [record] = parsers.i_am(MESSAGE._replace(data=_i_am(1234, 36)))
    assert isinstance(record, Identity)
    assert (record.address, record.vendor) == ("10.0.0.9", "Tridium")
    assert "device 1234" in record.evidence


def test_an_unlisted_vendor_is_told_by_number() -> None:
    [record] = parsers.i_am(MESSAGE._replace(data=_i_am(7, 9999)))
    assert isinstance(record, Identity)
    assert record.vendor == "BACnet vendor 9999"


def test_a_forwarded_message_is_about_its_origin() -> None:
    [record] = parsers.i_am(MESSAGE._replace(data=_i_am(7, 5), slots={"forwarded_ip": 0x0A000042}))
    assert isinstance(record, Identity)
    assert record.address == "10.0.0.66"


def test_read_property_multiple_tells_what_the_device_is() -> None:
    device = b"\x0c" + (8 << 22 | 11).to_bytes(4, "big")
    name = b"\x29\x4d\x4e" + _string("AHU-3") + b"\x4f"
    refused = b"\x29\x46\x5e\x91\x02\x91\x20\x5f"  # model name: unknown property
    firmware = b"\x29\x2c\x4e" + _string("2.1.7") + b"\x4f"
    serial = b"\x2a\x01\x74\x4e" + _string("SN9") + b"\x4f"
    vendor = b"\x29\x79\x4e" + _string("Example Controls") + b"\x4f\x29\x78\x4e\x21\x05\x4f"
    data = device + b"\x1e" + name + refused + firmware + serial + vendor + b"\x1f"
    [record] = parsers.properties(MESSAGE._replace(data=data, slots={"svc": 14}))
    assert isinstance(record, Identity)
    assert (record.name, record.model, record.firmware, record.serial) == ("AHU-3", None, "2.1.7", "SN9")
    assert record.vendor == "Example Controls"


def test_names_of_points_are_not_names_of_the_device() -> None:
    point = b"\x0c" + (2 << 22 | 5).to_bytes(4, "big") + b"\x1e\x29\x4d\x4e" + _string("Room temp") + b"\x4f\x1f"
    assert list(parsers.properties(MESSAGE._replace(data=point, slots={"svc": 14}))) == []


def test_read_property_in_utf_16() -> None:
    text = b"\x04" + "Lüfter".encode("utf-16-be")
    data = b"\x0c" + (8 << 22 | 1).to_bytes(4, "big") + b"\x19\x4d\x3e\x75" + bytes([len(text)]) + text + b"\x3f"
    [record] = parsers.properties(MESSAGE._replace(data=data, slots={"svc": 12}))
    assert isinstance(record, Identity)
    assert record.name == "Lüfter"


def test_a_written_file_is_a_transfer_of_its_octets() -> None:
    data = b"\x0e\x31\x00\x65\x05" + b"ABCDE" + b"\x0f"
    [record] = parsers.file_write(MESSAGE._replace(data=data, slots={"instance": 3}))
    assert isinstance(record, Transfer)
    assert (record.name, record.bytes, record.whole, record.direction) == ("file 3", 5, False, "download")


@pytest.mark.parametrize("data", [b"\xc4\x02", b"\x75\xfe\xff\xff\x00", b"\xf5", b"\x0c\x00"])
def test_damaged_tags_are_told_as_such(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        list(tags(data))
