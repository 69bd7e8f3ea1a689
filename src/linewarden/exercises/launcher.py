"""Starts an exercise from outside: chooses namespaces or loopback, makes its folder, passes its progress on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import linewarden
from linewarden.errors import ConfigError, LinewardenError
from linewarden.exercises.isolation import own_user_namespace, unshared, why_not_isolated
from linewarden.exercises.scenario import Scenario

STACKS = ("pymodbus", "snap7", "cpppo", "pycomm3", "asyncua", "paho", "google.protobuf", "impacket", "cryptography")
PROGRAMS = {"mosquitto": "mosquitto", "nice": "coreutils"}
OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Settings:
    """What the user asks for; None takes the scenario's own."""

    seconds: float | None = None
    scale: float | None = None
    seed: int = 1
    record: Path | None = None
    loopback: bool = False
    keep: Path | None = None
    watch: Path | None = None
    expected: Path | None = None
    """Announced work and what is normal, for the sensor that watches."""
    baseline: Path | None = None
    """What is usual, for the sensor that watches; it learns on in this file."""
    probes: tuple[dict[str, Any], ...] = ()


def _found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def missing() -> list[str]:
    """What must be installed first, for a person."""
    stacks = [name for name in STACKS if not _found(name)]
    wanted = [f"pip install 'linewarden[exercises]' (missing: {', '.join(stacks)})"] if stacks else []
    programs = [package for program, package in PROGRAMS.items() if _where(program) is None]
    return wanted + ([f"apt-get install {' '.join(programs)}"] if programs else [])


def _where(program: str) -> str | None:
    """Debian puts servers where an ordinary user's PATH does not look."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")


def run_exercise(scenario: Scenario, settings: Settings, on_event: OnEvent) -> dict[str, Any]:
    """Runs it to its end and gives the ground truth."""
    if lacking := missing():
        raise ConfigError(f"an exercise needs more than is installed: {'; '.join(lacking)}")
    reason = "asked for" if settings.loopback else why_not_isolated()
    if reason:
        hostile = sum(step.hostile for step in scenario.steps)
        on_event({"event": "loopback", "reason": reason, "left_out": hostile})
        if settings.watch is not None:
            raise ConfigError(f"--watch: there is no mirror port without namespaces of its own ({reason})")
        if scenario.kind == "incident":
            raise ConfigError(f"{scenario.name} is an incident; it runs only in namespaces of its own ({reason})")
    with tempfile.TemporaryDirectory(prefix="linewarden-exercise-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            return _run(folder, scenario, settings, not reason, on_event)
        finally:
            if settings.keep is not None:
                shutil.copytree(folder / "logs", settings.keep, dirs_exist_ok=True)


def _run(folder: Path, scenario: Scenario, settings: Settings, isolated: bool, on_event: OnEvent) -> dict[str, Any]:
    (folder / "logs").mkdir()
    plan = {
        "scenario": scenario.name, "folder": str(folder), "seed": settings.seed, "isolated": isolated,
        "seconds": settings.seconds or scenario.seconds, "scale": settings.scale or scenario.scale,
        "record": str(settings.record.resolve()) if settings.record else "", "launcher": own_user_namespace(),
        "watch": str(settings.watch.resolve()) if settings.watch else "",
        "expected": str(settings.expected.resolve()) if settings.expected else "",
        "baseline": str(settings.baseline.resolve()) if settings.baseline else "",
        "probes": settings.probes,
    }  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(plan))
    argv = [sys.executable, "-m", "linewarden.exercises.runner", str(folder / "plan.json")]
    # Devices run in folders of their own: a relative PYTHONPATH, as in a checkout, would lead nowhere there.
    paths = [str(Path(linewarden.__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    programs = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    environment = {**os.environ, "PATH": programs, "PYTHONPATH": os.pathsep.join(paths)}
    failed = ""
    with (folder / "logs" / "runner.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            unshared(argv) if isolated else argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            for line in process.stdout or ():
                event = json.loads(line)
                failed = event["text"] if event["event"] == "failed" else failed
                on_event(event)
        finally:
            _end(process)
    if not (folder / "truth.json").exists():
        said = (folder / "logs" / "runner.log").read_text(errors="replace").strip().splitlines()
        raise LinewardenError(f"the exercise did not finish: {failed or (said or ['no reason given'])[-1]}")
    found: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """Closing its standard input asks the runner to end; it takes its devices down first."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
