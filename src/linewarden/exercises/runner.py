"""Runs one exercise: network, machine, devices, recording, steps; and takes everything down, whatever happens.

Started by launcher.py as `python -m linewarden.exercises.runner PLAN`, in namespaces of its own where the system allows
it. It tells its progress as JSON lines on standard output, and ends when its standard input is closed: so it never
outlives who started it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linewarden.exercises import truth
from linewarden.exercises.board import Board
from linewarden.exercises.clock import PlantClock
from linewarden.exercises.context import Context
from linewarden.exercises.isolation import Identity, NotInExerciseError, require_own_user_namespace
from linewarden.exercises.line import DEVICES, ZONES, gateway
from linewarden.exercises.machine import STANDING_BPM, Machine
from linewarden.exercises.network import SENSOR, SPAN, Network
from linewarden.exercises.physics import Controls, Plant
from linewarden.exercises.processes import Processes
from linewarden.exercises.scenario import Scenario, load_scenario

WARM_UP_NS = 20_000_000_000
"""From so long after the beginning on, plant time runs faster. Where the scale is 1, nobody waits for it."""
SETTLE_S = 4.0
"""Real seconds that the clients have to find their servers before the scenario's time begins."""
START_S = 60.0
LONGEST_TURN_S = 1.0


@dataclass(frozen=True)
class Plan:
    """What the launcher asks for. `record` is '' for no recording; `launcher` the user namespace that started it."""

    scenario: str
    folder: str
    seconds: float
    scale: float
    seed: int
    record: str
    isolated: bool
    launcher: Identity | None
    watch: str = ""
    """The lake that a sensor at the mirror port writes while the plant runs; '' for none."""
    expected: str = ""
    baseline: str = ""
    probes: tuple[dict[str, Any], ...] = ()
    """Independent programs that look at the running plant: `name`, `device` whose namespace they run in, `argv`."""

    @classmethod
    def load(cls, file: Path) -> Plan:
        """Reads the launcher's file."""
        said = json.loads(file.read_text())
        launcher = said.pop("launcher")
        probes = tuple(said.pop("probes", ()))
        return cls(**said, launcher=(launcher[0], launcher[1]) if launcher else None, probes=probes)


def tell(event: str, **what: Any) -> None:
    """One line of progress."""
    print(json.dumps({"event": event, **what}), flush=True)


def abandoned() -> bool:
    """Whether who started us has closed our standard input."""
    ready, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(ready) and not os.read(sys.stdin.fileno(), 1)


