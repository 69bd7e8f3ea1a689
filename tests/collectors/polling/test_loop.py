"""The loop around one machine."""

from __future__ import annotations

import threading
import time

from linewarden.collectors._polling.loop import MANY, Poller, by_interval
from linewarden.collectors._polling.trouble import LostError
from linewarden.collectors.contract import Quality, Samples, Tag
from tests.collectors.polling_house import MemorySink, until


class Machine:
    """Answers when it is told to. slow: s that a read takes."""

    def __init__(self, sink: MemorySink) -> None:
        self.sink, self.works, self.slow, self.opened, self.closed = sink, True, 0.0, 0, 0
        self.held = 0
        self.number = sink.tag(Tag("m", "test", "T"))

    def open(self) -> None:
        if not self.works:
            raise LostError("m:1: it is off; switch it on")
        self.opened += 1
        self.held = 1

    def poll(self, group: str) -> None:
        time.sleep(self.slow)
        if not self.works:
            raise LostError("m:1: it is off; switch it on")
        samples = Samples()
        samples.add(self.number, 1.0, source_ts=None, server_ts=None)
        self.sink.put(samples)

    def close(self) -> None:
        self.closed += 1
        self.held = 0

    def numbers(self) -> list[int]:
        return [self.number]


def test_a_loss_is_one_line_one_bad_value_and_one_gap() -> None:
    sink = MemorySink()
    machine, stop = Machine(sink), threading.Event()
    poller = Poller(machine, {"f": 0.02, "s": 0.1}, sink, "m:1", (0.05, 0.1))
    thread = threading.Thread(target=poller.run, args=(stop,))
    thread.start()
    until(lambda: len(sink.puts) >= 10)
    machine.works = False
    until(sink.downs)
    assert machine.held == 0  # its connection is not kept while it is waited
    time.sleep(0.5)
    machine.works = True
    until(lambda: len(sink.downs()) == 1 and sink.last("T").quality is Quality.GOOD and len(sink.said) >= 4)
    stop.set()
    thread.join(5)
    assert sink.said[:3] == ["UP m:1", "DOWN m:1: it is off; switch it on", "UP m:1"]
    assert len([r for r in sink.rows if r.quality is Quality.BAD]) == 1
    missed = int(sink.said[3].split("(")[1].split()[0])
    assert 20 <= missed <= 60  # half a second: 25 and 5
    assert "UTC" in sink.said[3]
    assert machine.opened == 2 and machine.closed >= 2


def test_a_machine_that_is_too_slow_is_told_once() -> None:
    sink = MemorySink()
    machine, stop = Machine(sink), threading.Event()
    machine.slow = 0.03
    thread = threading.Thread(target=Poller(machine, {"g": 0.01}, sink, "m:1", (1, 1)).run, args=(stop,))
    thread.start()
    until(lambda: len(sink.puts) >= 2 * MANY)
    stop.set()
    thread.join(5)
    (late,) = [s for s in sink.said if "longer than the interval of 0.01 s" in s]
    assert "fewer tags" in late


def test_tags_of_one_interval_are_one_group() -> None:
    assert by_interval([None, 60.0, None, 5.0], 1.0) == {"1 s": (1.0, [0, 2]), "60 s": (60.0, [1]), "5 s": (5.0, [3])}
