"""What an edge node or device reports: its metrics from a birth certificate, and readings from their values.

Source: Sparkplug 3.0.0, 6.4.6 to 6.4.17 (metrics, properties, data sets, templates). A template's members are metrics
of their own, named INSTANCE/MEMBER, and its parameters INSTANCE/@PARAMETER.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from linewarden.collectors._mqtt import values
from linewarden.collectors._mqtt.readings import Readings
from linewarden.collectors._mqtt.units import ucum
from linewarden.collectors._mqtt.values import NAMES, Value, text
from linewarden.collectors.contract import Quality, Sink, Tag
from linewarden.wire.metrics import Metrics as Plain

PROTOCOL = "sparkplug"
BDSEQ = b"bdSeq"
_CONTROLS = (b"Node Control/", b"Device Control/")
_DEPTH = 8
"""Templates within templates that are followed."""
_CELLS = 4096
"""Elements of an array, or cells of a data set, that are kept."""
MOST_MS = (1 << 63) // 1_000_000
STALE = "STALE"


@dataclass(frozen=True, slots=True)
class Form:
    """How what is no single value is kept: as one text (JSON), or as a tag for each element."""

    arrays: Literal["text", "tags"] = "text"
    datasets: Literal["text", "tags"] = "text"
    most_elements: int = 256


class Register:
    """Numbers of tags, at most `most` of them: past that, a metric has none, and is counted."""

    def __init__(self, sink: Sink, most: int) -> None:
        self._sink, self.most, self._known = sink, most, set[tuple[str, str]]()
        self.counts: Counter[str] = Counter()

    def tag(self, tag: Tag) -> int | None:
        """The number of a tag; None where there are too many."""
        key = tag.source, tag.name
        if key not in self._known:
            if len(self._known) >= self.most:
                if not self.counts["past_max_tags"]:
                    self._sink.say(f"past {self.most} metrics others are not kept; raise max_tags, or name groups")
                self.counts["past_max_tags"] += 1
                return None
            self._known.add(key)
        return self._sink.tag(tag)


@dataclass(slots=True)
class Metric:
    """One metric of a birth certificate. tag: None for what is no reading (a control, or one past the bound)."""

    name: str
    datatype: int
    tag: int | None = None
    about: Tag | None = None
    parts: dict[str, int] = field(default_factory=dict)
    members: dict[bytes, Metric] = field(default_factory=dict)
    aliases: dict[int, Metric] = field(default_factory=dict)

    def is_plain(self) -> bool:
        """Whether a number is all that its values are; also of one whose values are not kept."""
        return self.about is None or (self.tag is not None and self.datatype < values.DATASET)

    def tags(self) -> Iterator[int]:
        """All that values of it may stand under."""
        if self.tag is not None:
            yield self.tag
        yield from self.parts.values()
        for member in self.members.values():
            yield from member.tags()


@dataclass(slots=True)
class Table:
    """The metrics of an edge node, or of a device: by name, and by alias where they have one."""

    source: str
    online: bool = False
    since: int = 0
    told: bool = False
    """It was told that this one is gone."""
    cut: bool = False
    """Its birth had more metrics than there is room for."""
    entries: int = 0
    names: dict[bytes, Metric] = field(default_factory=dict)
    aliases: dict[int, Metric] = field(default_factory=dict)

    _plain: Plain | None = None

    def plain(self) -> Plain:
        """The metrics that are single numbers, for the engine, and those of which no value is kept."""
        if self._plain is None:
            self._plain = Plain(
                [(n, m.tag, m.datatype) for n, m in self.names.items() if m.is_plain()],
                [(a, m.tag, m.datatype) for a, m in self.aliases.items() if m.is_plain()],
            )
        return self._plain

    def changed(self) -> None:
        """Names or aliases are others now."""
        self._plain = None

    def tags(self) -> Iterator[int]:
        """All tags of it."""
        for metric in self.names.values():
            yield from metric.tags()


class Reader:
    """Makes tables of birth certificates, and readings of metrics."""

    def __init__(self, register: Register, form: Form, counts: Counter[str]) -> None:
        self._register, self._form, self._counts = register, form, counts
        self._entries = 0

    def _has_room(self) -> bool:
        """Room for one more metric, be it a tag or none: births fill no memory without end."""
        if self._entries >= 2 * self._register.most:
            self._counts["past_room"] += 1
            return False
        self._entries += 1
        return True

    def birth(self, table: Table, metrics: Any, definitions: dict[bytes, Any]) -> list[tuple[Metric, Any]]:
        """Fills a table anew from a birth certificate; the metrics that have values to be read.

        definitions: templates by name; those that are told here are added."""
        self._entries -= table.entries
        before = self._entries
        table.names, table.aliases, table.cut = {}, {}, False
        table.changed()
        told = []
        for said in metrics:
            if said.datatype == values.TEMPLATE and said.template_value.is_definition:
                definitions[said.name] = said.template_value
            elif not said.name:
                self._counts["without_name"] += 1
            else:
                told.append(said)
        found = []
        for said in told:  # definitions may stand behind their instances
            if not self._has_room():
                table.cut = True
                break
            metric = self._metric(table.source, text(said.name), said, definitions, 0)
            table.names[said.name] = metric
            if said.HasField("alias") and table.aliases.setdefault(said.alias, metric) is not metric:
                self._counts["alias_twice"] += 1
            found.append((metric, said))
        table.entries = self._entries - before
        return found

    def unborn(self, table: Table, said: Any, definitions: dict[bytes, Any]) -> Metric | None:
        """A metric that no birth had (6.4.6 has it in one): kept all the same where the message says name and type."""
        if not said.name or not said.datatype or not self._has_room():
            return None
        table.entries += 1
        metric = self._metric(table.source, text(said.name), said, definitions, 0)
        if not any(True for _ in metric.tags()):
            return None
        table.names[said.name] = metric
        table.changed()
        return metric

    def _metric(self, source: str, name: str, said: Any, definitions: dict[bytes, Any], depth: int) -> Metric:
        metric = Metric(name, said.datatype)
        raw = name.encode()
        if raw == BDSEQ or raw.startswith(_CONTROLS) or said.is_transient:
            return metric
        metric.about = describe(source, name, said)
        if said.datatype == values.TEMPLATE:
            self._members(metric, said.template_value, definitions, depth)
        elif not self._in_parts(said.datatype):
            metric.tag = self._register.tag(metric.about)
        return metric

    def _members(self, metric: Metric, instance: Any, definitions: dict[bytes, Any], depth: int) -> None:
        """Members of an instance, and those that only its definition has."""
        assert metric.about is not None
        if depth >= _DEPTH:
            self._counts["template_too_deep"] += 1
            return
        definition = definitions.get(instance.template_ref)
        if definition is None:
            self._counts["template_unknown"] += 1
        kinds = {m.name: m for m in definition.metrics} if definition is not None else {}
        for said in (*instance.metrics, *kinds.values()):
            if not said.name or said.name in metric.members:
                continue
            if not self._has_room():
                break
            if not said.HasField("datatype") and said.name in kinds:
                filled = type(said)()
                filled.CopyFrom(said)
                filled.datatype = kinds[said.name].datatype
                said = filled
            name = f"{metric.name}/{text(said.name)}"
            member = self._metric(metric.about.source, name, said, definitions, depth + 1)
            metric.members[said.name] = member
            if said.HasField("alias"):
                metric.aliases.setdefault(said.alias, member)

    def _in_parts(self, datatype: int) -> bool:
        return (values.is_array(datatype) and self._form.arrays == "tags") or (
            datatype == values.DATASET and self._form.datasets == "tags"
        )

    def many(self, table: Table, metrics: Any, sent: int | None, out: Readings) -> Iterator[Any]:
        """Readings of a message's metrics; gives those that are not known. A name counts before an alias, which may
        be of another birth. What most messages are, numbers and nothing else, the engine reads (`Table.plain`)."""
        names, aliases = table.names, table.aliases
        for said in metrics:
            name = said.name
            metric = names.get(name) if name else aliases.get(said.alias) if said.HasField("alias") else None
            if metric is None:
                yield said
                continue
            self.read(metric, said, sent, out)

    def read(self, metric: Metric, said: Any, sent: int | None, out: Readings) -> None:
        """Readings of one metric of a message. sent: ns UTC when the message was sent, as the edge node says."""
        if metric.about is None or said.is_transient:
            return
        stamp = said.timestamp
        ts = stamp * 1_000_000 if 0 < stamp < MOST_MS else sent
        if stamp >= MOST_MS:
            self._counts["time_impossible"] += 1
        quality, status = Quality.GOOD, None
        if said.HasField("properties"):
            quality, status = self._properties(metric, said.properties)
        samples = out.late if said.is_historical else out.live
        field = None if said.is_null else said.WhichOneof("value")
        if field is None:
            for tag in metric.tags():
                samples.add(tag, None, source_ts=ts, server_ts=sent, quality=quality, status=status or "null")
            return
        raw = getattr(said, field)
        if metric.tag is not None and metric.datatype < values.DATASET:
            value = values.scalar(metric.datatype, raw)
            if value is None:
                quality, status = Quality.BAD, status or "no such value"
                self._counts["value_impossible"] += 1
            samples.add(metric.tag, value, source_ts=ts, server_ts=sent, quality=quality, status=status)
            return
        if field == "template_value":
            self._instance(metric, said, sent, out)
            return
        for tag, value in self._compound(metric, said, field, raw):
            samples.add(tag, value, source_ts=ts, server_ts=sent, quality=quality, status=status)

    def _instance(self, metric: Metric, said: Any, sent: int | None, out: Readings) -> None:
        """Members take the instance's time and its history mark where they have none of their own."""
        for part in said.template_value.metrics:
            member = metric.members.get(part.name) if part.name else metric.aliases.get(part.alias)
            if member is None:
                self._counts["member_unknown"] += 1
                continue
            if not part.HasField("timestamp") and said.HasField("timestamp"):
                part.timestamp = said.timestamp
            if said.is_historical:
                part.is_historical = True
            self.read(member, part, sent, out)
        samples, stamp = (out.late if said.is_historical else out.live), said.timestamp
        ts = stamp * 1_000_000 if 0 < stamp < MOST_MS else sent
        for parameter in said.template_value.parameters:
            tag = self._part(metric, f"@{text(parameter.name)}", parameter.type)
            if tag is not None:
                samples.add(tag, values.cell(parameter.type, parameter), source_ts=ts, server_ts=sent)

    def _compound(self, metric: Metric, said: Any, field: str, raw: Any) -> Iterator[tuple[int, Value]]:
        """Arrays, data sets, files, and values of a kind that this version does not know."""
        form, kind = self._form, metric.datatype
        if field == "dataset_value":
            if form.datasets == "text":
                yield from self._whole(metric, values.table_text(*values.table(raw, _CELLS)))
                return
            columns, rows = values.table(raw, form.most_elements)
            for at, row in enumerate(rows):
                yield from self._each(metric, ((f"{at}/{c}", v) for c, v in zip(columns, row, strict=True)))
        elif values.is_array(kind) and field == "bytes_value":
            if form.arrays == "text":
                yield from self._whole(metric, values.as_json(values.array(kind, raw, _CELLS)))
                return
            elements = values.array(kind, raw, form.most_elements)
            yield from self._each(metric, ((str(at), v) for at, v in enumerate(elements)))
        elif field == "bytes_value":
            yield from self._whole(metric, values.content(raw, said.metadata.file_name))
        else:
            yield from self._whole(metric, values.scalar(0, raw))

    def _whole(self, metric: Metric, value: Value) -> Iterator[tuple[int, Value]]:
        if metric.tag is None and metric.about is not None:
            metric.tag = self._register.tag(metric.about)
        if metric.tag is not None:
            yield metric.tag, value

    def _each(self, metric: Metric, parts: Iterator[tuple[str, Value]]) -> Iterator[tuple[int, Value]]:
        for name, value in parts:
            tag = self._part(metric, name, 0)
            if tag is not None:
                yield tag, value

    def _part(self, metric: Metric, name: str, datatype: int) -> int | None:
        if name not in metric.parts:
            about = metric.about
            assert about is not None
            kind = NAMES[datatype] if 0 < datatype < len(NAMES) else ""
            tag = self._register.tag(
                Tag(source=about.source, protocol=PROTOCOL, name=f"{about.name}/{name}", ucum=about.ucum, datatype=kind)
            )
            if tag is None:
                return None
            metric.parts[name] = tag
        return metric.parts[name]

    def _properties(self, metric: Metric, properties: Any) -> tuple[Quality, str | None]:
        """What properties say of this value; those of the metric itself are told anew where they come again."""
        if len(properties.keys) != len(properties.values):
            self._counts["properties_uneven"] += 1
        said = dict(zip((bytes(k) for k in properties.keys), properties.values, strict=False))
        if metric.about is not None and said.keys() & _ABOUT.keys():
            fresh = _with(metric.about, said)
            if fresh != metric.about:
                metric.about = fresh
                if metric.tag is not None:
                    self._register.tag(fresh)
        code = said.get(b"Quality", said.get(b"quality"))
        number = None if code is None else values.cell(code.type, code)
        return _quality(number) if isinstance(number, float) else (Quality.GOOD, None)


