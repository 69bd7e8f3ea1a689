"""`linewarden rules`, and rules of the site in `detect` and the service, as a person meets them."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from linewarden.detections.run import Told
from linewarden.sensor.sensor import Sensor
from linewarden.service.config import load_config
from linewarden.service.config.reality import warnings
from linewarden.service.detecting import chosen
from linewarden.service.lake import open_lake, query
from linewarden.service.live_detecting import LiveDetecting
from linewarden.service.serving import plan_of
from linewarden.wire.captures import Capture
from tests.cli.conftest import Run

OFFICE = """
title: Register written by the office
id: 11111111-2222-3333-4444-555555555555
level: high
tags: [attack.t0855, attack.impair-process-control]
logsource: {product: linewarden, category: command}
detection:
  sel: {verb: write, 'id.orig_h|cidr': 10.0.0.0/24}
  condition: sel
"""
MISSPELT = OFFICE.replace("1111", "9999").replace("verb:", "vreb:").replace("office", "garage")
SUBJECT = "rule_register_written_by_the_office"


@pytest.fixture
def rules(run: Run, tmp_path: Path) -> Path:
    pytest.importorskip("sigma", reason="pySigma is not installed: pip install 'linewarden[sigma]'")
    folder = tmp_path / "rules"
    assert run("rules", "import", sigma(tmp_path, OFFICE), "--into", folder).code == 0
    return folder


def test_rules_come_from_an_archive_too(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("sigma", reason="pySigma is not installed: pip install 'linewarden[sigma]'")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("rules/ot/office.yml", OFFICE)
        archive.writestr("rules/ot/garage.yml", MISSPELT)
    found = run("rules", "import", tmp_path / "all.zip", "--into", tmp_path / "r", "--json")
    assert [r["title"] for r in found.json["imported"]] == ["Register written by the office"]
    assert [r["file"] for r in found.json["refused"]] == [f"{tmp_path}/all.zip/rules/ot/garage.yml"]
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../evil.yml", OFFICE)
    said = run("rules", "import", tmp_path / "evil.zip", "--into", tmp_path / "r")
    assert said.code == 2 and "evil.zip: a name in it leads elsewhere" in said.err


def sigma(folder: Path, text: str) -> Path:
    file = folder / "office.yml"
    file.write_text(text)
    return file


# --- import, list, check ---


def test_imported_rules_are_listed(run: Run, rules: Path) -> None:
    (rule,) = run("rules", "list", rules, "--json").json
    assert (rule["name"], rule["severity"], rule["streams"]) == (SUBJECT, "high", ["command"])
    listed = run("rules", "list", rules)
    assert SUBJECT in listed.out and "T0855" in listed.out
    assert "1 rule in order, 0 not" in run("rules", "check", rules).out


def test_a_refused_rule_is_said_in_one_line_and_the_others_are_taken(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("sigma")
    file = sigma(tmp_path, OFFICE + "---" + MISSPELT)
    found = run("rules", "import", file, "--into", tmp_path / "rules")
    assert found.code == 2
    assert "1 rule taken" in found.out and "1 refused" in found.out
    (line,) = found.err.splitlines()
    assert line.startswith(f"linewarden: refused: {file}: Register written by the garage: vreb: the stream command")
    assert [r["name"] for r in run("rules", "list", tmp_path / "rules", "--json").json] == [SUBJECT]
    assert run("rules", "import", file, "--into", tmp_path / "rules", "--json").json["refused"][0]["file"] == str(file)


def test_importing_again_replaces_the_rule_even_under_a_new_title(run: Run, rules: Path, tmp_path: Path) -> None:
    renamed = OFFICE.replace("by the office", "by building 7").replace("high", "low")
    assert run("rules", "import", sigma(tmp_path, renamed), "--into", rules).code == 0
    (rule,) = run("rules", "list", rules, "--json").json
    assert (rule["name"], rule["severity"]) == ("rule_register_written_by_building_7", "low")
    assert [f.name for f in rules.iterdir()] == ["rule_register_written_by_building_7.json"]


def test_a_folder_of_sigma_rules_is_taken_whole(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("sigma")
    (tmp_path / "sigma" / "deep").mkdir(parents=True)
    (tmp_path / "sigma" / "a.yml").write_text(OFFICE)
    (tmp_path / "sigma" / "deep" / "b.yaml").write_text(OFFICE.replace("1111", "2222"))
    (tmp_path / "sigma" / "README.md").write_text("no rule")
    assert len(run("rules", "import", tmp_path / "sigma", "--into", tmp_path / "r", "--json").json["imported"]) == 2


def test_a_damaged_rule_is_found_and_never_written_over(run: Run, rules: Path, tmp_path: Path) -> None:
    damaged = rules / f"{SUBJECT}.json"
    damaged.write_text('{"format": 1, "title": "my own work"}')
    checked = run("rules", "check", rules)
    assert checked.code == 2
    assert f"{damaged}: severity: is missing" in checked.err
    assert run("rules", "import", sigma(tmp_path, OFFICE), "--into", rules).code == 0
    assert "my own work" in damaged.read_text()
    refused = run("detect", tmp_path, "--rules", rules)
    assert refused.code == 2 and str(damaged) in refused.err


@pytest.mark.parametrize("change", [{"severity": "loud"}, {"looks_at": {"command": {"column": "vreb", "there": True}}}])
def test_check_finds_what_was_edited_wrong(run: Run, rules: Path, change: dict[str, Any]) -> None:
    file = rules / f"{SUBJECT}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    found = run("rules", "check", rules, "--json")
    assert found.code == 2
    assert found.json["rules"] == 0 and str(file) in found.json["problems"][0]


def test_what_is_not_there_is_said_with_the_way_out(run: Run, tmp_path: Path) -> None:
    absent = run("rules", "list", tmp_path / "none")
    assert absent.code == 2 and "linewarden rules import" in absent.err
    (tmp_path / "empty").mkdir()
    assert "No rules in" in run("rules", "list", tmp_path / "empty").out
    nothing = run("rules", "import", tmp_path / "empty", "--into", tmp_path / "r")
    assert nothing.code == 2 and "no Sigma rule in it" in nothing.err
    assert not (tmp_path / "r").exists()


# --- running ---


def test_detect_tells_what_a_rule_finds_beside_ours(run: Run, rules: Path, written: Path) -> None:
    without = run("detect", written, "--json", "--no-progress").json
    found = run("detect", written, "--rules", rules, "--json", "--no-progress").json
    (own,) = [n for n in found if n["note"] == SUBJECT]
    assert (own["severity"], own["techniques"], own["capture"]) == ("high", ["T0855"], "written.pcap")
    assert own["frame"] == 3 + 6 + 1  # the handshake, three polls, the first write
    assert own["count"] == 3
    assert [n for n in found if n["note"] != SUBJECT] == without


def test_a_rule_can_be_chosen_shown_and_left_out(run: Run, rules: Path, written: Path) -> None:
    only = run("detect", written, "--rules", rules, "--only", SUBJECT, "--json", "--no-progress").json
    assert [n["note"] for n in only] == [SUBJECT]
    without = run("detect", written, "--rules", rules, "--without", SUBJECT, "--json", "--no-progress").json
    assert SUBJECT not in [n["note"] for n in without]
    assert "Register written by the office" in run("detections", SUBJECT, "--rules", rules).out
    assert run("detect", written, "--only", SUBJECT).code == 2


def test_notices_of_a_rule_stand_in_the_lake_and_in_cases(run: Run, rules: Path, lake: Path) -> None:
    assert run("detect", lake, "--rules", rules, "--write", "--only", SUBJECT, "--no-progress").code == 0
    with query(open_lake(lake), "SELECT note, techniques, tactic FROM notice WHERE NOT again") as answer:
        assert list(answer.rows) == [(SUBJECT, "T0855", "impair_process_control")]
    (case,) = run("cases", lake, "--json").json
    assert case["title"] == "Register written by the office"


def test_the_service_takes_the_rules_and_config_check_says_what_is_wrong(rules: Path, tmp_path: Path) -> None:
    file = tmp_path / "linewarden.toml"
    file.write_text(
        '[service]\ndata = "data"\n[[sensor]]\nname = "a"\ninterfaces = ["lo"]\n[detect]\nrules = "rules"\n'
    )
    config = load_config(file)
    assert plan_of(config).rules == rules
    assert [text for key, text in warnings(config) if key == "detect.rules"] == []
    (rules / f"{SUBJECT}.json").write_text("{")
    (said,) = [text for key, text in warnings(config) if key == "detect.rules"]
    assert SUBJECT in said


def test_the_sensor_s_thread_judges_rules_as_records_come(rules: Path, written: Path, tmp_path: Path) -> None:
    """Batches as the engine makes them, judged while they come; the notice stands in the sensor's own lake."""
    told: list[Told] = []
    said: list[str] = []
    judge = LiveDetecting(chosen([SUBJECT], rules=rules), told.append, said.append)
    sensor = Sensor(lake=tmp_path / "live")
    for step in sensor.read([Capture(written, written.name)], judge.streams):
        judge.step(sensor, step)
    sensor.finish()
    assert [(t.notice.note, t.capture, t.frame) for t in told] == [(SUBJECT, "written.pcap", 10)]
    assert said == []
    with query(open_lake(tmp_path / "live"), "SELECT note, again, count FROM notice ORDER BY again") as answer:
        assert list(answer.rows) == [(SUBJECT, False, 1), (SUBJECT, True, 2)]


