"""What holds for every detection, so that a new file is held to it without an edit."""

from __future__ import annotations

import re

import polars as pl
import pytest

from linewarden.detections.attack import TACTICS, TECHNIQUES
from linewarden.detections.catalogue import detections
from linewarden.detections.detection import Case, Detection
from linewarden.detections.run import Run
from linewarden.records.order import in_order
from tests.detections.build import NS, frame, play, play_case, stream

ALL = pytest.mark.parametrize("detection", detections(), ids=lambda d: d.name)


def test_names_are_distinct() -> None:
    names = [d.name for d in detections()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_]+", n) for n in names)


@ALL
def test_it_says_what_a_person_needs(detection: Detection) -> None:
    assert detection.tactic in TACTICS
    assert all(t in TECHNIQUES for t in detection.attack)
    assert detection.tactic in TECHNIQUES[detection.attack[0]].tactics, "the folder is a tactic of the first technique"
    texts = [detection.title, detection.meaning, detection.benign, *detection.runbook]
    assert all(len(t) > 15 or t == detection.title for t in texts)
    assert len(detection.runbook) == 3
    for setting in detection.settings():
        assert setting["doc"], setting["name"]
        assert "unit" in setting


@ALL
def test_it_reads_streams_that_exist(detection: Detection) -> None:
    for name, wanted in detection.needs.items():
        columns = set(stream(name).names)
        assert set(wanted.meta.root_names()) <= columns, name


@ALL
def test_it_fires_and_names_packet_and_ends(detection: Detection) -> None:
    told = play_case(detection, detection.fires)
    assert told
    for one in told:
        assert one.notice.note == detection.name
        assert one.notice.msg.endswith(".") and one.notice.why
        assert one.frame >= 1 and one.capture == "test.pcap" and one.ts >= NS
        assert one.orig_h or one.resp_h
        assert all(t in TECHNIQUES for t in one.notice.techniques.split())


@ALL
def test_it_stays_quiet(detection: Detection) -> None:
    assert play_case(detection, detection.quiet) == []


@ALL
def test_without_the_record_that_decides_it_is_quiet(detection: Detection) -> None:
    """The mutation check: the packets that it names must be what made it fire."""
    told = play_case(detection, detection.fires)
    named = {int(f) for one in told for f in one.notice.frames.split()}
    records, first = {}, 1
    for name, rows in detection.fires.records.items():
        # Times stay as they were: a row without one has the time of its place.
        timed = [{"ts": i * 10**9, **r} for i, r in enumerate(rows)]
        records[name] = [r for i, r in enumerate(timed) if first + i not in named]
        first += len(rows)
    left = play(detection, records, detection.fires.knowledge)
    assert len(left) < len(told)


@ALL
def test_the_same_again_is_counted_not_told(detection: Detection) -> None:
    run = Run([detection], detection.fires.knowledge)
    first = [t for n, rows in detection.fires.records.items() for t in run.add(n, frame(n, rows))]
    again = [t for n, rows in detection.fires.records.items() for t in run.add(n, frame(n, rows))]
    fresh = [t for t in again if not t.notice.again]
    assert len(fresh) <= len(first)
    assert not {t.notice.notice_id for t in fresh} & {t.notice.notice_id for t in first}


@ALL
def test_settings_are_frozen(detection: Detection) -> None:
    for name in ("any", *detection.params.values()):
        with pytest.raises(AttributeError, match="do not change"):
            setattr(detection.params, name, 0)


@ALL
@pytest.mark.parametrize("case", ["fires", "quiet"])
def test_rows_sieved_in_pieces_and_out_of_order_tell_the_same(detection: Detection, case: str) -> None:
    """As they are gathered while a capture is read: `boil` done twice, and in any order, loses nothing."""
    tried: Case = getattr(detection, case)
    for name, rows in tried.records.items():
        whole, run = frame(name, rows), Run([detection], tried.knowledge)
        gathered: dict[str, list[pl.DataFrame]] = {}
        for at in reversed(range(0, whole.height, 7)):
            for who, kept in run.sieve(name, whole[at : at + 7]):
                gathered.setdefault(who, []).append(kept)
        together = {who: in_order(pl.concat(kept, how="diagonal")) for who, kept in gathered.items()}
        found = [told for who, kept in together.items() for told in run.judge(name, who, kept)]
        assert found == Run([detection], tried.knowledge).add(name, in_order(whole))
        assert run.broken == {}
