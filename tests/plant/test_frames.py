"""Frames boiled down to distinct rows."""

import polars as pl

from linewarden.plant import frames
from linewarden.plant.rows import TABLES


def command_rows():
    return frames.Running(TABLES["command"])


def test_sums_first_packet_and_last_time(make):
    batch = make.frame(
        "command",
        [
            make.command("10.0.0.9", "10.0.0.1", "write", at=at, frame=f, target=t)
            for at, f, t in ((5, 50, "b"), (1, 10, "a"))
        ],
    )
    running = command_rows()
    running.add(frames.timed(batch, TABLES["command"].fields))
    (row,) = running.rows()
    assert (row.n, row.answered, row.frame, row.target) == (6, 6, 10, "a")
    assert (row.ts, row.until) == (make.T0 + make.SECOND, make.T0 + 5 * make.SECOND)


def test_ports_that_nothing_answered_on_are_not_kept_apart(make):
    knock = {"resp_pkts": 0, "orig_pkts": 1, "history": "S", "conn_state": "S0", "orig_bytes": 0}
    scan = make.frame("conn", [make.conn("10.0.0.9", "10.0.0.1", port, **knock) for port in range(1, 500)])
    batch = frames.conn_batch(scan)
    assert batch["port"].null_count() == 499
    assert batch["unanswered"].sum() == 499 and batch["one_way"].sum() == 0


def test_absent_columns_are_tolerated():
    facts = frames.fact_batch("snmp", pl.DataFrame({"id.orig_h": ["A"], "community": ["public"]}))
    assert facts.row(0, named=True) == {
        "stream": "snmp", "orig": "a", "resp": "", "column": "community", "value": "public", "ts": 0, "capture": "",
        "frame": 0, "n": 1,
    }  # fmt: skip
    assert frames.fact_batch("tls", pl.DataFrame({"other": [1]})).height == 0


def test_a_sensor_that_listens_for_long_keeps_few_frames(make):
    batch = make.frame("command", [make.command("10.0.0.9", "10.0.0.1", "write", at=1, frame=1, target="b")])
    running, once = command_rows(), frames.timed(batch, TABLES["command"].fields)
    for _second in range(1_000):
        running.add(once)
    assert len(running._parts) <= frames.MOST_PARTS + 1, "each second's batch costs kilobytes, however few its rows"
    (row,) = running.rows()
    assert row.n == 1_000 * once["n"].sum()