def test_watch_wants_detect_with_rules(run: Run, tmp_path: Path) -> None:
    found = run("watch", "lo", "--out", tmp_path / "lake", "--rules", tmp_path)
    assert found.code == 2 and "use it with --detect" in found.err
    found = run("watch", "lo", "--out", tmp_path / "lake", "--detect", "--rules", tmp_path / "none")
    assert found.code == 2 and "no such folder" in found.err
    assert not (tmp_path / "lake").exists()


# --- Suricata ---


def alert(second: float = 9.0, **more: Any) -> dict[str, Any]:
    """An alert as Suricata writes it: about a write of `written`, whose capture began at 22:13:20."""
    said = {
        "timestamp": f"2023-11-14T22:13:20.{round(second * 1000):06}+0000", "event_type": "alert", "pcap_cnt": 10,
        "src_ip": "10.0.0.1", "src_port": 50_000, "dest_ip": "10.0.0.2", "dest_port": 502, "proto": "TCP",
        "direction": "to_server",
        "alert": {"gid": 1, "signature_id": 4711, "rev": 2, "signature": "A write", "category": "Bad", "severity": 1,
                  "metadata": {"mitre_technique_id": ["T0855", "T1210"]}},
    }  # fmt: skip
    about = said["alert"] | more.pop("alert", {})  # type: ignore[operator]
    return said | {"alert": about} | more


