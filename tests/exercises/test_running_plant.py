"""The plant as a whole, in namespaces: others see what it claims, an incident is as its truth says, nothing is left."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linewarden.service.reading import read_captures
from linewarden.wire.captures import find_captures

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("able", "alone")]


def environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root / "src")}


def test_independent_programs_see_what_each_device_claims(root: Path) -> None:
    argv = [sys.executable, "scripts/check_exercise.py", "--json"]
    done = subprocess.run(argv, cwd=root, env=environment(root), capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.stdout, done.stderr
    missed = [row for row in json.loads(done.stdout) if not row["seen"]]
    assert not missed


def test_a_plc_stop_is_recorded_as_its_ground_truth_says(root: Path, tmp_path: Path) -> None:
    capture = tmp_path / "stop.pcapng"
    argv = [sys.executable, "-m", "linewarden", "exercise", "run", "plc-stop", "--record", str(capture), "--json"]
    done = subprocess.run(argv, env=environment(root), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    truth = json.loads(done.stdout)
    assert json.loads((tmp_path / "stop.truth.json").read_text()) == truth
    assert not truth["problems"]
    identify, stop, restart = truth["timeline"]
    assert [s["outcome"] for s in truth["timeline"]] == ["done"] * 3
    assert identify["looks_normal"] and identify["end_ns"] < stop["begin_ns"] <= stop["impact_ns"] <= stop["end_ns"]
    assert (stop["impact"], restart["impact_ns"]) == (True, None)
    assert truth["production"]["line_standing_seconds"] > 5
    assert truth["recorded"]["lost"] == 0
    assert restart["frames"]["count"] > 5

    lake = tmp_path / "lake"
    plant = read_captures(find_captures([str(capture)]), out=lake).plant
    recorded = {d["address"] for d in truth["devices"] if d.get("recorded") and d["tcp_ports"]}
    assert recorded <= {ip for asset in plant.assets for ip in asset.ips}
    from linewarden.service.lake import open_lake, query

    sql = "SELECT verb, \"id.orig_h\", frame FROM command WHERE protocol = 's7comm' AND verb IN ('stop', 'start')"
    with query(open_lake(lake), sql) as answer:
        rows = sorted((str(verb), str(who), int(frame)) for verb, who, frame in answer.rows)
    assert [(verb, who) for verb, who, _ in rows] == [("start", "10.30.3.20"), ("stop", "10.30.1.50")]
    assert stop["frames"]["first"] <= rows[1][2] <= stop["frames"]["last"]


def test_on_loopback_a_shift_runs_too_and_says_what_is_left_out(root: Path) -> None:
    argv = [sys.executable, "-m", "linewarden", "exercise", "run", "normal-shift", "--loopback", "--seconds", "12"]
    done = subprocess.run([*argv, "--json"], env=environment(root), capture_output=True, text=True, check=False)
    truth = json.loads(done.stdout)
    assert truth["problems"] == []
    assert truth["isolated"] is False
    assert truth["production"]["bottles"] > 20
    assert "on loopback" in done.stderr


def processes_of(marker: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (entry / "cmdline").read_text() and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_nothing_is_left_when_the_command_is_killed(root: Path, tmp_path: Path) -> None:
    env = {**environment(root), "TMPDIR": str(tmp_path)}
    argv = [sys.executable, "-m", "linewarden", "exercise", "run", "normal-shift"]
    with subprocess.Popen(argv, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as command:
        assert command.stderr is not None
        while "is built" not in command.stderr.readline():
            assert command.poll() is None
        time.sleep(2)
        assert len(processes_of(str(tmp_path))) > 5
        command.send_signal(signal.SIGKILL)
    end = time.monotonic() + 20
    while processes_of(str(tmp_path)) and time.monotonic() < end:
        time.sleep(0.2)
    assert not processes_of(str(tmp_path))


def test_a_sensor_at_the_mirror_port_hears_what_the_truth_says_and_it_is_detected(root: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    argv = [sys.executable, "-m", "linewarden", "exercise", "run", "plc-stop", "--watch", str(lake), "--json"]
    done = subprocess.run(argv, env=environment(root), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not json.loads(done.stdout)["problems"]
    from linewarden.service.detecting import chosen, detect
    from linewarden.service.lake import open_lake, query

    again = detect([str(lake)], chosen()).notices
    sql = "SELECT \"id.orig_h\" FROM command WHERE protocol = 's7comm' AND verb = 'stop'"
    with query(open_lake(lake), sql) as answer:
        assert list(answer.rows) == [("10.30.1.50",)]
    told = {t.notice.note: t for t in again}
    assert told["controller_stopped"].orig_h == "10.30.1.50"
    with query(open_lake(lake), "SELECT notice_id, msg FROM notice WHERE NOT again") as answer:
        assert sorted(answer.rows) == sorted((t.notice.notice_id, t.notice.msg) for t in again)
