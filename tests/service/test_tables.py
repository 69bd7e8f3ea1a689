"""Rows for a person or a program."""

from __future__ import annotations

import io
import json

from linewarden.service.tables import MOST_ROWS, console, place, write_csv, write_json, write_table


def shown(columns: list[str], rows: list[tuple[object, ...]]) -> str:
    out = io.StringIO()
    write_table(console(out), columns, iter(rows))
    return out.getvalue()


def test_a_device_cannot_draw_in_the_terminal() -> None:
    text = shown(["name"], [("[red]x[/red]\x1b[2Jy\nz",)])
    assert "[red]x[/red]" in text
    assert "\x1b" not in text
    assert len(text.splitlines()) == 4


def test_a_long_table_says_that_it_is_cut() -> None:
    assert f"the first {MOST_ROWS:,} rows" in shown(["n"], [(n,) for n in range(MOST_ROWS + 1)])
    assert f"({MOST_ROWS:,} rows)" in shown(["n"], [(n,) for n in range(MOST_ROWS)])


def test_no_rows() -> None:
    assert "(0 rows)" in shown(["a", "b"], [])
    out = io.StringIO()
    write_json(out, ["a"], [])
    assert json.loads(out.getvalue()) == []


def test_json_keeps_columns_of_one_name_and_drops_infinities() -> None:
    out = io.StringIO()
    write_json(out, ["a", "a"], [(float("inf"), [float("nan"), 1.0])])
    assert json.loads(out.getvalue()) == [{"a": None, "a_2": [None, 1.0]}]


def test_csv_quotes() -> None:
    out = io.StringIO()
    write_csv(out, ["a"], [('x,"y"',), (None,)])
    assert out.getvalue() == 'a\n"x,""y"""\n""\n'


def test_places_of_protocols() -> None:
    assert place({"kind": "tcp", "ids": [502]}) == "tcp 502"
    assert place({"kind": "eth", "ids": [0x8892]}) == "eth 0x8892"
    assert place({"kind": "udp", "ids": [7, 8, 9, 20]}) == "udp 7-9/20"
