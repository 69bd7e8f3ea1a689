"""Sparkplug B payloads as protobuf messages, from the field numbers of the specification.

Source: Sparkplug 3.0.0 (ISO/IEC 20237), 6.4.1. Strings are declared as bytes, which is the same on the wire: what is no
UTF-8 is then no error, and names need not be decoded to be looked up.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from linewarden.wire.metrics import Payloads

_PACKAGE = "linewarden.sparkplug"

_SCALARS = (("int_value", "uint32"), ("long_value", "uint64"), ("float_value", "float"), ("double_value", "double"),
            ("boolean_value", "bool"), ("string_value", "bytes"))  # fmt: skip
_NUMBERS = frozenset({"uint32", "uint64", "float", "double", "bool"})
_MESSAGES: dict[str, tuple[tuple[int, str, str], ...]] = {
    "Parameter": ((1, "name", "bytes"), (2, "type", "uint32")),
    "Template": ((1, "version", "bytes"), (2, "metrics", "*Metric"), (3, "parameters", "*Parameter"),
                 (4, "template_ref", "bytes"), (5, "is_definition", "bool")),
    "Cell": (),
    "Row": ((1, "elements", "*Cell"),),
    "DataSet": ((1, "num_of_columns", "uint64"), (2, "columns", "*bytes"), (3, "types", "*uint32"),
                (4, "rows", "*Row")),
    "Property": ((1, "type", "uint32"), (2, "is_null", "bool")),
    "Properties": ((1, "keys", "*bytes"), (2, "values", "*Property")),
    "PropertiesList": ((1, "propertyset", "*Properties"),),
    "MetaData": ((1, "is_multi_part", "bool"), (2, "content_type", "bytes"), (3, "size", "uint64"),
                 (4, "seq", "uint64"), (5, "file_name", "bytes"), (6, "file_type", "bytes"), (7, "md5", "bytes"),
                 (8, "description", "bytes")),
    "Metric": ((1, "name", "bytes"), (2, "alias", "uint64"), (3, "timestamp", "uint64"), (4, "datatype", "uint32"),
               (5, "is_historical", "bool"), (6, "is_transient", "bool"), (7, "is_null", "bool"),
               (8, "metadata", "MetaData"), (9, "properties", "Properties")),
    "Payload": ((1, "timestamp", "uint64"), (2, "metrics", "*Metric"), (3, "seq", "uint64"), (4, "uuid", "bytes"),
                (5, "body", "bytes")),
}  # fmt: skip
"""Message -> its fields: number, name, type; `*` is repeated."""
_VALUES: dict[str, tuple[int, tuple[tuple[str, str], ...]]] = {
    "Parameter": (3, _SCALARS),
    "Cell": (1, _SCALARS),
    "Property": (3, (*_SCALARS, ("propertyset_value", "Properties"), ("propertysets_value", "PropertiesList"))),
    "Metric": (10, (*_SCALARS, ("bytes_value", "bytes"), ("dataset_value", "DataSet"), ("template_value", "Template"))),
}
"""Message -> number of the first of its values, one of which there is, and the values in order."""


_PLAIN = {
    "name": "name", "alias": "alias", "timestamp": "time", "datatype": "unused", "is_historical": "mark",
    "is_transient": "mark", "is_null": "mark",
}  # fmt: skip
"""What the engine is told of a metric's fields, beside its numbers: with any other field it is not plain."""


@cache
def payloads() -> Payloads:
    """What reads payloads of plain numbers."""
    of = {name: number for number, name, _ in _MESSAGES["Payload"]}
    fields = [(number, _PLAIN[name]) for number, name, _ in _MESSAGES["Metric"] if name in _PLAIN]
    first, values = _VALUES["Metric"]
    fields += [(number, kind) for number, (_, kind) in enumerate(values, first) if kind in _NUMBERS]
    return Payloads(of["timestamp"], of["metrics"], of["seq"], fields)


@cache
def payload_class() -> Any:
    """The class of a payload. In a pool of its own: another Sparkplug library may be loaded beside it."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="linewarden/sparkplug_b.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, kind in fields:
            _add(message, number, field, kind)
        if name in _VALUES:
            message.oneof_decl.add(name="value")
            first, values = _VALUES[name]
            for number, (field, kind) in enumerate(values, first):
                _add(message, number, field, kind).oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def _add(message: Any, number: int, name: str, kind: str) -> Any:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

    repeated, kind = kind.startswith("*"), kind.lstrip("*")
    field = message.field.add(name=name, number=number)
    field.label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
    if kind[0].isupper():
        field.type, field.type_name = Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    else:
        field.type = getattr(Field, f"TYPE_{kind.upper()}")
    return field