def _quality(code: float) -> tuple[Quality, str | None]:
    """Sparkplug's codes 0, 192 and 500 (6.4.9.1); others are read as OPC's, where they can be."""
    if code == 500:
        return Quality.UNCERTAIN, STALE
    if code == 192:
        return Quality.GOOD, None
    if code == 0:
        return Quality.BAD, "BAD"
    word = Quality.GOOD if 192 < code < 256 else Quality.UNCERTAIN if 64 <= code < 128 else Quality.BAD
    return word, str(int(code))


def stale(tags: Iterator[int], since: int, out: Readings) -> None:
    """No value any more from this time (ns UTC) on."""
    for tag in tags:
        out.live.add(tag, None, source_ts=since, server_ts=None, quality=Quality.UNCERTAIN, status=STALE)


_ABOUT = {
    b"engUnit": "ucum", b"engineeringUnits": "ucum", b"unit": "ucum", b"Engineering Units": "ucum",
    b"engLow": "low", b"engHigh": "high", b"low": "low", b"high": "high",
    b"documentation": "description", b"Documentation": "description", b"tooltip": "description",
    b"description": "description",
}  # fmt: skip
"""Property -> what of a tag it is. Sparkplug itself names only Quality; the others are those that are in use."""


def describe(source: str, name: str, said: Any) -> Tag:
    """The tag of a metric, with what its properties and its metadata say of it."""
    kind = NAMES[said.datatype] if 0 < said.datatype < len(NAMES) else ""
    description = text(said.metadata.description) if said.HasField("metadata") else ""
    tag = Tag(source=source, protocol=PROTOCOL, name=name, description=description[:1024], datatype=kind)
    if not said.HasField("properties"):
        return tag
    return _with(tag, dict(zip((bytes(k) for k in said.properties.keys), said.properties.values, strict=False)))


def _with(tag: Tag, said: dict[bytes, Any]) -> Tag:
    """A tag with what properties say. A unit that is not known stands in the description."""
    from dataclasses import replace

    for key, what in _ABOUT.items():
        if key not in said:
            continue
        value = values.cell(said[key].type, said[key])
        if what in ("low", "high"):
            if isinstance(value, float):
                tag = replace(tag, low=value) if what == "low" else replace(tag, high=value)
        elif not isinstance(value, str) or not value:
            continue
        elif what == "description":
            tag = replace(tag, description=value[:1024])
        elif code := ucum(value):
            tag = replace(tag, ucum=code)
        elif not tag.description:
            tag = replace(tag, description=f"unit: {value[:64]}")
    return tag
