"""System status lists, program blocks and S7comm-plus identities, by messages made by hand."""

import hashlib
import struct

import pytest

from linewarden.protocols._shared.message import Message
from linewarden.protocols._shared.s7_parsers import block, szl
from linewarden.protocols.s7comm_plus import im0, paom
from linewarden.records import Identity, Reading, Transfer


def message(data: bytes, **slots: int) -> Message:
    return Message(
        "s7comm", "tag", 0, "C1", "x.pcap", 1, "10.0.0.2", "10.0.0.1", 102, 50000, "", "", False, True, slots, data
    )


def status_list(ident: int, index: int, *records: bytes) -> bytes:
    return struct.pack(">HHHH", ident, index, len(records[0]), len(records)) + b"".join(records)


def test_module_identification_has_order_number_hardware_and_firmware() -> None:
    order = b"6ES7 412-2XK07-0AB0 "
    data = status_list(
        0x0011,
        0,
        struct.pack(">H20sHHH", 1, order, 0xC0, 3, 1),
        struct.pack(">H20sH4s", 7, b" " * 20, 0xC0, b"V\x07\x00\x03"),
    )
    [found] = szl(message(data))
    assert found == Identity(
        address="10.0.0.2",
        protocol="s7comm",
        evidence="SZL 0x0011",
        vendor="Siemens",
        order_number="6ES7 412-2XK07-0AB0",
        hardware="1",
        firmware="V7.0.3",
        role="controller",
    )


def test_component_identification_names_station_module_type_and_serial() -> None:
    texts = {1: b"PRESS LINE 4", 2: b"CPU main", 3: b"", 5: b"S C-X1Y2Z3", 7: b"CPU 412-2 PN", 9: b"\x00\x2a"}
    data = status_list(0x001C, 0, *(struct.pack(">H32s", index, text) for index, text in texts.items()))
    found = [r for r in szl(message(data)) if isinstance(r, Identity)]
    assert [(r.evidence[-7:], r.name, r.serial, r.model) for r in found] == [
        ("index 1", "PRESS LINE 4", None, None),
        ("index 2", "CPU main", None, None),
        ("index 5", None, "S C-X1Y2Z3", None),
        ("index 7", None, None, "CPU 412-2 PN"),
    ]


@pytest.mark.parametrize(("state", "text"), [(0x04, "STOP"), (0x08, "RUN"), (0x06, "STARTUP")])
def test_operating_state(state: int, text: str) -> None:
    record = b"\x51\x44\xff" + bytes([state]) + bytes(16)
    [found] = szl(message(status_list(0x0424, 0, record)))
    assert isinstance(found, Reading)
    assert (found.name, found.text) == ("operating_state", text)


def test_protection_level_and_mode_selector() -> None:
    record = struct.pack(">HHHHH30x", 4, 3, 0, 3, 1)
    found = [r for r in szl(message(status_list(0x0132, 4, record))) if isinstance(r, Reading)]
    assert [(r.name, r.values, r.text) for r in found] == [
        ("protection_level", [3.0], None),
        ("mode_selector", [1.0], "RUN"),
    ]


def test_a_whole_block_has_name_and_hash_and_a_part_has_not() -> None:
    body = bytes(range(60))
    data = b"pp\x01\x01\x05" + struct.pack(">BHI", 0x0A, 17, 12 + len(body)) + body
    [whole] = block(message(data, direction=0))
    [part] = block(message(data[:-1], direction=1))
    assert whole == Transfer(
        protocol="s7comm",
        kind="program",
        direction="download",
        name="DB17",
        bytes=72,
        whole=True,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    assert isinstance(part, Transfer)
    assert (part.direction, part.whole, part.sha256) == ("upload", False, None)


def test_s7comm_plus_tells_order_number_and_firmware_of_the_session() -> None:
    [found] = paom(message(b"\x00\x15\x1b1;6ES7 512-1CK01-0AB0 ;V2.9\x00"))
    assert isinstance(found, Identity)
    assert (found.order_number, found.firmware) == ("6ES7 512-1CK01-0AB0", "V2.9")


def test_s7comm_plus_i_and_m_data() -> None:
    data = b"\x00\x38\x01\x00\x00\x2a6ES7 512-1CK01-0AB0 S V-A1B2C3D4E5  \x00\x05V\x02\x09\x04\x00\x00"
    [found] = im0(message(data))
    assert isinstance(found, Identity)
    assert (found.serial, found.hardware, found.firmware) == ("S V-A1B2C3D4E5", "5", "V2.9.4")


@pytest.mark.parametrize("parser", [szl, block, paom, im0])
def test_damaged_bytes_raise_only_what_the_sensor_expects(parser) -> None:  # type: ignore[no-untyped-def]
    for ident in (0x11, 0x1C, 0x0424, 0x0132, 0xFFFF):
        data = struct.pack(">HHHH", ident, 4, 40, 0xFFFF) + bytes(100)
        for cut in range(len(data)):
            try:
                list(parser(message(data[:cut])))
            except (ValueError, IndexError, KeyError, struct.error):
                continue
