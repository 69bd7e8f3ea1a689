"""From records over the baseline to notices: what an intruder does is told, what is usual is not."""

from __future__ import annotations

from typing import Any

from linewarden.baseline.baseline import Baseline
from linewarden.detections.catalogue import detections
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.run import Run, Told
from linewarden.plant.model import Role
from tests.baseline.plant import HISTORIAN, MINUTE, PLC, STRANGER, command, learn, learned, shift, write

KNOWN = Knowledge(roles={PLC: Role.CONTROLLER})


def told(baseline: Baseline, rows: list[dict[str, Any]], stream: str = "command") -> list[Told]:
    run = Run([d for d in detections() if "novelty" in d.needs], KNOWN)
    return run.add("novelty", learn(baseline, rows, stream))


def test_a_usual_shift_tells_nothing() -> None:
    assert told(Baseline(), shift(300)) == []


def test_an_intruder_is_told_by_what_is_new_about_it_and_with_its_packet() -> None:
    notices = told(learned(60), [command(61, STRANGER), write(61.2, 900, who=STRANGER)])
    assert {t.notice.note for t in notices} == {"new_poller", "second_master_learned", "value_out_of_range"}
    assert {t.notice.severity for t in notices} == {"medium"}, "what is only new wakes nobody"
    frames = {t.notice.note: t.frame for t in notices}
    assert frames["new_poller"] == 1 and frames["value_out_of_range"] == 2
    poller = next(t.notice for t in notices if t.notice.note == "new_poller")
    assert STRANGER in poller.msg and "was known for 61 min without this" in poller.why
    assert 0.5 < poller.confidence < 1


def test_a_known_reader_that_writes() -> None:
    notices = told(learned(60), [write(61, 181, who=HISTORIAN)])
    assert [t.notice.note for t in notices] == ["second_master_learned"]


def test_a_flood_of_new_devices_is_one_notice_more() -> None:
    def binding(minute: float, n: int) -> dict[str, Any]:
        mac = f"00:1b:1b:00:{n // 256:02x}:{n % 256:02x}"
        return {"ts": int(minute * MINUTE), "mac": mac, "ip": "", "source": "eth", "frames": 9}

    baseline = Baseline()
    assert told(baseline, [binding(m, n) for m in range(60) for n in range(3)], "binding") == []
    flood = told(baseline, [binding(61 + n / 1000, 1000 + n) for n in range(2000)], "binding")
    assert len(flood) == 11
    assert flood[-1].notice.msg.startswith("More than 10 devices")
