"""Where fields stand, against the offsets that Wireshark gives: a decoder that shares no code with ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from linewarden.sensor.fields import fields_of

SHARED = Path(os.environ.get("LINEWARDEN_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data" / "captures"
PACKETS = 40
"""Of each capture: so much is read in well under a second."""

SAME = {
    "modbus": ("modbus", {
        "tid": "mbtcp.trans_id", "protocol identifier": "mbtcp.prot_id", "length": "mbtcp.len", "unit": "mbtcp.unit_id",
        "func": "modbus.func_code", "address": "modbus.reference_num", "quantity": "modbus.word_cnt modbus.bit_cnt",
        "byte count": "modbus.byte_cnt",
    }),
    "s7": ("s7comm", {
        "TPKT length": "tpkt.length", "COTP type": "cotp.type", "message type": "s7comm.header.rosctr",
        "ref": "s7comm.header.pduref", "pdu_size": "s7comm.param.pdu_length", "func": "s7comm.param.func",
        "reply_func": "s7comm.param.func",
    }),
    "enip": ("enip", {
        "command": "enip.command", "session": "enip.session", "item type": "enip.cpf.typeid",
        "item length": "enip.cpf.length", "service": "cip.sc", "general_status": "cip.genstat",
        "attribute": "cip.attribute",
    }),
    "dnp3": ("dnp3", {
        "length": "dnp3.len", "link control": "dnp3.ctl", "master": "dnp3.src dnp3.dst",
        "outstation": "dnp3.src dnp3.dst", "header CRC": "dnp3.hdr.CRC",
    }),
    "iec104": ("iec104", {
        "typeid": "iec60870_asdu.typeid", "cause": "iec60870_asdu.causetx", "ca": "iec60870_asdu.addr",
        "ioa": "iec60870_asdu.ioa", "length": "iec60870_104.apdulen", "time": "iec60870_asdu.cp56time",
    }),
    "bacnet": ("bacnet", {
        "BVLC type": "bvlc.type", "BVLC length": "bvlc.length", "NPDU control": "bacnet.control",
        "invoke": "bacapp.invoke_id", "property": "bacapp.property_identifier", "dnet": "bacnet.dnet",
        "service": "bacapp.confirmed_service", "instance": "bacapp.instance_number",
    }),
    "opcua": ("opcua", {
        "message type": "opcua.transport.type", "message size": "opcua.transport.size",
        "channel": "opcua.transport.scid",
        "request_id": "opcua.security.rqid", "attribute": "opcua.AttributeId",
        "service_id": "opcua.servicenodeid.numeric",
    }),
    "profinet": ("profinet_dcp", {
        "frame_id": "pn_rt.frame_id", "reply_frame_id": "pn_rt.frame_id", "xid": "pn_dcp.xid",
        "length": "pn_dcp.data_length",
        "name": "pn_dcp.suboption_device_nameofstation", "vendor_id": "pn_dcp.suboption_vendor_id",
        "ip": "pn_dcp.suboption_ip_ip",
    }),
    "fins": ("fins", {
        "command": "omron.command", "area": "omron.memory.area.read",
        "quantity": "omron.memory.numitems omron.numwords",
        "end_code": "omron.response.code", "sid": "omron.sid",
    }),
    "it__zeek__smb3": ("smb", {"mid": "smb2.msg_id", "credits": "smb2.credits.requested smb2.credits.granted",
                               "session": "smb2.sesid", "signature": "smb2.signature"}),
    "it__zeek__tls1.2": ("tls", {"record length": "tls.record.length", "record type": "tls.record.content_type",
                                 "random": "tls.handshake.random", "cipher": "tls.handshake.ciphersuite"}),
}  # fmt: skip
"""Beginning of the captures' names, protocol, and what our fields are called there; several: any of them."""


def positions(capture: Path) -> dict[int, dict[str, set[tuple[int, int]]]]:
    """Offset and length by packet and name, as tshark has them."""
    call = ["tshark", "-r", str(capture), "-c", str(PACKETS), "-T", "pdml"]
    text = subprocess.run(call, capture_output=True, timeout=60, check=True).stdout
    found: dict[int, dict[str, set[tuple[int, int]]]] = {}
    for number, packet in enumerate(ElementTree.fromstring(text).iter("packet"), 1):
        for field in packet.iter("field"):
            place = (int(field.get("pos", "0")), int(field.get("size", "0")))
            found.setdefault(number, {}).setdefault(field.get("name", ""), set()).add(place)
    return found


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no captures in {SHARED}; set LINEWARDEN_SHARED")
@pytest.mark.parametrize("start", SAME)
def test_fields_stand_where_wireshark_has_them(start: str) -> None:
    protocol, names = SAME[start]
    kinds = (".pcap", ".pcapng", ".cap")
    captures = [c for c in sorted(SHARED.glob(f"{start}*")) if c.suffix in kinds and c.stat().st_size < 1_000_000]
    if not captures:
        pytest.skip(f"no capture {start}* in {SHARED}")
    same: Counter[str] = Counter()
    wrong = []
    for capture in captures[:3]:
        there = positions(capture)
        for told in fields_of(capture, there):
            frames = {p.frame for p in told.pieces}
            # Of what it puts together, Wireshark counts from the beginning of the whole.
            if told.protocol != protocol or told.fate != "message" or len(frames) != 1:
                continue
            packet = there.get(frames.pop(), {})
            if any(name.endswith((".segments", ".fragments", ".reassembled_in", ".reassembled.in")) for name in packet):
                continue
            for field in told.fields:
                theirs = set().union(*(packet.get(n, set()) for n in names.get(field.name, "").split()))
                theirs = {place for place in theirs if place[0] >= told.pieces[0].at}
                if theirs and len(field.pieces) == 1:
                    piece = field.pieces[0]
                    same[field.name] += (piece.at, piece.length) in theirs
                    if (piece.at, piece.length) not in theirs:
                        wrong.append((capture.name, field, theirs))
    assert not wrong, wrong[:3]
    assert sum(same.values()) >= 5
    assert len([n for n in names if same[n]]) >= len(names) - 2, same
