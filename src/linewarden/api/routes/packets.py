"""The packets that prove a notice or a case: decoded beside their bytes, and as a file to take away."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.problems import ProblemError
from linewarden.api.routes.cases import visible_case
from linewarden.api.routes.notices import visible_notice
from linewarden.api.times import Time, time_of
from linewarden.cases.model import Event
from linewarden.errors import CaptureError, StoreError
from linewarden.policy import Action, Kind
from linewarden.service.evidence import Record, evidence
from linewarden.service.lake import open_lake
from linewarden.service.packet_layers import Parts, ShownLayer
from linewarden.service.packet_places import KeptCaptures, Shown, ShownPacket, shown, to_take_away
from linewarden.service.packets import Named, of_notice
from linewarden.service.turns import Turns

router = APIRouter(tags=["packets"])

MOST = 64
"""Packets that are shown of a notice."""
MOST_BYTES = 2_048
"""Bytes that are shown of a packet; all of them are in the file to take away."""
CUTTING = Turns(at_once=2, waiting=16, wait_s=60.0, busy="packets are cut for others just now; try again in a minute")
"""Whole captures are read for it: two at a time leave room for the rest."""
PCAP = "application/x-pcapng"
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A pcapng file", "content": {PCAP: {"schema": {"type": "string", "format": "binary"}}}}
}


class FieldOut(BaseModel):
    """A field of a header or of a protocol's message. `at` and `length`: the bytes of the frame that it stands in, from
    its first to its last; `parts` are they exactly."""

    name: str
    value: str
    at: int
    length: int
    parts: list[tuple[int, int]] = Field(description="offset and length of each part; others may stand between")
    bits: int | None = Field(None, description="which bits of the bytes, if not all: a mask")
    depth: int = Field(0, description="0: of the layer; 1: its bytes are a part of a field's before; and so on")
    about: str = Field("", description="what it means", examples=["function code"])
    column: bool = Field(False, description="whether it is a column of the protocol's records")
    elsewhere: list[int] = Field([], description="packets that have more of its bytes")


class StopOut(BaseModel):
    """Why reading ended before the end of a message: `truncated`, or what the record `weird` calls it."""

    why: str = Field(examples=["truncated"])
    at: int | None = Field(description="the byte where, if it is in this packet")


class LayerOut(BaseModel):
    """A layer of a frame: a header, or bytes of a protocol."""

    name: str = Field(examples=["TCP"])
    at: int
    length: int
    parts: list[tuple[int, int]]
    fields: list[FieldOut]
    protocol: str = Field("", description="of which protocol: the stream of its records", examples=["modbus"])
    fate: Literal["message", "passed_over", "lost", "waiting"] | None = Field(
        None,
        description="what became of bytes of a protocol: read as a message; passed over (a body); lost (no message "
        "begins there); waiting (its end did not come)",
    )
    role: str = Field("", description="of a message: request, response, report or notify")
    verb: str = ""
    function: str = ""
    elsewhere: list[int] = Field([], description="packets that have the rest of the message")
    stopped: StopOut | None = None
    more: int = Field(0, description="fields that are not listed, as there are too many")


class RecordOut(BaseModel):
    """What was decoded: a record of a stream, with its fields that are not empty."""

    stream: str
    ts: Time | None
    ts_ns: int
    uid: str
    frame: int
    fields: dict[str, Any]


class PacketOut(BaseModel):
    """A packet: bytes as hex (the first of them, if there are many), its layers, and the records made of it."""

    capture: str
    frame: int
    ts: Time | None
    ts_ns: int
    length: int
    hex: str
    layers: list[LayerOut]
    records: list[RecordOut]


class PacketsOut(BaseModel):
    """The packets of a notice. `missing`: which of them are not there any more, and what to do."""

    packets: list[PacketOut]
    records: list[RecordOut] = Field(description="of packets whose bytes are not there")
    missing: list[str]
    more: int = Field(description="packets that are not shown, as there are too many")


Seconds = Annotated[
    float, Query(ge=0, le=3_600, description="what the same conversations said before and after; 0: only the packets")
]


@router.get("/notices/{id}/packets", operation_id="get_notice_packets")
def get_notice_packets(who: Who, id: str) -> PacketsOut:
    """The packets that prove a notice, decoded beside their bytes."""
    event, _ = visible_notice(who, id)
    _need_packets(who)
    return packets_of(who, event)


@router.get("/notices/{id}/packets.pcap", operation_id="take_notice_packets", responses=FILE)
def take_notice_packets(who: Who, id: str, seconds: Seconds = 10.0) -> Response:
    """The packets of a notice as a pcapng file, each with a comment."""
    event, _ = visible_notice(who, id)
    return _file(who, list(named_of(event)), seconds, f"notice-{id[:12]}")


@router.get("/cases/{id}/packets.pcap", operation_id="take_case_packets", responses=FILE)
def take_case_packets(who: Who, id: str, seconds: Seconds = 10.0) -> Response:
    """The packets of all notices of a case as a pcapng file, each with a comment."""
    _, case = visible_case(who, id)
    return _file(who, [n for e in case.events for n in named_of(e)], seconds, f"case-{id[:12]}")


def named_of(event: Event) -> tuple[Named, ...]:
    """The packets that a notice names."""
    return of_notice(event.note, event.capture, event.frame, event.ts, " ".join(map(str, event.frames)))


def packets_of(who: Caller, event: Event) -> PacketsOut:
    """The same for the console."""
    named = named_of(event)
    try:
        with CUTTING.turn():
            found = shown(named[:MOST], KeptCaptures(who.place.config, who.place.kept_captures))
    except (CaptureError, StoreError) as error:
        found = Shown((), (str(error),))
    records: dict[int, list[RecordOut]] = {}
    for record in evidence(open_lake(who.place.lake), event.notice_id):
        records.setdefault(record.frame, []).append(_record(record))
    packets = [_packet(p, event.capture, records.pop(p.frame, [])) for p in found.packets]
    packets.sort(key=lambda p: (p.ts_ns, p.frame))
    rest = [r for some in records.values() for r in some]
    return PacketsOut(packets=packets, records=rest, missing=list(found.problems), more=max(0, len(named) - MOST))


def _packet(shown: ShownPacket, capture: str, records: list[RecordOut]) -> PacketOut:
    packet = shown.packet
    return PacketOut(
        capture=capture, frame=shown.frame, ts=time_of(packet.ts), ts_ns=packet.ts, length=packet.length,
        hex=packet.data[:MOST_BYTES].hex(), records=records, layers=[layer_out(x) for x in shown.layers],
    )  # fmt: skip


def layer_out(layer: ShownLayer) -> LayerOut:
    """A layer as the API has it."""
    fields = [FieldOut.model_validate(asdict(f) | _whole(f.parts)) for f in layer.fields]
    return LayerOut.model_validate(asdict(layer) | _whole(layer.parts) | {"fields": fields})


def _whole(parts: Parts) -> dict[str, int]:
    first, end = parts[0][0], max(at + length for at, length in parts)
    return {"at": first, "length": end - first}


def _record(record: Record) -> RecordOut:
    return RecordOut(
        stream=record.stream, ts=time_of(record.ts), ts_ns=record.ts, uid=record.uid, frame=record.frame,
        fields=record.fields,
    )  # fmt: skip


def _need_packets(who: Caller) -> None:
    who.need(Action.LAKE_PACKETS, who.thing(Kind.LAKE))


def _file(who: Caller, named: list[Named], seconds: float, name: str) -> Response:
    _need_packets(who)
    try:
        with CUTTING.turn():
            data, problems = to_take_away(named, KeptCaptures(who.place.config, who.place.kept_captures), seconds)
    except CaptureError as error:
        data, problems = b"", (str(error),)
    if not data:
        raise ProblemError(404, "The packets are not there any more", "; ".join(problems) or "None was found.")
    headers = {"Content-Disposition": f'attachment; filename="{name}.pcapng"'}
    return Response(data, media_type=PCAP, headers=headers)
