"""Prometheus metrics of the service, read from its board when they are asked for.

Names and units follow Prometheus' own advice (prometheus.io/docs/practices/naming): base units, `_total` for what only
grows. Labels are names that a person configured, never what the wire says, so that no attacker makes series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from linewarden import __version__
from linewarden.service.board import Board
from linewarden.service.schedule import Schedule

PER_SENSOR: tuple[tuple[str, str, str, Callable[[Any], float]], ...] = (
    ("linewarden_packets", "packets read", "counter", lambda s: s.packets),
    ("linewarden_bytes", "bytes of packets read, as on the wire", "counter", lambda s: s.bytes),
    ("linewarden_packets_lost", "packets that the kernel had no room for", "counter", lambda s: s.lost),
    ("linewarden_packets_not_kept", "packets that the ring on disk missed", "counter", lambda s: s.live.unkept),
    ("linewarden_rows_written", "records that are visible in the lake", "counter", lambda s: s.live.rows),
    ("linewarden_rows_lost", "records that a full disk took", "counter", lambda s: s.live.rows_lost),
    ("linewarden_lake_files_written", "files written to the lake", "counter", lambda s: s.live.files),
    ("linewarden_assets", "assets that the sensor knows", "gauge", lambda s: s.assets),
)

PER_COLLECTOR: tuple[tuple[str, str, str, Callable[[Any], float]], ...] = (
    ("linewarden_samples", "samples that a collector took", "counter", lambda c: c.samples),
    ("linewarden_samples_bad", "of them, those whose quality is bad", "counter", lambda c: c.bad),
    ("linewarden_samples_refused", "samples that could not be kept", "counter", lambda c: c.refused),
    ("linewarden_collector_restarts", "how often a collector failed and began again", "counter", lambda c: c.restarts),
    ("linewarden_collector_running", "1 if it runs", "gauge", lambda c: c.state == "running"),
    ("linewarden_collector_peers", "machines that it asks, or that tell it", "gauge", lambda c: len(c.peers)),
    ("linewarden_collector_peers_up", "of them, those that answer", "gauge", lambda c: c.up),
)
OF_SPOOL: tuple[tuple[str, str, str, Callable[[Any], float]], ...] = (
    ("linewarden_spool_samples", "samples that wait for the lake", "gauge", lambda s: s.held),
    ("linewarden_spool_bytes", "what they take on disk", "gauge", lambda s: s.bytes),
    ("linewarden_spool_oldest_seconds", "since the oldest of them came", "gauge", lambda s: s.oldest_s),
    ("linewarden_spool_full", "1 if collectors wait for room", "gauge", lambda s: s.full),
    ("linewarden_samples_forwarded", "samples that came into the lake", "counter", lambda s: s.forwarded),
    ("linewarden_samples_repeated", "samples that came again after a kill", "counter", lambda s: s.repeated),
)


class _Board(Collector):
    def __init__(self, board: Board, schedule: Schedule | None) -> None:
        self._board, self._schedule = board, schedule

    def collect(self) -> Iterator[Metric]:
        """The families, made now."""
        yield InfoMetricFamily("linewarden_build", "the program", {"version": __version__})
        statuses = self._board.statuses()
        for name, text, kind, value in PER_SENSOR:
            family = (CounterMetricFamily if kind == "counter" else GaugeMetricFamily)(name, text, labels=["sensor"])
            for sensor, status in statuses.items():
                family.add_metric([sensor], float(value(status)))
            yield family
        yield self._ports(statuses)
        yield self._health()
        yield from self._collectors()
        yield from self._jobs()
        yield from self._facts()

    def _ports(self, statuses: Any) -> Metric:
        family = GaugeMetricFamily("linewarden_interface_up", "1 if it is up", labels=["sensor", "interface"])
        for sensor, status in statuses.items():
            for port in status.ports:
                family.add_metric([sensor, port.name], float(port.up))
        return family

    def _collectors(self) -> Iterator[Metric]:
        collectors, spool = self._board.collectors()
        if spool is None:
            return
        for name, text, kind, value in PER_COLLECTOR:
            family = (CounterMetricFamily if kind == "counter" else GaugeMetricFamily)(name, text, labels=["collector"])
            for collector, status in collectors.items():
                family.add_metric([collector], float(value(status)))
            yield family
        for name, text, kind, value in OF_SPOOL:
            yield (CounterMetricFamily if kind == "counter" else GaugeMetricFamily)(name, text, float(value(spool)))

    def _health(self) -> Metric:
        return GaugeMetricFamily("linewarden_ill", "parts that do not do their work", len(self._board.illnesses()))

    def _jobs(self) -> Iterator[Metric]:
        if self._schedule is None:
            return
        turns = CounterMetricFamily("linewarden_job_turns", "turns of a job", labels=["job", "outcome"])
        for job, (all_turns, failed) in self._schedule.counts().items():
            turns.add_metric([job, "ok"], all_turns - failed)
            turns.add_metric([job, "failed"], failed)
        yield turns
        took = GaugeMetricFamily("linewarden_job_seconds", "how long the last turn took", labels=["job"])
        at = GaugeMetricFamily("linewarden_job_began_timestamp_seconds", "when the last turn began", labels=["job"])
        for job, turn in self._schedule.last_turns().items():
            took.add_metric([job], turn.seconds)
            at.add_metric([job], turn.began.timestamp())
        yield from (took, at)

    def _facts(self) -> Iterator[Metric]:
        for part, facts in self._board.facts().items():
            for name, value in facts.items():
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    yield GaugeMetricFamily(f"linewarden_{part}_{name}", f"{name} of the {part}", float(value))


def registry_of(board: Board, schedule: Schedule | None = None) -> CollectorRegistry:
    """The registry: the board, and the process (memory, CPU, open files)."""
    registry = CollectorRegistry()
    registry.register(_Board(board, schedule))
    ProcessCollector(registry=registry)
    return registry
