"""Process values in the report: the path, what a screen reader hears, what is left out."""

from __future__ import annotations

from hypothesis import given, strategies as st

from linewarden.plant.model import Plant
from linewarden.reports.html import render_plant
from linewarden.reports.values_view import HEIGHT, MOST, WIDTH, Value, path_of, values_view


def value(**more: object) -> Value:
    said = {"device": "10.0.0.1", "protocol": "modbus", "label": "holding_register 4", "course": (1.0, None, 3.0),
            "last": 3.0, "low": 1.0, "high": 3.0, "count": 12, "moved": 2}  # fmt: skip
    return Value(**{**said, **more})  # type: ignore[arg-type]


def test_the_course_breaks_where_nothing_was_read() -> None:
    assert path_of((1.0, 2.0, None, 3.0, 1.0), 1.0, 3.0).count("M") == 2


@given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_the_course_stays_in_its_picture(course: list[float | None]) -> None:
    there = [v for v in course if v is not None]
    path = path_of(course, min(there, default=0.0), max(there, default=0.0))
    points = [p.split() for p in path.replace("L", "M").split("M")[1:]]
    assert len(points) == len(there)
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in points)


def test_what_never_moved_is_counted_and_not_drawn() -> None:
    view = values_view([value(), value(moved=0)] + [value()] * MOST, {"10.0.0.1": "PLC-1"})
    assert len(view.rows) == MOST
    assert view.left_out == 2
    assert view.rows[0].device == "PLC-1"
    assert view.rows[0].told == "from 1 to 3, between 1 and 3"


def test_a_report_has_the_section_only_with_values_and_escapes_what_devices_say() -> None:
    assert 'id="values"' not in render_plant(Plant(), 0, "0.1.0", "x")
    page = render_plant(Plant(), 0, "0.1.0", "x", [value(label="<script>alert(1)</script>")])
    assert 'id="values"' in page
    assert "<script>alert" not in page
