"""BACnet's rich answers: who a device says that it is, and the files that it is given or gives."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from linewarden.protocols._shared.bacnet_names import DEVICE, IDENTITY, vendor
from linewarden.protocols._shared.bacnet_tags import Tag, characters, tags
from linewarden.protocols._shared.message import Message, Record
from linewarden.records import Identity, Transfer


def _address(message: Message) -> str:
    """Who speaks: the sender, or the origin that a forwarding BBMD names (annex J.2.5)."""
    forwarded = message.number("forwarded_ip")
    return ".".join(str(b) for b in forwarded.to_bytes(4, "big")) if forwarded else message.src


def _where(message: Message, instance: int) -> str:
    network = message.number("peer_net")
    return f"device {instance}" + (f" behind a router, network {network}" if network else "")


def _object(data: bytes) -> tuple[int, int]:
    number = int.from_bytes(data, "big")
    return number >> 22, number & 0x3FFFFF


def i_am(message: Message) -> Iterator[Record]:
    """I-Am (16.10): device object, largest APDU, segmentation, vendor id."""
    device, _, _, maker = list(tags(message.data))[:4]
    kind, instance = _object(device.data)
    number = int.from_bytes(maker.data, "big")
    if kind != DEVICE:
        raise ValueError("I-Am names no device object")
    yield Identity(
        address=_address(message),
        protocol="bacnet",
        evidence=f"I-Am of {_where(message, instance)}, vendor id {number}",
        vendor=vendor(number),
        role="building_controller",
    )


def i_have(message: Message) -> Iterator[Record]:
    """I-Have (16.9) of the device object itself: device, object, object name."""
    device, _, name = list(tags(message.data))[:3]
    _, instance = _object(device.data)
    yield _identity(message, instance, {"name": characters(name.data)})


def properties(message: Message) -> Iterator[Record]:
    """ReadProperty and ReadPropertyMultiple answers (15.5, 15.7): what the device object says of the device."""
    multiple = message.number("svc") == 14
    found: dict[int, dict[str, Any]] = {}
    for kind, instance, number, value in _values(message.data, 2 if multiple else 1, 4 if multiple else 3):
        if kind == DEVICE and number in IDENTITY and (text := _text(number, value)):
            said = found.setdefault(instance, {})
            # The vendor's name, where it is said, is better than what the id stands for.
            if not (number == 120 and "vendor" in said):
                said[IDENTITY[number]] = text
    for instance, said in found.items():
        yield _identity(message, instance, said)


def _identity(message: Message, instance: int, said: dict[str, Any]) -> Identity:
    return Identity(
        address=_address(message),
        protocol="bacnet",
        evidence=f"properties of {_where(message, instance)}",
        role="building_controller",
        **{key: text for key, text in said.items() if text},
    )


def _values(data: bytes, property_tag: int, value_tag: int) -> Iterator[tuple[int, int, int, Tag]]:
    """First value of each property: object type, instance, property, tag."""
    kind = instance = number = -1
    inside = False
    for tag in tags(data):
        if inside and not tag.mark:
            yield kind, instance, number, tag
            inside = False
        elif tag.mark:
            inside = tag.mark == "open" and tag.number == value_tag
        elif not tag.application and tag.number == 0 and len(tag.data) == 4:
            kind, instance = _object(tag.data)
        elif not tag.application and tag.number == property_tag:
            number = int.from_bytes(tag.data, "big")


def _text(number: int, value: Tag) -> str:
    if number == 120 and value.number == 2:
        return vendor(int.from_bytes(value.data, "big"))
    return characters(value.data) if value.number == 7 and value.data else ""


def file_write(message: Message) -> Iterator[Record]:
    """AtomicWriteFile (14.2): one piece; nothing says which is the last. The file's object stands before it."""
    yield Transfer(
        protocol="bacnet",
        kind="file",
        direction="download",
        name=f"file {message.number('instance')}",
        bytes=sum(len(tag.data) for tag in tags(message.data) if tag.application and tag.number == 6),
    )


def file_read(message: Message) -> Iterator[Record]:
    """AtomicReadFile (14.1): the whole file, from octet 0 to the answer that says end of file."""
    yield Transfer(
        protocol="bacnet",
        kind="file",
        direction="upload",
        name=f"file {message.number('instance')}",
        bytes=len(message.data),
        whole=True,
        sha256=sha256(message.data).hexdigest(),
    )
