"""`linewarden serve`: sensors, collectors, lake, state, schedule, health and metrics in one process.

    threads: one a sensor (and the engine's own), one a collector and three for all, one for the schedule,
             one for HTTP; this one waits.

Anything may fail while it runs, and only a sensor's thread that ends brings the process down, for the supervisor to
start it anew: a full disk, a database that is away, a damaged file of the lake are said, shown in /healthz and tried
again. A kill at any moment costs what was not visible yet (about a second) and leaves nothing half-written: files
appear whole, merged files are told by their names, and what was said is in a file before it is in the database.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden import __version__
from linewarden.plant.model import Severity
from linewarden.service import supervisor
from linewarden.service.audit.places import KEY
from linewarden.service.audit.witness import Witness
from linewarden.service.baseline_keeper import BaselineKeeper
from linewarden.service.board import Board
from linewarden.service.config import parts
from linewarden.service.detecting import chosen
from linewarden.service.ears import Ear, begin, dead
from linewarden.service.expected_keeper import ExpectedKeeper
from linewarden.service.keeping import Keeping, lake_jobs
from linewarden.service.live_cases import CLOSE_EVERY_S, LiveCases
from linewarden.service.live_detecting import LiveDetecting
from linewarden.service.reading import Settings
from linewarden.service.schedule import Job, Schedule, Turn
from linewarden.service.state import prepare
from linewarden.service.state_keeper import StateKeeper
from linewarden.service.watch_status import status_as_dict
from linewarden.service.watching import Hooks, Listening, live_prefix

if TYPE_CHECKING:
    import structlog

    from linewarden.detections.run import Told
    from linewarden.service.analysing.collected import CollectedAnalysing
    from linewarden.service.analysing.live import LiveAnalysing
    from linewarden.service.analysing.settings import Analytics
    from linewarden.service.collecting.collectors import Collecting, Collectors
    from linewarden.service.config import Config
    from linewarden.service.exporting.exporter import Exporter, Receiver
    from linewarden.service.health import HealthServer
    from linewarden.service.maintenance.lives import Life
    from linewarden.service.maintenance.living import LiveLives
    from linewarden.service.namespace.publisher import Publisher
    from linewarden.service.namespace.publishing import Publishing

LOOK_S = 0.5
"""How often the main thread looks whether all is well."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One sensor of the service."""

    listening: Listening
    settings: Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run; `service/config` makes it from the one TOML file. `listen`: host and port of health and metrics."""

    sensors: tuple[Listener, ...]
    data: Path
    keeping: Keeping
    state_url: str
    state_password: str | None = None
    listen: tuple[str, int] | None = ("127.0.0.1", 9480)
    user: str | None = None
    detect: bool = True
    without: tuple[str, ...] = ()
    """Detections that are left out."""
    expected: Path | None = None
    rules: Path | None = None
    """A folder of the site's own rules."""
    keep_baseline: bool = True
    """What is usual is kept in `data`."""
    analytics: Analytics | None = None
    """How process values are judged; None: not at all."""
    keep_analytics: bool = True
    """What machines learned is kept in `data`."""
    lives: tuple[Life, ...] = ()
    """Units whose remaining life is scored."""
    site: str = "default"
    receivers: tuple[Receiver, ...] = ()
    """Who gets notices and cases as they come."""
    witness: Witness | None = None
    """What the audit log is told; None: only that the service ran."""
    collecting: Collecting | None = None
    """The collectors, if there are any."""
    publishing: Publishing | None = None
    """The namespace, if one is published."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that it writes to."""
        spool = (self.collecting.spool,) if self.collecting else ()
        return (
            self.data,
            self.keeping.lake,
            *spool,
            *(s.listening.keep.folder for s in self.sensors if s.listening.keep),
        )


def plan_of(config: Config, file: Path | None = None) -> Plan:
    """What the one TOML file asks for; `file`: where it is. Raises ConfigError if a part finds something wrong."""
    keeping = Keeping(config.lake_folder, config.lake.compact_every_s, parts.retention_of(config))
    return Plan(
        sensors=tuple(Listener(parts.listening_of(config, s), parts.settings_of(config, s)) for s in config.sensor),
        data=config.service.data,
        keeping=keeping,
        state_url=config.state_url,
        state_password=config.state_password(),
        listen=parts.listen_of(config),
        user=config.user,
        detect=config.detect.enabled,
        without=config.detect.without,
        expected=config.detect.expected,
        rules=config.detect.rules,
        keep_baseline=config.detect.keep_baseline,
        analytics=parts.analytics_of(config),
        keep_analytics=config.analytics.keep,
        lives=parts.lives_of(config),
        site=config.service.site,
        receivers=parts.receivers_of(config),
        witness=parts.witness_of(config, file),
        collecting=parts.collecting_of(config),
        publishing=parts.publishing_of(config),
    )