FLOW = {"src_ip": "10.0.0.1", "src_port": 50_000, "dest_ip": "10.0.0.2", "dest_port": 502}


def eve(folder: Path, *events: dict[str, Any], before: str = "") -> Path:
    file = folder / "eve.json"
    file.write_text(before + "".join(json.dumps(e) + "\n" for e in events))
    return file


def notices(lake: Path, columns: str = "note, severity, uid, frame, count") -> list[tuple[Any, ...]]:
    with query(open_lake(lake), f"SELECT {columns} FROM notice ORDER BY ts, frame") as answer:
        return list(answer.rows)


def uid_of(lake: Path) -> str:
    with query(open_lake(lake), "SELECT uid FROM conn") as answer:
        return str(next(iter(answer.rows))[0])


def test_an_alert_becomes_a_notice_of_its_conversation(run: Run, lake: Path, tmp_path: Path) -> None:
    file = eve(tmp_path, {"event_type": "stats"}, alert())
    said = run("rules", "import-eve", file, lake, "--capture", "written.pcap", "--json").json
    assert said == {"alerts": 1, "new": 1, "joined": 1, "notices": 1, "damaged_lines": 0}
    assert notices(lake) == [("suricata_4711", "high", uid_of(lake), 10, 1)]
    columns = '"id.orig_h", "id.resp_h", "id.resp_p", capture, frames, techniques, tactic, msg'
    assert notices(lake, columns) == [
        ("10.0.0.1", "10.0.0.2", 502, "written.pcap", "10", "T0855", "impair_process_control",
         "A write (Suricata): 10.0.0.1 to 10.0.0.2.")
    ]  # fmt: skip
    (why,) = notices(lake, "why")
    assert "rule 1:4711:2 of Suricata" in why[0] and "ATT&CK Enterprise: T1210" in why[0]
    (case,) = run("cases", lake, "--json").json
    assert case["title"] == "A write (Suricata)"