class Exercise:
    """One run."""

    def __init__(self, plan: Plan, scenario: Scenario) -> None:
        self.plan, self.scenario, self.folder = plan, scenario, Path(plan.folder)
        self.network = Network() if plan.isolated else None
        self.processes = Processes(self.folder, self.network)
        self.problems: list[str] = []
        controls = replace(Controls(), **scenario.controls)
        plant = replace(Plant(), **scenario.plant)  # type: ignore[arg-type]
        self.board = Board.make(self.folder / "board", plant, controls)
        self.clock = PlantClock(time.time_ns() + WARM_UP_NS, plan.scale)
        self.machine = Machine(self.board, self.board.plant(), self.clock, plan.seed)
        self.done: list[truth.Done] = []
        self.probed: dict[str, str] = {}
        self.began_ns = 0
        self.context = str(self.folder / "context.json")

    def run(self) -> dict[str, Any]:
        """The whole exercise; gives its ground truth."""
        with self._everything_ended():
            ctx = self._build()
            if self.plan.record or self.plan.watch:
                self._start_recorder(ctx)
            self.machine.start()
            self._start_devices()
            while self.plan.scale != 1 and time.time_ns() < ctx.start_ns and not abandoned():
                time.sleep(0.05)
            tell("running", seconds=self.plan.seconds)
            if self.machine.plant.bpm < STANDING_BPM:
                self._problem("the line does not run at the beginning; is the computer too busy?")
            before, standing, self.began_ns = self.machine.plant, self.machine.standing_seconds, ctx.clock.now_ns()
            self._play(ctx)
            after, standing = self.machine.plant, self.machine.standing_seconds - standing
            ended_ns = ctx.clock.now_ns()
            recorded = self._stop_recorder()
            self._stop_sensor()
        return self._truth(ctx, before, after, standing, ended_ns, recorded)

    @contextlib.contextmanager
    def _everything_ended(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.machine.end()
            self.processes.end_all()

    def _build(self) -> Context:
        ctx = Context("", self.folder, self.plan.seed, self.clock.start_ns, self.plan.scale, self.plan.isolated,
                      self.plan.launcher)  # fmt: skip
        if self.network is not None:
            require_own_user_namespace(self.plan.launcher)
            self.network.build(list(DEVICES.values()))
            ctx = replace(ctx, namespaces=self.network.identities())
            tell("built", devices=len(DEVICES))
        ctx.save(self.folder / "context.json")
        return ctx

    def _start_recorder(self, ctx: Context) -> None:
        plan = self.plan
        comment = (
            f"Linewarden exercise: synthetic plant, real protocol stacks. scenario={plan.scenario} seed={plan.seed} "
            f"scale={plan.scale:g} start={truth.utc(ctx.start_ns)}. Stamps are plant time: real time until start, "
            f"from then on start + (real time - start) * scale."
        )
        argv = [sys.executable, "-m", "linewarden.exercises.recorder", "--out", plan.record or os.devnull,
                "--comment", comment, "--start-ns", str(ctx.start_ns), "--scale", repr(plan.scale)]  # fmt: skip
        if plan.watch and self.network is not None:
            self.network.mirror()
            self._start_sensor()
            argv += ["--span", SPAN]
        for name, zone in ZONES.items():
            argv += ["--router", gateway(name)]
            argv += ["--subnet", f"{zone.network}.0/24"] if zone.mirrored else []
        if not plan.isolated:
            argv += ["--device-prefix", "lo"]
        self.processes.start("", "recorder", argv)
        if not self.processes.says("recorder", "ready", 10.0):
            self.problems.append("nothing is recorded: the system refuses a raw socket (root can record loopback)")
            tell("problem", text=self.problems[-1])

    def _start_sensor(self) -> None:
        """`linewarden watch` at the mirror port, as it would stand in a plant."""
        argv = [sys.executable, "-m", "linewarden", "watch", SENSOR, "--out", self.plan.watch, "--user", "root",
                "--site", "exercise", "--sensor", "mirror", "--interval", "10", "--detect", "--json"]  # fmt: skip
        if self.plan.expected:
            argv += ["--expected", self.plan.expected]
        if self.plan.baseline:
            argv += ["--baseline", self.plan.baseline]
        self.processes.start("", "watch", argv)
        if not self.processes.says("watch", "elapsed_s", START_S):
            self._problem(f"nothing is watched: {self.processes.said('watch').strip().splitlines()[-1:]}")

    def _stop_sensor(self) -> None:
        """Its last rows are in the lake when it has ended."""
        if self.plan.watch and self.network is not None:
            self.processes.end("watch", wait=30.0)
            if self.processes.status("watch") != 0:
                self._problem(f"the sensor ended with status {self.processes.status('watch')}")

    def _start_devices(self) -> None:
        waiting = {}
        for device in DEVICES.values():
            if device.kind:
                argv = [sys.executable, "-m", "linewarden.exercises.devices", device.name, self.context]
                self.processes.start(device.name, device.name, argv)
                waiting[device.name] = set(device.listens)
        ctx = Context.load(self.folder / "context.json", "")
        end = time.monotonic() + START_S
        while any(waiting.values()) and time.monotonic() < end and not abandoned():
            time.sleep(0.5)
            for name, ports in waiting.items():
                waiting[name] = {p for p in ports if not self.processes.listens(name, ctx.address(name), ctx.port(p))}
            for name in self.processes.ended_devices():
                self._problem(f"{name}: did not start; see its log")
                waiting.pop(name, None)
        for name, ports in waiting.items():
            for port in sorted(ports):
                self._problem(f"{name}: nothing listens on TCP port {port}")
        time.sleep(SETTLE_S)

    def _problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)
            tell("problem", text=text)

    def _play(self, ctx: Context) -> None:
        """Starts each step at its time, looks after the devices, until the time is over."""
        for probe in self.plan.probes:
            self.processes.start(probe["device"], f"probe-{probe['name']}", probe["argv"])
        last, pending, shown, passed = time.monotonic(), sorted(self.scenario.steps, key=lambda s: s.at), 0.0, 0.0
        while passed < self.plan.seconds and not abandoned():
            # A computer that stalled (a laptop that slept) goes on where it was, instead of skipping steps.
            passed += min(time.monotonic() - last, LONGEST_TURN_S)
            last = time.monotonic()
            while pending and pending[0].at <= passed:
                step = pending.pop(0)
                tell("step", step=step.name, what=step.what, device=step.device)
                argv = [sys.executable, "-m", "linewarden.exercises.act", self.scenario.name, step.name, self.context]
                self.processes.start(step.device, f"step-{step.name}", argv)
            for name in self.processes.ended_devices():
                self._problem(f"{name}: ended with status {self.processes.status(name)}; see its log (--keep)")
            if passed - shown >= 5:
                shown = passed
                tell("plant", seconds=round(passed), **_shown(self.machine.plant))
            time.sleep(0.1)
        self._collect(ctx, len(pending))
        self.probed = self._collect_probes()

    def _collect(self, ctx: Context, left: int) -> None:
        """What the steps say of themselves."""
        if left:
            self._problem(f"{left} steps had no time to start")
        for step in self.scenario.steps:
            said = self.processes.last_line(f"step-{step.name}", wait=5.0)
            try:
                result = json.loads(said)
            except ValueError:
                self._problem(f"step {step.name} did not end in time")
                continue
            begin, end = ctx.clock.plant_ns(result["begin"]), ctx.clock.plant_ns(result["end"])
            harm = ctx.clock.plant_ns(result["impact"]) if result["impact"] else None
            self.done.append(truth.Done(step, begin, end, result["outcome"], result["result"], harm))
            if result["outcome"] == "failed":
                self._problem(f"step {step.name} failed: {result['result']}")

    def _collect_probes(self) -> dict[str, str]:
        """What the probes printed; what did not end in time is ended."""
        said = {}
        for probe in self.plan.probes:
            name = f"probe-{probe['name']}"
            self.processes.wait(name, 10.0)
            said[probe["name"]] = self.processes.said(name)
        return said

    def _stop_recorder(self) -> dict[str, int]:
        if not self.plan.record:
            return {}
        self.processes.end("recorder", wait=20.0)
        words = self.processes.last_line("recorder").split()
        return {"frames": int(words[1]), "lost": int(words[3])} if len(words) == 4 else {}

    def _truth(
        self, ctx: Context, before: Plant, after: Plant, standing: float, ended_ns: int, recorded: dict[str, int]
    ) -> dict[str, Any]:
        plan = self.plan
        shown: list[dict[str, Any]] = [{} for _ in self.done]
        if recorded.get("frames"):
            shown = truth.frames_of(Path(plan.record), self.done)
        made = {name: round(getattr(after, name) - getattr(before, name), 1)
                for name in ("bottles", "underfilled", "caps", "cap_rejects", "packs", "energy_kwh")}  # fmt: skip
        return {
            "format": truth.FORMAT, "scenario": truth.describe_scenario(self.scenario), "seed": plan.seed,
            "scale": plan.scale, "isolated": plan.isolated, "real_seconds": plan.seconds,
            "begin": truth.utc(self.began_ns), "end": truth.utc(ended_ns),
            "begin_ns": self.began_ns, "end_ns": ended_ns,
            "recorded": recorded, "problems": self.problems, "devices": truth.devices_as_dicts(),
            "timeline": [truth.describe_step(d, s or None) for d, s in zip(self.done, shown, strict=True)],
            "probes": self.probed,
            "production": {**made, "line_standing_seconds": round(standing, 1), "at_the_end": _shown(after)},
        }  # fmt: skip


def _shown(plant: Plant) -> dict[str, float]:
    names = ("bottles", "underfilled", "tank_mm", "conveyor_rpm", "conveyor_vibration_mm_s", "conveyor_c",
             "pressure_bar", "pasteur_c", "power_kw", "safety_ok", "motor_tripped", "fill_ml",
             "cap_torque_nm")  # fmt: skip
    return {name: round(getattr(plant, name), 2) for name in names}


def _stop(*_: object) -> None:
    raise SystemExit(143)


def main() -> int:
    """Reads the plan, runs, writes truth.json into the folder."""
    plan = Plan.load(Path(sys.argv[1]))
    # As process 1 of its namespace it would ignore signals that it has no handler for.
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        found = Exercise(plan, load_scenario(plan.scenario)).run()
    except (OSError, subprocess.SubprocessError, NotInExerciseError) as error:
        tell("failed", text=f"{type(error).__name__}: {error}")
        return 1
    (Path(plan.folder) / "truth.json").write_text(json.dumps(found, indent=1))
    tell("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
