"""`linewarden read`: what it says, writes and ends with, and how it fails."""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import Ran, Run, capture, hear_ctrl_c


def one_error(ran: Ran, code: int, *words: str) -> None:
    """One line that names what is wrong; nothing on standard output."""
    assert ran.code == code, ran.err
    assert ran.out == ""
    errors = [line for line in ran.err.splitlines() if line.startswith("linewarden: error: ")]
    assert len(errors) == 1, ran.err
    assert "Traceback" not in ran.err
    for word in words:
        assert word in errors[0]


def test_summary_of_a_capture(run: Run, polled: Path) -> None:
    ran = run("read", polled)
    assert (ran.code, ran.err) == (0, "")
    assert "10.0.0.2" in ran.out
    assert "Modbus" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_json_is_all_that_is_printed(run: Run, written: Path, tmp_path: Path) -> None:
    said = run("read", written, "--json", "--out", tmp_path / "lake", "--report", tmp_path / "r.html").json
    assert said["totals"]["packets"] == 17
    assert {"10.0.0.1", "10.0.0.2"} <= {ip for asset in said["plant"]["assets"] for ip in asset["ips"]}
    verbs = [dict(c["verbs"]) for c in said["plant"]["conversations"]]
    assert {"read": 3, "write": 3} in verbs
    assert said["captures"][0]["name"] == "written.pcap"
    assert {f["stream"] for f in said["files"]} >= {"conn", "command", "modbus"}
    assert all(Path(f["path"]).stat().st_size == f["bytes"] for f in said["files"])
    assert said["problems"] == []


def test_report_is_one_readable_file(run: Run, polled: Path, tmp_path: Path) -> None:
    report = tmp_path / "plant.html"
    ran = run("read", polled, "--report", report)
    assert str(report) in ran.out.replace("\n", "")
    text = report.read_text()
    assert "10.0.0.2" in text
    assert text.rstrip().endswith("</html>")
    assert stat.S_IMODE(report.stat().st_mode) == 0o666 & ~_umask()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plant.html", "polled.pcap"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("suffix", [".pcap.gz", ".pcap.zst"])