def test_importing_again_doubles_nothing_and_more_is_counted(run: Run, lake: Path, tmp_path: Path) -> None:
    first, later = alert(9), alert(11)
    run("rules", "import-eve", eve(tmp_path, first), lake)
    again = run("rules", "import-eve", eve(tmp_path, first), lake)
    assert "the lake has already" in again.out
    assert run("rules", "import-eve", eve(tmp_path, first, later, later), lake, "--json").json["new"] == 1
    assert run("rules", "import-eve", eve(tmp_path, first, later), lake, "--json").json["new"] == 0
    assert notices(lake, "again") == [(False,), (True,)]
    assert len(notices(lake, "DISTINCT notice_id, 1 AS ts, 1 AS frame")) == 1


def test_detect_and_suricata_leave_each_other_alone(run: Run, rules: Path, lake: Path, tmp_path: Path) -> None:
    run("rules", "import-eve", eve(tmp_path, alert()), lake)
    for _ in range(2):
        assert run("detect", lake, "--rules", rules, "--only", SUBJECT, "--write", "--no-progress").code == 0
    assert sorted({n[0] for n in notices(lake)}) == [SUBJECT, "suricata_4711"]
    (case,) = run("cases", lake, "--json").json
    assert {e["note"] for e in case["events"]} == {SUBJECT, "suricata_4711"}


