"""Attackers speak nowhere but in the exercise's own namespaces."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from linewarden.exercises.attacks import files, middle, scan
from linewarden.exercises.context import Context
from linewarden.exercises.isolation import (
    NotInExerciseError,
    own_network_namespace,
    own_user_namespace,
    require_exercise_namespace,
    unshared,
    why_not_isolated,
)
from linewarden.exercises.scenario import load_scenario, scenario_names

IN_A_NAMESPACE = """
import sys
from linewarden.exercises.isolation import *
here = own_network_namespace()
expected = {"right": here, "other": (here[0], here[1] + 1), "none": None}[sys.argv[1]]
launcher = own_user_namespace() if sys.argv[2] == "same" else (0, 0)
try:
    require_exercise_namespace(expected, launcher)
except NotInExerciseError as error:
    print("refused:", error)
else:
    print("allowed")
"""


def claiming(tmp_path: Path) -> Context:
    """A context that claims everything that a flag could claim."""
    ctx = Context("laptop-service", tmp_path, 1, 0, 1.0, isolated=True, launcher=(1, 1))
    return replace(ctx, namespaces={"laptop-service": own_network_namespace(), "stranger": own_network_namespace()})


def test_the_machines_own_namespace_is_refused_whatever_is_claimed() -> None:
    with pytest.raises(NotInExerciseError):
        require_exercise_namespace(own_network_namespace(), launcher=(1, 1))
    with pytest.raises(NotInExerciseError):
        require_exercise_namespace(own_network_namespace(), launcher=own_user_namespace())


def test_every_attack_refuses_here(tmp_path: Path) -> None:
    ctx = claiming(tmp_path)
    for attack in (
        lambda: scan.arp_sweep(ctx, "cell"),
        lambda: scan.connect_scan(ctx, ["127.0.0.1"]),
        lambda: scan.modbus_identity(ctx, "127.0.0.1"),
        lambda: scan.s7_identity(ctx, "127.0.0.1"),
        lambda: scan.enip_everybody(ctx),
        lambda: scan.dcp_everybody(ctx),
        lambda: scan.opcua_endpoints(ctx, "127.0.0.1"),
        lambda: scan.mqtt_listen(ctx, "127.0.0.1", 0.1),
        lambda: middle.Relay(ctx, "plc-filler", "hmi-line1"),
        lambda: middle.poisoned(ctx, "plc-filler", "hmi-line1").__enter__(),
        lambda: files.lock_share(ctx, "historian", "REPORTS"),
    ):
        with pytest.raises(NotInExerciseError):
            attack()


def test_on_loopback_attackers_are_left_out(tmp_path: Path) -> None:
    with pytest.raises(NotInExerciseError):
        replace(claiming(tmp_path), isolated=False).require_attack_allowed()


def test_a_hostile_step_started_by_hand_is_refused(tmp_path: Path, root: Path) -> None:
    """act.py is what runs steps: outside an exercise it reports a refusal and sends nothing."""
    ctx = claiming(tmp_path)
    ctx.save(tmp_path / "context.json")
    argv = [sys.executable, "-m", "linewarden.exercises.act", "plc-stop", "stop", str(tmp_path / "context.json")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(root / "src")})
    assert '"outcome": "refused"' in done.stdout


@pytest.mark.parametrize("name", ["scada", "plc-filler", "stranger"])
def test_a_device_started_by_hand_does_not_speak(name: str, tmp_path: Path, root: Path) -> None:
    """Its addresses might be those of a real plant."""
    claiming(tmp_path).save(tmp_path / "context.json")
    argv = [sys.executable, "-m", "linewarden.exercises.devices", name, str(tmp_path / "context.json")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(root / "src")})
    assert done.returncode != 0
    assert "NotInExerciseError" in done.stderr


def test_the_runner_builds_nothing_in_the_machines_own_namespace(tmp_path: Path, root: Path) -> None:
    plan = {
        "scenario": "normal-shift", "folder": str(tmp_path), "seconds": 10, "scale": 1, "seed": 1, "record": "",
        "isolated": True, "launcher": [1, 1],
    }  # fmt: skip
    (tmp_path / "logs").mkdir()
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    argv = [sys.executable, "-m", "linewarden.exercises.runner", str(tmp_path / "plan.json")]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, stdin=subprocess.PIPE, env={"PYTHONPATH": str(root / "src")}
    )
    assert done.returncode == 1
    assert "an exercise needs one of its own" in done.stdout


@pytest.mark.skipif(bool(why_not_isolated()), reason=why_not_isolated() or "namespaces work")
@pytest.mark.parametrize(
    ("expected", "launcher", "answer"),
    [
        ("right", "other", "allowed"),
        ("other", "other", "not the one that the exercise made"),
        ("none", "other", "not the one that the exercise made"),
        ("right", "same", "not one of its own"),
    ],
)
def test_only_the_devices_own_namespace_is_accepted(expected: str, launcher: str, answer: str, root: Path) -> None:
    argv = unshared([sys.executable, "-c", IN_A_NAMESPACE, expected, launcher])
    env = {"PYTHONPATH": str(root / "src"), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=env)
    assert answer in done.stdout


@pytest.mark.parametrize("name", scenario_names())
def test_a_step_that_names_a_technique_is_hostile(name: str) -> None:
    for step in load_scenario(name).steps:
        assert bool(step.techniques) == step.hostile