def test_compressed(run: Run, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    if suffix.endswith("gz"):
        path.write_bytes(gzip.compress(capture(3)))
    else:
        packed = subprocess.run(["zstd", "-c"], input=capture(3), capture_output=True, check=True).stdout
        path.write_bytes(packed)
    assert run("read", path, "--json").json["totals"]["packets"] == 11


def test_folder_glob_and_twice_the_same(run: Run, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.pcap").write_bytes(capture(3))
    (tmp_path / "deep/b.pcap").write_bytes(capture(6))
    (tmp_path / "notes.txt").write_text("no capture")
    assert len(run("read", tmp_path, "--json").json["captures"]) == 2
    assert len(run("read", f"{tmp_path}/*.pcap", tmp_path / "a.pcap", "--json").json["captures"]) == 1


def test_standard_input(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linewarden", "read", "-", "--json"], input=capture(3), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b'"stdin"' in done.stdout


def test_two_recordings_by_a_pipe_are_both_kept(tmp_path: Path) -> None:
    for _ in range(2):
        command = [sys.executable, "-m", "linewarden", "read", "-", "--quiet", "--out", str(tmp_path / "lake")]
        subprocess.run(command, input=capture(3), check=True)
    assert pl.scan_parquet(tmp_path / "lake/stream=conn/**/*.parquet").collect().height == 2


def test_read_again_replaces(run: Run, polled: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("read", polled, "--out", tmp_path / "lake").code == 0
    assert pl.scan_parquet(tmp_path / "lake/stream=conn/**/*.parquet").collect().height == 1


def test_missing(run: Run, tmp_path: Path) -> None:
    one_error(run("read", tmp_path / "no.pcap"), 3, "no.pcap", "no such file")


@pytest.mark.parametrize("data", [b"", b"hello, this is a text and no capture\n" * 20, capture(3)[:24], b"\0" * 500])
def test_nothing_to_read(run: Run, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(data)
    one_error(run("read", path, "--out", tmp_path / "lake"), 3, "x.pcap")
    assert not list(tmp_path.rglob("*.parquet*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(run: Run, polled: Path) -> None:
    polled.chmod(0)
    one_error(run("read", polled), 3, "polled.pcap", "permission")


def test_one_of_two_is_bad(run: Run, polled: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pcap"
    bad.write_bytes(b"not a capture at all, really")
    ran = run("read", polled, bad, "--json")
    assert ran.code == 3
    assert ran.json["totals"]["packets"] == 11
    assert [p["fatal"] for p in ran.json["problems"]] == [True]
    assert "warning: " in ran.err
    assert "bad.pcap" in ran.err


def test_damaged_in_the_middle(run: Run, polled: Path) -> None:
    data = polled.read_bytes()
    polled.write_bytes(data[: len(data) - 30])
    ran = run("read", polled, "--json")
    assert ran.code == 0
    assert ran.json["totals"]["packets"] == 10
    assert [p["fatal"] for p in ran.json["problems"]] == [False]
    assert ran.err.startswith("linewarden: warning: polled.pcap: ")


def test_report_cannot_be_written(run: Run, polled: Path, tmp_path: Path) -> None:
    """Said before anything is read: no lake is begun."""
    for bad in (tmp_path / "no" / "r.html", tmp_path, polled / "r.html"):
        one_error(run("read", polled, "--report", bad, "--out", tmp_path / "lake"), 4, str(bad))
    assert not (tmp_path / "lake").exists()


def test_lake_cannot_be_written(run: Run, polled: Path) -> None:
    one_error(run("read", polled, "--out", polled), 4, "polled.pcap")
    one_error(run("read", polled, "--out", "/proc/lake"), 4, "/proc")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("only root can mount")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_disk_full(run: Run, small_disk: Path, tmp_path: Path) -> None:
    path = tmp_path / "big.pcap"
    path.write_bytes(capture(3, 6, times=4_000))
    one_error(run("read", path, "--out", small_disk / "lake"), 4, "space")
    assert not list(small_disk.rglob("*.tmp"))
    shutil.rmtree(small_disk / "lake")
    before = small_disk / "r.html"
    before.write_text("an earlier report")
    one_error(run("read", path, "--report", before), 4, "r.html", "space")
    assert before.read_text() == "an earlier report"


@pytest.mark.parametrize(
    "argv",
    [
        ["read"],
        ["read", "x.pcap", "--bad"],
        ["read", "x.pcap", "--interval", "0"],
        ["read", "x.pcap", "--interval", "nan"],
        ["read", "x.pcap", "--site", "../up"],
        ["read", "x.pcap", "--forget-names"],
        ["nothing"],
        [],
    ],
)
def test_wrong_options(run: Run, argv: list[str]) -> None:
    one_error(run(*argv), 2)


def test_quiet(run: Run, polled: Path) -> None:
    assert run("read", polled, "--quiet") == Ran(0, "", "")


def test_hostile_names_do_not_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b]0;owned\x07.pcap"
    path.write_bytes(b"not a capture")
    ran = run("read", path)
    assert ran.code == 3
    assert "\x1b" not in ran.err
    assert "\x07" not in ran.err


def test_no_color_and_no_terminal(polled: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "linewarden", "read", polled], capture_output=True, check=True)
    assert b"\x1b" not in done.stdout + done.stderr


def test_reader_goes_away(polled: Path) -> None:
    """As `| head -0` does."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [sys.executable, "-m", "linewarden", "read", str(polled)], stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 0


def test_ctrl_c_leaves_nothing_half_written(tmp_path: Path) -> None:
    """A long capture, and an impatient user."""
    lake, report = tmp_path / "lake", tmp_path / "r.html"
    path = tmp_path / "long.pcap"
    path.write_bytes(capture(3, 6, times=60_000))
    command = [sys.executable, "-m", "linewarden", "read", str(path), "--out", str(lake), "--report", str(report)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c
    )
    deadline = time.monotonic() + 30
    while not list(lake.rglob("*.tmp")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1]
    if process.returncode == 0:
        pytest.skip("the machine was faster than the interrupt")
    assert process.returncode == 130, err
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("*.tmp"))
    assert not report.exists()
    for file in lake.rglob("*.parquet"):
        pl.read_parquet(file)


def wait_until_it_reads(process: subprocess.Popen[bytes]) -> None:
    """Until the engine's threads are there: a busy machine takes its time to start Python."""
    for _ in range(600):
        names = [p.read_text() for p in Path(f"/proc/{process.pid}/task").glob("*/comm")]
        if any(name.startswith("linewarden-") for name in names):
            return
        time.sleep(0.1)
    pytest.fail("the engine did not start within a minute")


def test_ctrl_c_ends_a_recording_by_pipe(tmp_path: Path) -> None:
    """`tcpdump | linewarden read -`: Ctrl-C stops both, and what came is still read."""
    command = [sys.executable, "-m", "linewarden", "read", "-", "--json"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear_ctrl_c
    )
    assert process.stdin is not None
    process.stdin.write(capture(3))
    process.stdin.flush()
    wait_until_it_reads(process)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert b"reading what is left" in process.stderr.readline()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b'"packets": 11' in out


def test_two_ctrl_c_give_up_a_pipe_that_never_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "linewarden", "read", "-", "--out", str(tmp_path / "lake")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear_ctrl_c) as process:
        assert process.stdin is not None
        process.stdin.write(capture(3, 6, times=60_000))
        process.stdin.flush()
        wait_until_it_reads(process)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert b"reading what is left" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=30) == 130
        finally:
            process.kill()
    assert not [p for p in (tmp_path / "lake").rglob("*") if p.is_file()]


def test_start_up_imports_nothing_heavy() -> None:
    code = "import sys, linewarden.cli as c; c.build_parser(); print(*sorted(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"polars", "duckdb", "rich", "jinja2", "openpyxl", "netaddr", "linewarden._engine"} & set(modules)


def test_the_engine_does_not_wait_for_what_detections_need(tmp_path: Path) -> None:
    code = """if True:
        import sys
        import linewarden.service.reading as reading
        def stop(*_args, **_more):
            print(*sorted(sys.modules))
            raise SystemExit
        reading.read_captures = stop
        from linewarden.cli import main
        main(["detect", sys.argv[1], "--no-progress", "--json"])
    """
    capture = tmp_path / "empty.pcap"
    capture.touch()
    command = [sys.executable, "-c", code, str(capture)]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"polars", "rich", "pydantic", "linewarden.detections.run", "linewarden.baseline.baseline"} & set(
        modules
    )


@pytest.mark.parametrize(
    "command", ["read", "watch", "query", "diff", "correct", "streams", "protocols", "detect", "detections"]
)
def test_a_command_that_is_built_alone_has_the_grammar_of_the_whole(command: str) -> None:
    from linewarden.cli import build_parser

    def grammar(parser: argparse.ArgumentParser) -> str:
        commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        found: str = commands.choices[command].format_help()
        assert [name for name in commands.choices if name.startswith(f"{command} ")] == []
        return found

    assert grammar(build_parser(command)) == grammar(build_parser())


def test_an_unknown_command_is_answered_with_all_that_there_are(run: Run) -> None:
    said = run("raed", "x.pcap").err
    assert "'read'" in said
    assert "'serve'" in said


def test_version(run: Run) -> None:
    from linewarden import __version__

    assert run("--version").out == f"linewarden {__version__}\n"


@pytest.mark.parametrize("command", ["read", "query", "diff", "correct", "streams", "protocols"])
def test_help_has_examples(run: Run, command: str) -> None:
    assert f"linewarden {command}" in run(command, "--help").out.split("example")[1]
