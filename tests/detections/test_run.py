"""The runner: telling once, counting, worse news, ids."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from linewarden.detections.attack import TECHNIQUES
from linewarden.detections.catalogue import detection
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.run import Run
from linewarden.plant.model import Role, Severity
from tests.detections.build import frame, play

DOWNLOAD = {
    "verb": "program_download", "protocol": "s7comm", "function": "download_block", "target": "DB1",
    "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "answered": 1,
}  # fmt: skip
HOUR = 3600 * 10**9


def told_of(*times: int, **more: object) -> tuple[Run, list[list[object]]]:
    run = Run([detection("program_download")])
    return run, [list(run.add("command", frame("command", [{**DOWNLOAD, "ts": t, **more}]))) for t in times]


def test_it_tells_once_and_counts_the_rest_at_the_end() -> None:
    run, told = told_of(0, 10**9, 2 * 10**9)
    assert [len(t) for t in told] == [1, 0, 0]
    (again,) = run.end()
    assert again.notice.again
    assert again.notice.count == 2
    assert again.notice.notice_id == told[0][0].notice.notice_id  # type: ignore[attr-defined]
    assert run.end() == []


def test_after_the_refractory_time_it_tells_again_and_says_how_often_it_came() -> None:
    _, told = told_of(0, 10**9, 2 * HOUR)
    counted, fresh = told[2]
    assert counted.notice.again and counted.notice.count == 1  # type: ignore[attr-defined]
    assert not fresh.notice.again  # type: ignore[attr-defined]


def test_worse_news_is_told_at_once() -> None:
    run = Run([detection("program_download")])
    assert len(run.add("command", frame("command", [DOWNLOAD]))) == 1
    run.knowledge = Knowledge(roles={"10.0.0.1": Role.SAFETY_CONTROLLER})
    (worse,) = run.add("command", frame("command", [{**DOWNLOAD, "ts": 10**9}]))
    assert worse.notice.severity == Severity.CRITICAL


def test_the_id_is_the_same_however_the_batches_are_cut() -> None:
    rows = [{**DOWNLOAD, "ts": i * 10**9, "id.resp_h": f"10.0.0.{i % 3}"} for i in range(9)]
    whole = Run([detection("program_download")])
    ids = {t.notice.notice_id for t in whole.add("command", frame("command", rows))}
    cut = Run([detection("program_download")])
    assert ids == {t.notice.notice_id for r in rows for t in cut.add("command", frame("command", [r]))}
    assert len(ids) == 3


def test_what_it_does_not_need_costs_no_python() -> None:
    seen = []
    spied = replace(
        detection("program_download"),
        needs={"command": pl.col("verb") == "program_download"},
        watch=lambda _p: lambda _s, rows, _k: iter(seen.append(rows.height) or ()),  # type: ignore[func-returns-value]
    )
    Run([spied]).add("command", frame("command", [{**DOWNLOAD, "verb": "read"}] * 50 + [DOWNLOAD]))
    assert seen == [1]


def test_one_that_needs_all_rows_gets_all_beside_one_that_needs_few() -> None:
    seen: dict[str, int] = {}

    def spy(name: str, wanted: pl.Expr) -> object:
        def look(_stream: str, rows: pl.DataFrame, _known: Knowledge) -> object:
            seen[name] = rows.height
            return iter(())

        return replace(detection("program_download"), name=name, needs={"command": wanted}, watch=lambda _p: look)  # type: ignore[arg-type,return-value]

    run = Run([spy("all", pl.lit(value=True)), spy("few", pl.col("verb") == "read")])  # type: ignore[list-item]
    run.add("command", frame("command", [DOWNLOAD] * 900 + [{**DOWNLOAD, "verb": "read"}] * 3))
    assert seen == {"all": 903, "few": 3}


def test_v19_numbers_stand_beside() -> None:
    _, told = told_of(0)
    notice = told[0][0].notice  # type: ignore[attr-defined]
    assert notice.techniques_v19.split() == [TECHNIQUES[t].v19 for t in notice.techniques.split()]


def test_texts_may_come_as_the_dictionaries_of_the_engine() -> None:
    rows = [{"id.orig_h": "10.0.0.66", "id.resp_h": f"10.0.0.{i}", "id.resp_p": 445, "proto": "tcp"} for i in range(99)]
    texts = frame("conn", rows).with_columns(pl.col(pl.String).cast(pl.Categorical))
    assert [t.notice.note for t in Run([detection("address_sweep")]).add("conn", texts)] == ["address_sweep"]


def test_a_detection_that_stumbles_is_left_out_and_the_others_go_on() -> None:
    def stumbles(_stream: str, _rows: pl.DataFrame, _known: Knowledge) -> object:
        yield from ()
        raise ZeroDivisionError("half a thought")

    bad = replace(detection("program_download"), name="bad", watch=lambda _p: stumbles)
    run = Run([bad, detection("program_download")])
    assert len(run.add("command", frame("command", [DOWNLOAD]))) == 1
    assert run.broken == {"bad": "ZeroDivisionError: half a thought"}
    assert run.add("command", frame("command", [DOWNLOAD])) == []


def test_a_plant_with_public_addresses_of_its_own_has_no_outside() -> None:
    """Some sites use a /16 of the internet as their own; a writer from there is not a stranger by that alone."""
    write = {"verb": "write", "protocol": "modbus", "function": "write_single_coil", "id.resp_h": "141.81.0.26"}
    found = [detection("write_by_wrong_role")]
    assert Run(found).add("command", frame("command", [{**write, "id.orig_h": "141.81.0.10"}])) == []
    (told,) = Run(found).add("command", frame("command", [{**write, "id.orig_h": "8.8.8.8", "id.resp_h": "10.0.0.1"}]))
    assert "public address" in told.notice.msg


def test_three_files_with_the_same_further_ending_are_enough() -> None:
    rename = {"verb": "write", "protocol": "smb", "function": "set_info", "target": "file rename"}
    names = ["archive.csv.locked", "line1.project.locked", "cola.csv.locked"]
    rows = [
        {**rename, "value": name, "id.orig_h": "10.0.5.9", "id.resp_h": f"10.0.3.{i}"} for i, name in enumerate(names)
    ]
    (told,) = Run([detection("files_renamed")]).add("command", frame("command", rows))
    assert ".locked" in told.notice.msg
    honest = [{**row, "value": row["value"].removesuffix(".locked")} for row in rows]
    assert Run([detection("files_renamed")]).add("command", frame("command", honest)) == []


def test_who_asks_by_arp_for_what_nobody_has_sweeps() -> None:
    sweep = detection("address_sweep")
    asked = [
        {"ts": i * 10**8, "operation": "request", "src_mac": "02:00:00:00:00:66", "src_ip": "10.0.0.66",
         "dst_ip": f"10.0.0.{i + 1}"}
        for i in range(24)
    ]  # fmt: skip
    assert [t.notice.note for t in play(sweep, {"arp": asked}, Knowledge())] == ["address_sweep"]
    assert (
        play(sweep, {"arp": [{**row, "dst_ip": f"10.0.0.{i % 9}"} for i, row in enumerate(asked)]}, Knowledge()) == []
    )


def test_who_tells_one_machine_that_he_is_another_is_told_at_once() -> None:
    poisoning = detection("arp_poisoning")
    reply = {"operation": "reply", "opcode": 2, "src_ip": "10.0.0.1", "id.resp_h": "02:00:00:00:00:02"}
    owner = {**reply, "ts": 0, "src_mac": "02:00:00:00:00:01", "id.orig_h": "02:00:00:00:00:01", "is_orig": False}
    stolen = [
        {**reply, "ts": i * 10**9, "src_mac": "02:00:00:00:00:66", "id.orig_h": "02:00:00:00:00:66", "is_orig": True}
        for i in range(1, 4)
    ]
    (told,) = play(poisoning, {"arp": [owner, *stolen]}, Knowledge())
    assert told.notice.severity == "high" and "10.0.0.1" in told.notice.msg
    everybody = [{**row, "id.resp_h": "ff:ff:ff:ff:ff:ff"} for row in stolen]
    assert play(poisoning, {"arp": [owner, *everybody]}, Knowledge()) == [], "a fail-over tells all"