@dataclass(slots=True)
class Service:
    """A run of the service."""

    plan: Plan
    log: structlog.stdlib.BoundLogger
    board: Board = field(init=False)
    ears: list[Ear] = field(init=False)
    state: StateKeeper = field(init=False)
    schedule: Schedule = field(init=False)
    exporter: Exporter | None = None
    cases: LiveCases | None = None
    collectors: Collectors | None = None
    publisher: Publisher | None = None
    collected: CollectedAnalysing | None = None
    http: HealthServer | None = None

    def __post_init__(self) -> None:
        plan = self.plan
        self.board = Board(tuple(s.settings.sensor for s in plan.sensors))
        witness = plan.witness or Witness(plan.data / KEY)
        self.state = StateKeeper(plan.state_url, plan.state_password, plan.data / "events.spool", self.board, witness)
        jobs: list[Job] = [*lake_jobs(plan.keeping, self.board), *self.state.jobs()]
        if plan.lives:
            jobs += self._lives().jobs()
        if plan.receivers:
            from linewarden.service.exporting.exporter import Exporter

            self.exporter = Exporter(plan.receivers, plan.data / "exports", self.board, self._export_says)
            self.cases = LiveCases(self.exporter.take_event)
            jobs.append(Job("cases", CLOSE_EVERY_S, self._close_cases))
        if plan.collecting is not None:
            from linewarden.service.collecting.collectors import Collectors

            self.collectors = Collectors(plan.collecting, self.board, self._collector_says)
            self.collected = self._judging_collected(self.collectors)
        if plan.publishing is not None:
            self.publisher = plan.publishing.publisher(self._namespace_says, partial(self.board.ill, "namespace"))
            if self.collectors is not None:
                self.collectors.on_samples(self.publisher.samples(self.collectors.tag))
        self.schedule = Schedule(jobs, self._turn)
        self.ears = [Ear(plan.keeping.lake, s.listening, s.settings, self._hooks(s)) for s in plan.sensors]

    def _hooks(self, listener: Listener) -> Hooks:
        name = listener.settings.sensor
        hooks = Hooks(partial(self._line, name), partial(self.board.sensor, name), should_end=lambda: False)
        said = ExpectedKeeper(self.plan.expected) if self.plan.expected else None
        values = self._analysing(name, said)
        if not self.plan.detect:
            return self._published(values.within(hooks) if values is not None else hooks)
        wanted = chosen(without=self.plan.without, rules=self.plan.rules)
        usual = BaselineKeeper(self.plan.data / f"baseline-{name}.json") if self.plan.keep_baseline else None
        on_known = partial(self.cases.know, name) if self.cases is not None else None
        judge = LiveDetecting(
            wanted, partial(self._found, name, values), partial(self._line, name), said, usual, on_known=on_known
        )
        hooks = judge.within(hooks)
        return self._published(values.within(hooks) if values is not None else hooks)

    def _analysing(self, name: str, said: ExpectedKeeper | None) -> LiveAnalysing | None:
        """What judges a sensor's values, where that is wanted and installed."""
        from linewarden.service.analysing.settings import lacking

        if self.plan.analytics is None:
            return None
        if text := lacking():
            self.log.warning(f"process values are not judged: {text}", sensor=name)
            return None
        from linewarden.service.analysing.live import LiveAnalysing

        folder = self.plan.data / "analytics" / live_prefix(name) if self.plan.keep_analytics else None
        return LiveAnalysing(
            self.plan.analytics, folder, partial(self._notice, name), partial(self._line, name), said
        )  # fmt: skip

    def _lives(self) -> LiveLives:
        """What scores remaining lives."""
        from linewarden.service.analysing.collected import writer_of
        from linewarden.service.maintenance.lives import Courses
        from linewarden.service.maintenance.living import LiveLives
        from linewarden.service.measuring.desk import Measures

        lake = self.plan.keeping.lake
        return LiveLives(
            self.plan.lives, Courses(self.plan.data), Measures(lake), writer_of(lake, self.plan.site),
            partial(self._notice, "health"), partial(self.state.calendar, self.plan.site),
        )  # fmt: skip

    def _judging_collected(self, collectors: Collectors) -> CollectedAnalysing | None:
        """What judges the values of collectors, where that is wanted and installed."""
        said = ExpectedKeeper(self.plan.expected) if self.plan.expected else None
        values = self._analysing("collectors", said)
        if values is None:
            return None
        from linewarden.service.analysing.collected import CollectedAnalysing, writer_of

        write = writer_of(self.plan.keeping.lake, self.plan.collecting.site if self.plan.collecting else "default")
        judging = CollectedAnalysing(
            values, collectors.tag, write, partial(self._notice, "collectors"), partial(self._collector_says, "")
        )
        collectors.on_made(judging.made)
        collectors.on_kept(judging.kept)
        return judging

    def _found(self, sensor: str, values: LiveAnalysing | None, told: Told) -> None:
        """A detection found something: the analytics hear of it, too."""
        if values is not None:
            values.heard(told)
        if self.collected is not None:
            self.collected.heard(told)
        self._notice(sensor, told)

    def _published(self, hooks: Hooks) -> Hooks:
        """These hooks, with the namespace and what judges collectors' values among them."""
        hooks = hooks if self.publisher is None else self.publisher.within(hooks)
        return hooks if self.collected is None else self.collected.within(hooks)

    def run(self, should_end: Callable[[], bool]) -> str:
        """Runs until asked to end, or until a sensor ends by itself: then why, in a line.

        Raises CaptureError, ConfigError or StoreError if it cannot start.
        """
        import_late()
        if self.plan.collecting is not None:
            from linewarden.service.collecting.imports import import_for

            import_for([source.kind for source in self.plan.collecting.sources])
        prepare(self.plan.state_url)
        if self.cases is not None and (wrong := self.cases.remember(self.plan.keeping.lake)):
            self.log.warning(wrong)
        who = begin(self.ears, self.plan.folders, self.plan.user)
        why = "it could not start"
        try:
            self._start(who)
            why = self._wait(should_end)
        finally:
            self._stop(why)
        return why

    def _start(self, who: str) -> None:
        self.state.begin(__version__)
        self.schedule.start()
        if self.exporter is not None:
            self.exporter.start()
        if self.publisher is not None:
            self.publisher.start()
        if self.collected is not None:
            self.collected.start()
        if self.collectors is not None:
            self.collectors.start()
        if self.plan.listen is not None:
            self.http = self._serve_http(*self.plan.listen)
        self.board.ready()
        supervisor.tell("READY=1")
        names = [i for s in self.plan.sensors for i in s.listening.interfaces]
        sent = (
            f"notices go to {', '.join(r.shown for r in self.plan.receivers)}" if self.exporter else "nothing is sent"
        )
        asked = [s.name for s in self.plan.collecting.sources] if self.plan.collecting else []
        also = {"collectors": ", ".join(asked)} if asked else {}
        what = "listening" if names else "collecting"
        self.log.info(
            f"{what}; {sent}", interfaces=", ".join(names), user=who, lake=str(self.plan.keeping.lake), **also
        )  # fmt: skip

    def _serve_http(self, host: str, port: int) -> HealthServer:
        from linewarden.service.health import HealthServer, application
        from linewarden.service.metrics import registry_of

        server = HealthServer(application(self.board, registry_of(self.board, self.schedule), self.status), host, port)
        server.start()
        self.log.info("health and metrics", url=f"http://{host}:{server.port}/healthz")
        return server

    def _wait(self, should_end: Callable[[], bool]) -> str:
        pause, beat = threading.Event(), supervisor.watchdog_s()
        while not should_end():
            if why := dead(self.ears):
                return why
            if beat is not None and not self.board.hangs():
                supervisor.tell("WATCHDOG=1")
            pause.wait(LOOK_S)
        return ""

    def _stop(self, why: str) -> None:
        """Ends in order: what hears and asks, what keeps, and the state last, since all are written down there."""
        supervisor.tell("STOPPING=1")
        for ear in self.ears:
            ear.end()
        for ear in self.ears:
            ear.join(60)
        if self.collectors is not None:
            self.collectors.stop()
        if self.collected is not None:
            self.collected.stop()
        if self.publisher is not None:
            self.publisher.stop()
        if self.exporter is not None:
            self.exporter.stop()
        if not self.schedule.stop():
            self.log.warning("a job did not end in time", job="schedule")
        if self.http is not None:
            self.http.stop()
        self.state.end(clean=not why)
        tell = self.log.error if why else self.log.info
        tell(why or "stopped", **self._sums())

    def _sums(self) -> dict[str, int]:
        statuses = self.board.statuses().values()
        collectors, spool = self.board.collectors()
        samples = {"samples": sum(c.samples for c in collectors.values())} if spool is not None else {}
        return {
            "packets": sum(s.packets for s in statuses),
            "rows": sum(s.live.rows for s in statuses),
            "lost": sum(s.lost for s in statuses),
            **samples,
        }

    def _collector_says(self, collector: str, text: str) -> None:
        """A collector has something to say, or what keeps samples has."""
        source = f"collector {collector}" if collector else "collecting"
        self.state.event("warning", source, text)
        self.log.warning(text, **({"collector": collector} if collector else {}))

    def _namespace_says(self, text: str) -> None:
        self.state.event("warning", "namespace", text)
        self.log.warning(text, part="namespace")

    def _line(self, sensor: str, text: str) -> None:
        """A sensor has something to say: to the events that the state keeps, and then to the log."""
        self.state.event("warning", f"sensor {sensor}", text)
        self.log.warning(text, sensor=sensor)

    def _notice(self, sensor: str, told: Told) -> None:
        """Something is wrong in the plant; low ones are in the lake only."""
        n = told.notice
        if Severity(n.severity).order <= Severity.MEDIUM.order:
            self.state.event(n.severity, f"detection {n.note}", n.msg)
        if self.exporter is not None:
            self.exporter.take(told)
        if self.cases is not None:
            self.cases.take(told)
        self.log.warning(
            n.msg, sensor=sensor, notice=n.note, severity=n.severity, packet=f"{told.capture}:{told.frame}"
        )

    def _close_cases(self, _should_end: Callable[[], bool]) -> str:
        closed = self.cases.turn() if self.cases is not None else 0
        return f"{closed} cases were closed" if closed else ""

    def _export_says(self, source: str, text: str) -> None:
        """A receiver is away, is back, or will not take something."""
        self.state.event("warning", source, text)
        self.log.warning(text, export=source)

    def _turn(self, turn: Turn) -> None:
        self.board.ill(f"job {turn.job}", turn.error)
        self.state.turn(turn)
        if turn.error:
            self.log.error(turn.error, job=turn.job)
        elif turn.detail:
            self.log.info(turn.detail, job=turn.job, seconds=round(turn.seconds, 3))

    def status(self) -> dict[str, Any]:
        """All of it for a program: sensors, jobs, what is ill."""
        turns = self.schedule.last_turns().values()
        return {
            "version": __version__,
            "pid": os.getpid(),
            "ready": self.board.is_ready(),
            "ill": [{"part": i.part, "text": i.text} for i in self.board.illnesses()],
            "sensors": {name: status_as_dict(status) for name, status in self.board.statuses().items()},
            "jobs": {
                t.job: {
                    "began": t.began.isoformat(),
                    "seconds": round(t.seconds, 3),
                    "detail": t.detail,
                    "error": t.error,
                }
                for t in turns
            },
            **self._collected(),
            **({"values": self.collected.as_dict()} if self.collected is not None else {}),
            **({"namespace": self.publisher.as_dict()} if self.publisher is not None else {}),
            "exports": self.exporter.as_dict() if self.exporter is not None else {},
            **self.board.facts(),
        }

    def _collected(self) -> dict[str, Any]:
        collectors, spool = self.board.collectors()
        if spool is None:
            return {}
        return {"collectors": {name: c.as_dict() for name, c in collectors.items()}, "spool": spool.as_dict()}


def import_late() -> None:
    """What is needed later is imported while the files of this program can still be read."""
    from importlib import import_module

    for name in ("health", "web.hosts", "metrics", "keeping", "state_keeper"):
        import_module(f"linewarden.service.{name}")
    modules = "uvicorn uvicorn.protocols.http.h11_impl uvicorn.loops.auto polars starlette.routing encodings.idna"
    modules += " encodings.ascii encodings.latin_1 encodings.utf_16_be"
    for name in modules.split():
        import_module(name)
