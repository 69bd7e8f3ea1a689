"""How strings of the truth are found again in an asset."""

from __future__ import annotations

import pytest
import truth_map as tm
from _accuracy import identity

from linewarden.plant.model import Asset, Evidence

ASSET = Asset(
    id="02:00:00:00:00:02",
    name="PLC_1",
    names=("PLC_1",),
    vendor="Rockwell Automation/Allen-Bradley",
    order_number="6ES7 315-2EH14-0AB0",
    firmware="4.3",
    serial="0x00524D8E",
    evidence=(
        Evidence("description", "product code 58, device type 12 (communications adapter)", "enip"),
        Evidence("model", "1756-ENBT/A", "enip", "identity object, vendor id 1"),
    ),
)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("s7comm.szl.001c.0002.name", "plc_1\0\0"),
        ("s7comm.szl.xy11.0001.anz", "6ES7 315-2EH14-0AB0 "),
        ("enip.lir.serial", "0x00524d8e"),
        ("enip.lir.vendor", "0x0001"),
        ("enip.lir.revision", "1027"),
        ("cip.id.major_rev", "4"),
        ("cip.id.minor_rev", "3"),
        ("enip.lir.prodcode", "58"),
        ("enip.lir.devtype", "12"),
        ("lldp.chassis.id", b"1756-ENBT/A          6ES7 315-2EH14-0AB0     4".hex()),
    ],
)
def test_the_same_value_in_another_notation_is_found(key: str, value: str) -> None:
    assert identity.reached(tm.IDENTITY[key], value, identity.said(ASSET))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("s7comm.szl.001c.0002.name", "PLC_2"),
        ("enip.lir.serial", "0x00524d8f"),
        ("enip.lir.vendor", "0x0002"),
        ("enip.lir.revision", "1283"),
        ("cip.id.major_rev", "3"),
        ("enip.lir.prodcode", "5"),
        ("lldp.chassis.id", b"1756-ENBT/A          6ES7 999-9XX99-0XX0".hex()),
    ],
)
def test_another_value_is_not(key: str, value: str) -> None:
    assert not identity.reached(tm.IDENTITY[key], value, identity.said(ASSET))


def test_a_short_text_is_not_found_inside_a_longer_one() -> None:
    assert not identity.reached(tm.IDENTITY["lldp.tlv.system.name"], "175", identity.said(ASSET))
