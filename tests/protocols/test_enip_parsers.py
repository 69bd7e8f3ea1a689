"""Identities and firmware in EtherNet/IP answers, by messages made by hand."""

import hashlib
import struct

import pytest

from linewarden.protocols._shared.cip_parsers import (
    firmware,
    identity_object,
    interface,
    list_identity,
    pccc_diagnostic,
)
from linewarden.protocols._shared.message import Message
from linewarden.records import Identity, Transfer


def message(data: bytes, **slots: int) -> Message:
    return Message(
        "enip", "tag", 0, "C1", "x.pcap", 1, "10.0.0.2", "10.0.0.1", 44818, 50000, "", "", False, True, slots, data
    )


def identity_bytes(name: bytes = b"1769-L33ER/A LOGIX5333ER") -> bytes:
    return struct.pack("<HHHBBHI", 1, 14, 167, 30, 11, 0x3060, 0x00C0FFEE) + bytes([len(name)]) + name


def test_list_identity_gives_vendor_product_serial_and_address() -> None:
    body = struct.pack("<H", 1) + struct.pack(">HH4s8x", 2, 44818, bytes([192, 168, 5, 7])) + identity_bytes() + b"\x03"
    [found] = list_identity(message(struct.pack("<HHH", 1, 0x0C, len(body)) + body))
    assert found == Identity(
        address="10.0.0.2",
        protocol="enip",
        evidence="List Identity",
        vendor="Rockwell Automation/Allen-Bradley",
        model="1769-L33ER/A LOGIX5333ER",
        firmware="30.11",
        serial="0x00c0ffee",
        description="device type 14 (programmable logic controller), product code 167",
        role="controller",
        ip="192.168.5.7",
    )


def test_identity_object_tells_the_route_to_the_module() -> None:
    [found] = identity_object(message(identity_bytes(), service=1, port=1, link=3))
    assert isinstance(found, Identity)
    assert (found.evidence, found.model) == ("Identity object, port 1 link 3", "1769-L33ER/A LOGIX5333ER")


def test_identity_attribute_list_skips_refused_attributes_and_stops_at_unknown_ones() -> None:
    data = struct.pack("<H", 4) + struct.pack("<HHH", 1, 0, 47) + struct.pack("<HH", 2, 0x14)
    data += struct.pack("<HHI", 6, 0, 0xABCD) + struct.pack("<HHH", 0x66, 0, 9)
    [found] = identity_object(message(data, service=3))
    assert isinstance(found, Identity)
    assert (found.vendor, found.serial, found.model) == ("Omron", "0x0000abcd", None)


def test_single_attributes() -> None:
    [name] = identity_object(message(b"\x05VFD-1", service=14, attribute=7))
    [revision] = identity_object(message(b"\x02\x09", service=14, attribute=4))
    assert isinstance(name, Identity)
    assert isinstance(revision, Identity)
    assert (name.model, revision.firmware) == ("VFD-1", "2.9")
    assert list(identity_object(message(b"\x60\x00", service=14, attribute=5))) == []


def test_host_name_and_mac() -> None:
    host = struct.pack("<H", 6) + b"press4"
    [named] = interface(message(host, **{"class": 0xF5, "service": 14, "attribute": 6}))
    everything = struct.pack("<IIIH4s", 1, 4, 0, 2, b"\x20\xf6\x24\x01") + bytes(20) + struct.pack("<H", 3) + b"lan\0"
    [same] = interface(message(everything + host, **{"class": 0xF5, "service": 1}))
    [link] = interface(message(bytes(8) + bytes.fromhex("001d9c010203"), **{"class": 0xF6, "service": 1}))
    assert isinstance(named, Identity)
    assert isinstance(same, Identity)
    assert isinstance(link, Identity)
    assert (named.name, same.name, link.mac) == ("press4", "press4", "00:1d:9c:01:02:03")


def test_pccc_diagnostic_names_the_controller() -> None:
    [found] = pccc_diagnostic(message(b"\x00\xee\x34\x5b\x42" + b"5/03       " + bytes(8)))
    assert isinstance(found, Identity)
    assert (found.model, found.hardware) == ("5/03", "series C revision 2")


def test_firmware_is_whole_only_when_as_long_as_announced() -> None:
    image = bytes(range(200))
    [whole] = firmware(message(image, image_size=200))
    [part] = firmware(message(image, image_size=201))
    assert isinstance(whole, Transfer)
    assert isinstance(part, Transfer)
    assert (whole.whole, whole.sha256) == (True, hashlib.sha256(image).hexdigest())
    assert (part.whole, part.sha256) == (False, None)


@pytest.mark.parametrize("parser", [list_identity, identity_object, interface, pccc_diagnostic, firmware])
def test_damaged_bytes_raise_only_what_the_sensor_expects(parser) -> None:  # type: ignore[no-untyped-def]
    body = struct.pack("<HHH", 3, 0x0C, 400) + bytes(18) + identity_bytes()
    for service in (1, 3, 14):
        for klass in (1, 0xF5, 0xF6):
            for attribute in range(9):
                for cut in range(0, len(body), 3):
                    slots = {"service": service, "class": klass, "attribute": attribute, "image_size": 9}
                    try:
                        list(parser(message(body[:cut], **slots)))
                    except (ValueError, IndexError, KeyError, struct.error):
                        continue
