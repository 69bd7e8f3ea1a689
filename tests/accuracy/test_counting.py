"""From rows to counts by pair and direction."""

from __future__ import annotations

import polars as pl
import pytest
import truth_map as tm
from _accuracy import ours, zeek

ROWS = pl.DataFrame(
    {
        "id.orig_h": ["a", "a", "a", "a"],
        "id.resp_h": ["b", "b", "b", "b"],
        "is_orig": [True, True, False, True],
        "frame": [1, 3, 5, 7],
        "resp_frame": [2, None, None, 7],
        "rtt_ns": [1_000, None, None, None],
        "func": [3, 4, 130, 6],
    }
)
"""An answered request, an unanswered one, a report of the responder, an answer whose request was not seen."""


def test_requests_answers_and_reports_count_on_the_side_that_sent_them() -> None:
    pairs, directions = ours.count({"x": ROWS}, tm.both("x", "func", "func"))
    assert pairs == {("a>b", "3"): 1, ("a>b", "4"): 1, ("b>a", "130"): 1, ("b>a", "3"): 1, ("b>a", "6"): 1}
    assert directions["to_server", "3"] == 1
    assert directions["from_server", "130"] == 1
    assert ("to_server", "6") not in directions


@pytest.mark.parametrize(
    ("transform", "value", "text"),
    [
        ("dec", 3, "3"),
        ("hex2", 4, "0x04"),
        ("hex4", 0x6F, "0x006f"),
        ("hexbytes", 0x304, "0x0304"),
        ("hexbytes", 6, "0x06"),
        ("const:1", 99, "1"),
        ("text", "GET", "GET"),
    ],
)
def test_values_are_written_as_tshark_writes_them(transform: str, value: object, text: str) -> None:
    assert ours.written(value, tm.Count("x", "c", "request", transform)) == [text]


def test_lists_count_each_of_their_values() -> None:
    assert ours.written("0101020205ff", tm.Count("x", "c", "request", "hexpairs")) == ["1", "2", "5"]


def test_every_rule_names_a_stream_and_columns_that_exist() -> None:
    from linewarden.sensor.sensor import streams

    columns = {s.name: set(s.names) for s in streams()}
    for protocol in tm.PROTOCOLS:
        for field, rules in protocol.fields.items():
            for rule in rules:
                named = [rule.column, rule.where, rule.unless, rule.weight, rule.when[0] if rule.when else ""]
                assert {n for n in named if n} <= columns[rule.stream], f"{field}: {rule}"


def test_zeek_and_our_names_meet() -> None:
    assert zeek.label("READ_HOLDING_REGISTERS_EXCEPTION") == zeek.label("read_holding_registers")
    assert zeek.label("unknown-156") == "28"
    assert zeek.label("0x4c") == "76"
    assert zeek.label("Complex_ACK") == zeek.label("complex_ack")
