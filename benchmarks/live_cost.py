"""What a reading costs on the live path in CPU time, by stage: from the payload to its score, and into the lake.

Time is played: each `--tick-ms` of it so many Sparkplug messages come, their readings are brought to disk, and judged;
each second of it the forwarder writes. All in one thread, so that the CPU of each stage is its own, whatever else is
on; the machine does not count. What MQTT itself costs is not in it (`analytics.py --set live` has all of it).

usage: python benchmarks/live_cost.py [--data ../shared/data] [--rates 10000 50000 100000] [--seconds 10] [--tick-ms 50]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

from _live.edge_nodes import Payloads  # noqa: E402
from _speed.rule import Goal, add_data, verdict  # noqa: E402

from linewarden.collectors._mqtt.host import Homes, Host, Options  # noqa: E402
from linewarden.collectors._mqtt.metrics import Register  # noqa: E402
from linewarden.collectors._mqtt.readings import Readings  # noqa: E402
from linewarden.service.analysing.collected import CollectedAnalysing  # noqa: E402
from linewarden.service.analysing.live import LiveAnalysing  # noqa: E402
from linewarden.service.analysing.settings import Analytics, Wanted  # noqa: E402
from linewarden.service.collecting.forwarder import Forwarder  # noqa: E402
from linewarden.service.collecting.lake_writer import LakeWriter  # noqa: E402
from linewarden.service.collecting.rows import Put  # noqa: E402
from linewarden.service.collecting.sample_log import SampleLog  # noqa: E402
from linewarden.service.collecting.sink import Gathering, _Waiting  # noqa: E402
from linewarden.service.collecting.tag_numbers import TagNumbers  # noqa: E402

NODES, METRICS = 20, 50
ROW_S = 0.05
LEARN_MINUTES = 0.5
STAGES = ("decode", "log", "judge", "lake")


class Line:
    """The path of a service, without its threads."""

    def __init__(self, folder: Path, tick_s: float) -> None:
        self.tick_s, self._a_second = tick_s, round(1 / tick_s)
        log, self.tags = SampleLog(folder / "spool"), TagNumbers(folder / "spool")
        self.forwarder = Forwarder(log, LakeWriter(folder / "lake", "bench", log.id), self.tags.tag, print)
        self.gathering = Gathering(log, self.tags, self.forwarder, 1 << 34, 1 << 62, on_line=print)
        said = Analytics(wanted=Wanted(seconds=ROW_S, first_minutes=LEARN_MINUTES, learn_hours=LEARN_MINUTES / 60))
        self.values = LiveAnalysing(said, None, lambda _: None, print)
        self.judging = CollectedAnalysing(self.values, self.tags.tag, lambda _: None, lambda _: None, print)
        self.gathering.on_made(self.judging.made)
        self.gathering.on_kept(self.judging.kept)
        self.host = Host("mqtt://bench", Options(), self, Register(self, 100_000), Homes())  # type: ignore[arg-type]
        self.payloads = Payloads(METRICS)
        dice = np.random.default_rng(7)
        hidden, mix = dice.normal(size=(4_000, 6)), dice.normal(size=(6, METRICS))
        self.rows = hidden @ mix + dice.normal(0, 0.3, (4_000, METRICS))
        self.cpu: dict[str, float] = dict.fromkeys(STAGES, 0.0)
        self.readings, self.sent, self.now = 0, [0] * NODES, time.time_ns()
        self._taken: list[_Waiting] = []

    # --- the sink of the host application ---

    def tag(self, tag: Any) -> int:
        return self.tags.number(tag)

    def put(self, samples: Any) -> None:
        self.readings += len(samples)
        self._taken.append(_Waiting("line", Put(samples, self.now), Future()))

    def up(self, peer: str) -> None: ...

    def down(self, peer: str, why: str) -> None: ...

    def say(self, text: str) -> None:
        print(text)

    # --- stages ---

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What is done within is of this stage."""
        before = time.process_time()
        yield
        self.cpu[name] += time.process_time() - before

    def born(self) -> None:
        """All edge nodes tell what they have."""
        for node in range(NODES):
            out, birth = Readings(), self.payloads.birth(self.rows[0])
            self.host.receive(f"spBv1.0/bench/NBIRTH/n{node}", birth, self.now, 0.0, out)
            for part in out.parts():
                self.put(part)

    def tick(self, messages: int, *, last: bool) -> None:
        """A tick: so many messages of the nodes in turn, spread over that time; `last` of a second."""
        made = [self._message(k % NODES, k / messages) for k in range(messages)]
        out = Readings()
        with self.stage("decode"):
            for topic, payload in made:
                self.host.receive(topic, payload, self.now, 0.0, out)
            for part in out.parts():
                self.put(part)
        self.now += int(self.tick_s * 1e9)
        taken, self._taken = self._taken, []
        with self.stage("log"):
            self.gathering.writer.write(self.gathering.make(taken))
        with self.stage("judge"):
            self.judging._turn(is_last=False)
        if last:
            with self.stage("lake"):
                while self.forwarder.step():
                    pass

    def _message(self, node: int, share: float) -> tuple[str, bytes]:
        self.sent[node] += 1
        row = self.rows[(97 * node + self.sent[node]) % len(self.rows)]
        at = self.now + int(share * self.tick_s * 1e9)
        return f"spBv1.0/bench/NDATA/n{node}", self.payloads.data(row, self.sent[node] % 256, at // 1_000_000)

    def learn(self) -> None:
        """The first minute, and the models of it."""
        self.born()
        for k in range(int((LEARN_MINUTES * 60 + 3) / self.tick_s)):
            self.tick(NODES, last=k % self._a_second == 0)
        machines = self.values.analysis.machines.values()
        while any(m._fitting is not None and m._fitting() is None for m in machines):
            time.sleep(0.2)
        for k in range(self._a_second):
            self.tick(NODES, last=k == 0)
        assert all(m.model is not None for m in machines)

    def measure(self, rate: int, seconds: float) -> list[str]:
        """A row of the table."""
        self.cpu = dict.fromkeys(STAGES, 0.0)
        begun = self.readings
        for k in range(int(seconds / self.tick_s)):
            self.tick(max(1, round(rate * self.tick_s / METRICS)), last=k % self._a_second == 0)
        came = self.readings - begun
        each = [1e6 * self.cpu[stage] / came for stage in STAGES]
        return [f"{came / seconds:,.0f}", *(f"{e:.2f}" for e in each), f"{sum(each):.2f}", f"{1e6 / sum(each):,.0f}"]


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser, "not used: readings are made up")
    parser.add_argument("--rates", type=int, nargs="+", default=[10_000, 50_000, 100_000])
    parser.add_argument("--tick-ms", type=int, default=50, help="how often samples are synced, and judged")
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    head = ("readings/s", *(f"{s} us" for s in STAGES), "all us", "readings/s of one core")
    with tempfile.TemporaryDirectory(prefix="linewarden-cost-") as name:
        (Path(name) / "spool").mkdir()
        line = Line(Path(name), args.tick_ms / 1000)
        line.learn()
        print(" | ".join(head), flush=True)
        goals = []
        for rate in args.rates:
            row = line.measure(rate, args.seconds)
            print(" | ".join(row), flush=True)
            goals.append(
                Goal(f"{row[-1]} readings/s of one core at {rate:,}/s (goal: as many)", _of_one_core(row) >= rate)
            )
    return verdict("live path", goals)


def _of_one_core(row: Sequence[str]) -> int:
    return int(row[-1].replace(",", ""))


if __name__ == "__main__":
    assert threading.current_thread() is threading.main_thread()
    sys.exit(main())
