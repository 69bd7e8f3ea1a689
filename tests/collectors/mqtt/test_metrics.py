"""Metrics of births, and readings of their values: templates, data sets, arrays, properties, times, marks."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest

from linewarden.collectors._mqtt.host import Homes, Host, Options
from linewarden.collectors._mqtt.metrics import Form, Register
from linewarden.collectors._mqtt.readings import Readings
from linewarden.collectors.contract import Quality
from tests.collectors.sparkplug_house import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    STRING,
    House,
    Row,
    birth,
    metric,
    payload,
)

SENT = 1_700_000_000_000
NOW = 1_800_000_000_000_000_000
DATASET, BYTES, FILE, TEMPLATE, INT32_ARRAY = 16, 17, 18, 19, 24


class Plant:
    """One edge node towards a host application."""

    def __init__(self, metrics: list[dict[str, Any]], form: Form | None = None, most_tags: int = 1000) -> None:
        self.house, self.seq = House(), 0
        register = Register(self.house, most_tags)
        self.host = Host("mqtt://s", Options(form=form or Form()), self.house, register, Homes())
        self.send("NBIRTH", birth(metrics, stamp=SENT))

    def send(self, kind: str, data: bytes, device: str = "") -> None:
        out = Readings()
        topic = "/".join(("spBv1.0", "G", kind, "N", *([device] if device else [])))
        self.host.receive(topic, data, NOW, 0.0, out)
        self.house.keep(out)

    def data(self, *metrics: dict[str, Any], stamp: int | None = SENT + 1000) -> None:
        self.seq += 1
        self.send("NDATA", payload(list(metrics), self.seq, stamp))

    def last(self, name: str) -> Row:
        return self.house.of("G/N", name)[-1]

    def names(self) -> set[str]:
        return {t.name for t in self.house.tags} - {"$online"}


@pytest.mark.parametrize(
    ("datatype", "value", "kept"),
    [(n, -5, -5.0) for n in (1, 2, 3, 4)]
    + [(n, 200, 200.0) for n in (5, 6, 7, 8)]
    + [(FLOAT, 0.5, 0.5), (DOUBLE, 0.1, 0.1), (BOOLEAN, True, 1.0), (13, SENT, float(SENT))],
)
def test_numbers_of_each_type_are_numbers(datatype: int, value: float, kept: float) -> None:
    plant = Plant([metric("a", value, datatype, alias=3)])
    plant.data(metric("", value, datatype, alias=3, say_type=False))
    assert [r.value for r in plant.house.of("G/N", "a")] == [kept, kept]


@pytest.mark.parametrize("datatype", [STRING, 14, 15])
def test_texts_are_texts(datatype: int) -> None:
    plant = Plant([metric("a", "Grüße", datatype)])
    assert plant.last("a").text == "Grüße" and math.isnan(plant.last("a").value)


def test_times_of_metrics_and_messages_are_kept_apart() -> None:
    plant = Plant([metric("a", 1.0), metric("b", 1.0)])
    plant.data(metric("a", 2.0, ts=SENT + 3), metric("b", 2.0, ts=None))
    assert (plant.last("a").source_ts, plant.last("a").server_ts) == ((SENT + 3) * 10**6, (SENT + 1000) * 10**6)
    assert plant.last("b").source_ts == (SENT + 1000) * 10**6  # the message's, where it has none
    plant.data(metric("a", 3.0, ts=None), stamp=None)
    assert (plant.last("a").source_ts, plant.last("a").server_ts) == (None, None)
    plant.data(metric("a", 4.0, ts=1 << 63))  # some time far away
    assert plant.last("a").value == 4.0 and plant.last("a").source_ts == (SENT + 1000) * 10**6
    assert plant.host.counts["time_impossible"] == 1


def test_marks_of_metrics() -> None:
    plant = Plant([metric("a", 1.0), metric("b", 1.0, is_transient=True), metric("c", None)])
    plant.data(metric("a", 2.0, is_historical=True), metric("b", 2.0))
    plant.data(metric("a", 9.0, is_transient=True))
    assert plant.last("a").late and not plant.house.of("G/N", "a")[0].late
    assert "b" not in plant.names()
    assert [r.value for r in plant.house.of("G/N", "a")] == [1.0, 2.0]
    assert math.isnan(plant.last("c").value) and plant.last("c").status == "null"
    plant.data(metric("a", None))
    assert math.isnan(plant.last("a").value) and plant.last("a").quality == Quality.GOOD


def test_controls_are_understood_and_no_readings() -> None:
    plant = Plant([metric("Node Control/Scan Rate", 100, INT64, alias=1), metric("a", 1.0, alias=2)])
    plant.data(metric("", 200, INT64, alias=1, say_type=False), metric("", 2.0, alias=2, say_type=False))
    assert plant.names() == {"a"} and not plant.host.counts["metric_unknown"]


@pytest.mark.parametrize(
    ("code", "quality", "status"),
    [(192, Quality.GOOD, None), (0, Quality.BAD, "BAD"), (500, Quality.UNCERTAIN, "STALE"), (216, Quality.GOOD, "216"),
     (64, Quality.UNCERTAIN, "64"), (516, Quality.BAD, "516"), (-1, Quality.BAD, "-1")],
)  # fmt: skip
def test_qualities_are_those_of_the_property(code: int, quality: Quality, status: str | None) -> None:
    plant = Plant([metric("a", 1.0)])
    plant.data(metric("a", 2.0, properties={"Quality": (INT32, code)}))
    assert (plant.last("a").value, plant.last("a").quality, plant.last("a").status) == (2.0, quality, status)


def test_properties_say_unit_range_and_meaning() -> None:
    about = {
        "engUnit": (STRING, "bar"), "engLow": (INT32, -1), "engHigh": (DOUBLE, 10.0),
        "documentation": (STRING, "inlet"), "readOnly": (BOOLEAN, True),
    }  # fmt: skip
    plant = Plant([metric("a", 1.0, properties=about), metric("b", 1.0, properties={"engUnit": (STRING, "furlongs")})])
    tag = plant.house.about("G/N", "a")
    assert (tag.ucum, tag.low, tag.high, tag.description) == ("bar", -1.0, 10.0, "inlet")
    assert (plant.house.about("G/N", "b").ucum, plant.house.about("G/N", "b").description) == ("", "unit: furlongs")
    plant.data(metric("a", 2.0, properties={"engHigh": (DOUBLE, 16.0)}))
    assert plant.house.about("G/N", "a").high == 16.0 and plant.house.about("G/N", "a").low == -1.0


def test_metadata_describe_a_metric() -> None:
    def fill(said: Any) -> None:
        said.double_value = 1.0
        said.metadata.description = b"level of tank 3"

    plant = Plant([metric("a", fill)])
    assert plant.house.about("G/N", "a").description == "level of tank 3"


def test_a_device_s_aliases_are_its_own() -> None:
    plant = Plant([metric("a", 1.0, alias=0)])
    for seq, device in ((1, "D"), (2, "E")):
        plant.send("DBIRTH", payload([metric("x", 1.0, alias=0)], seq, SENT), device)
    plant.send("DDATA", payload([metric("", 7.0, alias=0, say_type=False)], 3, SENT), "E")
    assert [r.value for r in plant.house.of("G/N/E", "x")] == [1.0, 7.0]
    assert [r.value for r in plant.house.of("G/N/D", "x")] == [1.0] == [r.value for r in plant.house.of("G/N", "a")]


def _table(rows: list[list[Any]]) -> Any:
    def fill(said: Any) -> None:
        said.dataset_value.num_of_columns = 2
        said.dataset_value.columns.extend([b"t", b"note"])
        said.dataset_value.types.extend([INT32, STRING])
        for number, note in rows:
            row = said.dataset_value.rows.add()
            row.elements.add(int_value=number % (1 << 32))
            row.elements.add(string_value=note)

    return fill


def test_data_sets_are_one_text_or_a_tag_for_each_cell() -> None:
    said = metric("batch", _table([[-3, b"ok"], [4, b"late"]]), DATASET)
    assert Plant([said]).last("batch").text == '{"columns":["t","note"],"rows":[[-3,"ok"],[4,"late"]]}'
    plant = Plant([said], Form(datasets="tags"))
    assert plant.names() == {"batch/0/t", "batch/0/note", "batch/1/t", "batch/1/note"}
    assert plant.last("batch/0/t").value == -3.0 and plant.last("batch/1/note").text == "late"
    plant.send("NDEATH", payload([metric("bdSeq", 0, INT64)]))
    assert plant.last("batch/1/note").status == "STALE"


def test_arrays_are_one_text_or_a_tag_for_each_element() -> None:
    said = metric("wave", struct.pack("<3i", 1, -2, 3), INT32_ARRAY)
    assert Plant([said]).last("wave").text == "[1,-2,3]"
    plant = Plant([said], Form(arrays="tags", most_elements=2))
    assert plant.names() == {"wave/0", "wave/1"} and plant.last("wave/1").value == -2.0


def test_files_are_known_by_their_hash() -> None:
    def fill(said: Any) -> None:
        said.bytes_value = b"abc"
        said.metadata.file_name = b"recipe.bin"

    text = Plant([metric("recipe", fill, FILE)]).last("recipe").text
    assert text is not None and text.startswith("recipe.bin 3 bytes sha256:ba7816bf")
    assert (Plant([metric("raw", b"", BYTES)]).last("raw").text or "").startswith("0 bytes")


MOTOR = metric(
    "Motor", ..., TEMPLATE,
    template={"definition": True, "members": [metric("rpm", 0, INT32), metric("C", 0.0), metric("on", False, BOOLEAN)],
              "parameters": [("line", STRING, "A")]},
)  # fmt: skip


def _motor(name: str, members: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    parameters = more.pop("parameters", [])
    return metric(name, ..., TEMPLATE, template={"ref": "Motor", "members": members, "parameters": parameters}, **more)


def test_a_template_s_members_are_tags_and_its_definition_is_none() -> None:
    plant = Plant(
        [_motor("M1", [metric("rpm", -5, INT32), metric("C", 20.5)], parameters=[("line", STRING, "B")]), MOTOR]
    )
    assert plant.names() == {"M1/rpm", "M1/C", "M1/on", "M1/@line"}
    assert plant.last("M1/rpm").value == -5.0 and plant.last("M1/@line").text == "B"
    assert plant.house.about("G/N", "M1/rpm").datatype == "Int32"
    # A part of the members, whose types only the definition says; the instance's time is theirs.
    plant.data(_motor("M1", [metric("rpm", -6, INT32, say_type=False, ts=None), metric("on", True, BOOLEAN, ts=None)],
                      ts=SENT + 5))  # fmt: skip
    assert plant.last("M1/rpm").value == -6.0 and plant.last("M1/on").value == 1.0
    assert plant.last("M1/rpm").source_ts == (SENT + 5) * 10**6
    assert [r.value for r in plant.house.of("G/N", "M1/C")] == [20.5]


def test_what_a_template_tells_late_is_late_for_its_members() -> None:
    plant = Plant([MOTOR, _motor("M1", [metric("rpm", 1, INT32)], alias=9)])
    plant.data(metric("", ..., TEMPLATE, alias=9, is_historical=True, template={"members": [metric("rpm", 2, INT32)]}))
    assert plant.last("M1/rpm").late and plant.last("M1/rpm").value == 2.0


def test_templates_within_templates_have_names_within_names() -> None:
    line = metric("Line", ..., TEMPLATE, template={"definition": True, "members": [_motor("drive", [])]})
    inner = _motor("drive", [metric("rpm", 7, INT32)])
    plant = Plant([MOTOR, line, metric("L1", ..., TEMPLATE, template={"ref": "Line", "members": [inner]})])
    assert plant.last("L1/drive/rpm").value == 7.0
    plant.send("NDEATH", payload([metric("bdSeq", 0, INT64)]))
    assert plant.last("L1/drive/rpm").status == "STALE"


def test_templates_that_nest_without_end_are_followed_so_far_and_counted() -> None:
    said = metric("rpm", 1, INT32)
    for _ in range(30):
        said = metric("m", ..., TEMPLATE, template={"ref": "m", "members": [said]})
    definition = metric("m", ..., TEMPLATE, template={"definition": True, "members": [said]})
    plant = Plant([definition, said])
    assert plant.host.counts["template_too_deep"] and len(plant.names()) < 1000


def test_values_of_another_kind_than_was_said_are_bad() -> None:
    plant = Plant([metric("a", "text", DOUBLE), metric("b", _table([[1, b""]]), INT32), metric("c", 5, 77)])
    assert plant.last("a").quality == plant.last("b").quality == Quality.BAD
    assert plant.host.counts["value_impossible"] == 2
    assert plant.last("c").value == 5.0  # a type of a later version


def test_past_max_tags_others_are_not_kept_and_it_is_told_once() -> None:
    plant = Plant([metric(f"t{n}", 1.0) for n in range(20)], most_tags=10)
    assert len(plant.house.tags) == 10 and len(plant.house.said) == 1 and "max_tags" in plant.house.said[0]
    plant.data(metric("t19", 2.0), metric("t0", 2.0))
    assert plant.last("t0").value == 2.0


def test_a_metric_that_a_new_birth_has_no_more_is_stale() -> None:
    plant = Plant([metric("a", 1.0), metric("b", 1.0)])
    plant.send("NBIRTH", birth([metric("b", 2.0)], stamp=SENT + 50))
    assert plant.last("a").status == "STALE" and plant.last("a").source_ts == (SENT + 50) * 10**6
    assert plant.last("b").status is None


def test_a_number_that_its_type_cannot_hold_is_bad_and_ends_nothing() -> None:
    plant = Plant([metric("a", 1, INT32), metric("b", 1.0)])
    plant.data(metric("a", math.nan, DOUBLE), metric("b", 2.0))
    assert (plant.last("a").quality, plant.last("a").status) == (Quality.BAD, "no such value")
    assert plant.last("b").value == 2.0


def test_plain_messages_keep_their_place_among_others() -> None:
    plant, out = Plant([metric("a", 0.0, alias=1), metric("t", "", STRING)]), Readings()
    for seq in range(1, 7):
        text = [metric("t", "x", STRING)] if seq % 3 == 0 else []
        data = payload([metric("", float(seq), alias=1, say_type=False), *text], seq, SENT + seq)
        plant.host.receive("spBv1.0/G/NDATA/N", data, NOW, 0.0, out)
    before = len(plant.house.of("G/N", "a"))
    plant.house.keep(out)
    rows = plant.house.of("G/N", "a")[before:]
    assert [r.value for r in rows] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert [r.source_ts for r in rows] == [(SENT + n) * 10**6 for n in range(1, 7)]


def test_a_birth_changes_what_an_alias_stands_for() -> None:
    plant = Plant([metric("a", 0.0, alias=1)])
    plant.data(metric("", 1.0, alias=1, say_type=False))
    plant.send("NBIRTH", birth([metric("b", 0.0, alias=1)], stamp=SENT + 2000))
    plant.seq = 0
    plant.data(metric("", 2.0, alias=1, say_type=False))
    assert plant.last("b").value == 2.0 and plant.last("a").value != 2.0