@pytest.mark.parametrize("pack", [["gzip"], ["zstd", "--rm", "--quiet"]])
def test_a_packed_file_is_imported_and_one_that_was_cut_as_far_as_it_goes(
    run: Run, lake: Path, tmp_path: Path, pack: list[str]
) -> None:
    if shutil.which(pack[0]) is None:
        pytest.skip(f"{pack[0]} is not installed")
    plain = eve(tmp_path, alert(9), *({"event_type": "stats", "n": n, "x": f"{n:x}" * 40} for n in range(40_000)))
    subprocess.run([*pack, str(plain)], check=True)
    (packed,) = tmp_path.glob("eve.json.*")
    cut = packed.with_name("cut.json")  # its name does not say that it is packed
    cut.write_bytes(packed.read_bytes()[: packed.stat().st_size * 2 // 3])
    said = run("rules", "import-eve", cut, lake, "--json")
    assert said.code == 0 and said.json["alerts"] == 1 and said.json["damaged_lines"] in (1, 2)
    assert run("rules", "import-eve", packed, lake, "--json").json == {
        "alerts": 1, "new": 0, "joined": 0, "notices": 0, "damaged_lines": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "ends", "joined"),
    [
        ({}, ("10.0.0.1", "10.0.0.2"), True),
        ({"src_ip": "10.0.0.2", "src_port": 502, "dest_ip": "10.0.0.1", "dest_port": 50_000}, ("10.0.0.1", "10.0.0.2"),
         True),
        ({"timestamp": "2023-11-14T20:00:00+0000", "flow": {"start": "2023-11-14T22:13:20+0000", **FLOW}},
         ("10.0.0.1", "10.0.0.2"), True),
        ({"src_port": 50_001}, ("10.0.0.1", "10.0.0.2"), False),
        ({"timestamp": "2023-11-14T23:13:20.000000+0000"}, ("10.0.0.1", "10.0.0.2"), False),
        ({"timestamp": "2023-11-15T00:13:20.009000+0200"}, ("10.0.0.1", "10.0.0.2"), True),
        ({"src_ip": "10.0.0.9", "direction": "to_client"}, ("10.0.0.2", "10.0.0.9"), False),
        ({"src_ip": "2001:0db8:0000::0001", "dest_ip": "fe80::1"}, ("2001:db8::1", "fe80::1"), False),
        ({"flow": {"src_ip": "10.0.0.7", "src_port": 1, "dest_ip": "10.0.0.8", "dest_port": 2}},
         ("10.0.0.7", "10.0.0.8"), False),
    ],
)  # fmt: skip
def test_an_alert_is_joined_by_ends_and_time(
    run: Run, lake: Path, tmp_path: Path, more: dict[str, Any], ends: tuple[str, str], joined: bool
) -> None:
    run("rules", "import-eve", eve(tmp_path, alert(**more)), lake)
    assert notices(lake, '"id.orig_h", "id.resp_h"') == [ends]
    # Without --capture nobody says in which capture Suricata counted: no packet is named.
    assert notices(lake, "uid, frame") == [(uid_of(lake) if joined else "", 0)]


@pytest.mark.parametrize(
    ("about", "severity"),
    [({"severity": 1}, "high"), ({"severity": 2}, "medium"), ({"severity": 3}, "low"), ({"severity": 9}, "info"),
     ({"metadata": {"signature_severity": ["Critical"]}}, "critical")],
)  # fmt: skip
def test_priorities_are_severities(run: Run, lake: Path, tmp_path: Path, about: dict[str, Any], severity: str) -> None:
    run("rules", "import-eve", eve(tmp_path, alert(alert=about)), lake)
    assert notices(lake, "severity") == [(severity,)]


def test_damaged_lines_cost_no_alert_and_are_said(run: Run, lake: Path, tmp_path: Path) -> None:
    late = json.dumps(alert(timestamp="9999-01-01T00:00:00+0000"))  # beyond what ns in 64 bits can say
    deep = "[" * 100_000
    cut = f'{{"event_type": "alert", "alert": {{}}}}\n{{"half\n[]\n{late}\n{deep}\n'
    found = run("rules", "import-eve", eve(tmp_path, alert(), before=cut), lake)
    assert found.code == 0 and "5 lines are no EVE JSON" in found.err
    assert len(notices(lake)) == 1
    nothing = tmp_path / "other.txt"
    nothing.write_text("hello\n")
    assert run("rules", "import-eve", nothing, lake).code == 2
    nothing.write_text("")
    assert "No alerts in this file" in run("rules", "import-eve", nothing, lake).out


def suricata(capture: Path, rules: Sequence[str], out: Path) -> Path:
    """A run of the real Suricata with these rules alone."""
    out.mkdir()
    (out / "own.rules").write_text("\n".join(rules) + "\n")
    command = ["suricata", "-r", str(capture), "-S", str(out / "own.rules"), "-l", str(out), "-k", "none"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return out / "eve.json"


@pytest.mark.skipif(shutil.which("suricata") is None, reason="Suricata is not installed")
def test_a_real_run_of_suricata(run: Run, written: Path, lake: Path, tmp_path: Path) -> None:
    rule = (
        'alert tcp any any -> any 502 (msg:"One register written"; flow:to_server,established; content:"|06|"; '
        "offset:7; depth:1; priority:1; sid:1000001; rev:3; metadata: mitre_technique_id T0855;)"
    )
    for name in ("first", "second"):  # Suricata numbers flows anew in each run
        file = suricata(written, [rule], tmp_path / name)
        said = run("rules", "import-eve", file, lake, "--capture", "written.pcap", "--json").json
        assert said["alerts"] == 3
    assert said["new"] == 0
    found = notices(lake, "note, severity, techniques, uid, again")
    assert found == [("suricata_1000001", "high", "T0855", uid_of(lake), again) for again in (False, True, True)]
    with query(open_lake(lake), "SELECT frame FROM command WHERE verb = 'write' ORDER BY ts") as answer:
        assert notices(lake, "frame") == list(answer.rows)  # the packets are those that we read ourselves
