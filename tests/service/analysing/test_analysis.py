"""A machine from records to notices: what is told of an attack, of wear, of announced work, and when nothing is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
import pytest
from threadpoolctl import threadpool_info

from linewarden.baseline.expected import Expected, Suppression, Window
from linewarden.detections.knowledge import Knowledge, Role
from linewarden.detections.run import Told
from linewarden.service.analysing.analysis import Analysis
from linewarden.service.analysing.settings import Analytics, Group, Wanted
from tests.service.analysing.plant import BEGIN, KNOWN, PANEL, PLC, SAID, STRANGER, command, heartbeat, notice, readings

LEARNED = 1000
"""Seconds after which the machine is known."""


def learned(expected: Expected | None = None) -> Analysis:
    made = Analysis(SAID, expected)
    made.know(KNOWN)
    made.take("command", heartbeat(range(0, LEARNED, 10)))
    made.take("reading", readings(range(LEARNED)))
    assert made.turn() == []
    assert made.machines[PLC].known == 1.0
    return made


def low_fill(rows: np.ndarray, at: np.ndarray) -> None:
    after = at >= LEARNED + 100
    rows[after, 0] = 450
    rows[after, 1] -= 50
    rows[after, 2] -= 5


def fill_only(rows: np.ndarray, at: np.ndarray) -> None:
    """The panel is shown the old set-point."""
    low_fill(rows, at)
    rows[:, 0] = 500


def frozen(rows: np.ndarray, at: np.ndarray) -> None:
    rows[at >= LEARNED + 100, 1] = rows[100, 1]


def drift(rows: np.ndarray, at: np.ndarray) -> None:
    rows[:, 1] += np.maximum(at - LEARNED, 0) * 0.001
    rows[:, 2] += np.maximum(at - LEARNED, 0) * 0.0001


def judged(made: Analysis, change: object, commands: Iterable[pl.DataFrame] = (), seconds: int = 400) -> list[Told]:
    for rows in commands:
        made.take("command", rows)
    made.take("reading", readings(range(LEARNED, LEARNED + seconds), change))  # type: ignore[arg-type]
    return [*made.turn(), *made.end()]


def test_a_stranger_writes_and_the_process_follows() -> None:
    told = judged(learned(), low_fill, [command(LEARNED + 99, STRANGER)])
    first = told[0]
    assert first.notice.note == "process_attack"
    assert first.notice.severity == "high"
    assert (first.orig_h, first.resp_h) == (STRANGER, PLC)
    assert first.notice.msg == (
        "holding_register 0 of plc-1 (10.0.0.1) shows 450, which it never did (usual: 500), "
        "historian (10.0.0.66) wrote holding_register 0 = 450 to plc-1 (10.0.0.1) 2 s before: looks like an attack."
    )
    assert {"T0836", "T0831"} <= set(first.notice.techniques.split())
    assert "T0856" not in first.notice.techniques, "nothing is replayed"
    assert first.frame == LEARNED + 101, "the reading that shows it"
    assert "7000000" in first.notice.frames, "and the write"


def test_replayed_values_while_somebody_writes() -> None:
    made = learned()
    made.notice(notice(LEARNED + 95, "arp_poisoning"))
    made.notice(notice(LEARNED + 96, "values_repeated", "medium", tactic="evasion"))
    told = judged(made, fill_only, [command(LEARNED + 99, STRANGER)])
    assert "replayed values while historian (10.0.0.66) wrote holding_register 0 = 450" in told[0].notice.msg
    assert {"T0856", "T0832", "T0836"} <= set(told[0].notice.techniques.split())
    assert "network: arp_poisoning (high)" in told[0].notice.why


def test_a_frozen_sensor_is_unclear_and_says_what_would_settle_it() -> None:
    told = judged(learned(), frozen)
    assert [t.notice.note for t in told] == ["process_odd"]
    assert "to settle it: compare one value with the gauge" in told[0].notice.why
    assert told[0].notice.techniques == ""


def test_a_drift_is_wear_since_nobody_wrote() -> None:
    told = judged(learned(), drift, [heartbeat(range(LEARNED, LEARNED + 3000, 10))], seconds=9000)
    assert {t.notice.note for t in told} == {"process_wear"}
    assert "drifts over" in told[0].notice.msg and "nobody wrote: looks like wear." in told[0].notice.msg
    assert told[0].notice.techniques == ""


def test_announced_work_is_a_change_and_nothing_to_wake_up_for() -> None:
    window = Window("w1", (BEGIN + LEARNED) * 10**9, (BEGIN + 9000) * 10**9, "new bottle, change 4711", (PLC,))
    told = judged(learned(Expected([window])), low_fill, [command(LEARNED + 99, STRANGER)])
    assert told
    assert {(t.notice.note, t.notice.severity) for t in told} == {("process_change", "info")}
    assert told[0].notice.expected == "announced: new bottle, change 4711 [w1]"


def test_what_a_person_called_normal_is_info() -> None:
    rule = Suppression("s1", "trial of short bottles", "J. M.", 2**62, note="process_*", resp=PLC)
    told = judged(learned(Expected((), [rule])), low_fill, [command(LEARNED + 99, STRANGER)])
    assert {t.notice.severity for t in told} == {"info"}


def test_an_operator_at_the_panel_is_no_attack() -> None:
    told = judged(learned(), low_fill, [command(LEARNED + 99, PANEL)])
    assert {t.notice.note for t in told} == {"process_odd"}
    assert {t.notice.severity for t in told} == {"low"}


def test_a_normal_time_is_quiet() -> None:
    assert judged(learned(), None, [heartbeat(range(LEARNED, LEARNED + 3000, 10))], seconds=3000) == []


def test_the_same_again_soon_is_not_told_again() -> None:
    def twice(rows: np.ndarray, at: np.ndarray) -> None:
        off = ((at >= LEARNED + 100) & (at < LEARNED + 200)) | ((at >= LEARNED + 500) & (at < LEARNED + 600))
        rows[off, 1] -= 50

    assert len({t.notice.notice_id for t in judged(learned(), twice, seconds=1000)}) == 1


def test_a_stop_that_the_process_follows_is_told_though_standing_is_usual() -> None:
    """The machine stands now and then; that it does so after a stranger's stop is told."""

    def stands(rows: np.ndarray, at: np.ndarray) -> None:
        off = (at // 200 % 3 == 2) if at[0] < LEARNED else at >= LEARNED + 10
        rows[off, 1:3] = 0

    made = Analysis(SAID)
    made.know(KNOWN)
    made.take("command", heartbeat(range(0, LEARNED, 10)))
    made.take("reading", readings(range(LEARNED), stands))
    made.turn()
    told = judged(made, stands, [command(LEARNED + 9, STRANGER, "", "", verb="stop")], seconds=100)
    assert [t.notice.note for t in told] == ["process_attack"]
    assert "historian (10.0.0.66) stopped plc-1" in told[0].notice.msg
    assert "T0858" in told[0].notice.techniques


@pytest.mark.parametrize("step", [1, 7, 60, 331])
def test_live_and_replay_tell_the_same_however_batches_are_cut(step: int) -> None:
    def at_once(size: int) -> list[str]:
        made = learned()
        told: list[Told] = []
        rows = readings(range(LEARNED, LEARNED + 700), low_fill)
        deeds = [command(LEARNED + 99, STRANGER), command(LEARNED + 400, STRANGER, "holding_register 3", "9")]
        for first in range(0, rows.height, size):
            until = BEGIN + LEARNED + first + size
            for deed in [d for d in deeds if d["ts"].dt.epoch("s")[0] < until]:
                made.take("command", deed)
                deeds = [d for d in deeds if d is not deed]
            made.take("reading", rows.slice(first, size))
            told += made.turn()
        return [f"{t.ts} {t.frame} {t.notice}" for t in [*told, *made.end()]]

    whole = at_once(700)
    assert at_once(step) == whole
    assert len(whole) >= 1


def test_while_little_is_known_only_what_the_network_explains_is_told() -> None:
    made = Analysis(Analytics(wanted=Wanted(first_minutes=2, learn_hours=10)))
    made.know(KNOWN)
    made.take("command", heartbeat(range(0, LEARNED, 10)))
    made.take("reading", readings(range(LEARNED)))
    assert judged(made, low_fill) == []
    made = Analysis(Analytics(wanted=Wanted(first_minutes=2, learn_hours=10)))
    made.take("command", heartbeat(range(0, LEARNED, 10)))
    made.take("reading", readings(range(LEARNED)))
    told = judged(made, low_fill, [command(LEARNED + 99, STRANGER)])
    assert told[0].notice.note == "process_attack"
    assert "learned for 3% of its time only" in told[0].notice.why
    assert told[0].notice.confidence < 0.7


def test_an_attack_while_it_learns_is_not_learned() -> None:
    made = Analysis(Analytics(wanted=Wanted(first_minutes=2, learn_hours=10)))
    made.know(KNOWN)
    made.take("command", heartbeat(range(0, LEARNED, 10)))
    made.take("reading", readings(range(LEARNED)))
    made.take("command", command(LEARNED + 99, STRANGER))
    for first in range(LEARNED, LEARNED + 200, 10):
        made.take("reading", readings(range(first, first + 10), low_fill))
        made.turn()
    rows = made.machines[PLC].blocks.rows()
    assert (rows[:, 0] == 450).sum() < 110


def test_groups_make_machines_of_several_devices_and_parts_of_one() -> None:
    group = Group("filler", (f"{PLC}/holding_register [01]",), SAID.wanted)
    made = Analysis(Analytics((group,), SAID.wanted))
    made.take("reading", readings(range(10)))
    assert {m.name: m.tags for m in made.machines.values()} == {
        "filler": [f"{PLC}/holding_register 0", f"{PLC}/holding_register 1"],
        PLC: [f"{PLC}/holding_register 2", f"{PLC}/holding_register 3"],
    }


def test_tags_beyond_the_bound_are_left_out_and_counted() -> None:
    made = Analysis(Analytics(most_tags=3))
    made.take("reading", readings(range(10)))
    assert len(made.tags.all) == 3
    assert made.tags.left_out == 1


def test_linear_algebra_of_machines_takes_one_thread() -> None:
    Analysis(Analytics())
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}


def test_a_stranger_who_looks_like_a_panel_only_because_it_writes_is_told_as_an_attack() -> None:
    made = learned()
    made.know(Knowledge(roles={STRANGER: Role.HMI}, guessed=frozenset({STRANGER})))
    told = judged(made, low_fill, [command(LEARNED + 99, STRANGER)])
    assert "process_attack" in {t.notice.note for t in told}
