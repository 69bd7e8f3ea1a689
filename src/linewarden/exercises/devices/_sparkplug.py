"""Sparkplug B payloads: the messages that the specification defines, given to the protobuf library field by field.

Eclipse Sparkplug 3.0.0 (ISO/IEC 20237), chapter 6.4: Payload and Metric with their field numbers and data types.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

INT64, DOUBLE, BOOLEAN, STRING = 4, 10, 11, 12
REBIRTH = "Node Control/Rebirth"
_PACKAGE = "org.eclipse.tahu.protobuf"


@cache
def _payload_class() -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_b.proto", package=_PACKAGE, syntax="proto2")
    payload = file.message_type.add(name="Payload")
    metric = payload.nested_type.add(name="Metric")
    for name, number, what in (
        ("name", 1, kind.TYPE_STRING), ("alias", 2, kind.TYPE_UINT64), ("timestamp", 3, kind.TYPE_UINT64),
        ("datatype", 4, kind.TYPE_UINT32), ("is_historical", 5, kind.TYPE_BOOL), ("is_transient", 6, kind.TYPE_BOOL),
        ("is_null", 7, kind.TYPE_BOOL), ("int_value", 10, kind.TYPE_UINT32), ("long_value", 11, kind.TYPE_UINT64),
        ("float_value", 12, kind.TYPE_FLOAT), ("double_value", 13, kind.TYPE_DOUBLE),
        ("boolean_value", 14, kind.TYPE_BOOL), ("string_value", 15, kind.TYPE_STRING),
    ):  # fmt: skip
        metric.field.add(name=name, number=number, type=what, label=kind.LABEL_OPTIONAL)
    payload.field.add(name="timestamp", number=1, type=kind.TYPE_UINT64, label=kind.LABEL_OPTIONAL)
    payload.field.add(name="metrics", number=2, type=kind.TYPE_MESSAGE, label=kind.LABEL_REPEATED,
                      type_name=f".{_PACKAGE}.Payload.Metric")  # fmt: skip
    payload.field.add(name="seq", number=3, type=kind.TYPE_UINT64, label=kind.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def encode(stamp: int, seq: int | None, metrics: Mapping[str, float | int | bool | str]) -> bytes:
    """A payload; `stamp` in ms since 1970. A death certificate has no sequence number."""
    payload = _payload_class()()
    payload.timestamp = stamp
    if seq is not None:
        payload.seq = seq
    for name, value in metrics.items():
        metric = payload.metrics.add(name=name, timestamp=stamp)
        if isinstance(value, bool):
            metric.datatype, metric.boolean_value = BOOLEAN, value
        elif isinstance(value, int):
            metric.datatype, metric.long_value = INT64, value
        elif isinstance(value, str):
            metric.datatype, metric.string_value = STRING, value
        else:
            metric.datatype, metric.double_value = DOUBLE, value
    encoded: bytes = payload.SerializeToString()
    return encoded


def decode(data: bytes) -> tuple[int | None, dict[str, float | int | bool | str]]:
    """Sequence number and metrics of a payload."""
    payload = _payload_class()()
    payload.ParseFromString(data)
    metrics = {}
    for metric in payload.metrics:
        kind = {BOOLEAN: "boolean_value", INT64: "long_value", STRING: "string_value"}.get(
            metric.datatype, "double_value"
        )
        metrics[metric.name] = getattr(metric, kind)
    return (payload.seq if payload.HasField("seq") else None), metrics
