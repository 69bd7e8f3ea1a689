"""`linewarden notices`, `notices export`, `notices send` and `cases export`, as a person calls them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linewarden.errors import ConfigError
from linewarden.service.noticing import since
from tests.cases.test_export import parsed, read_cef, read_syslog
from tests.cli.conftest import Run
from tests.cli.test_detect import CONFIRM_COTP, REQUEST_DOWNLOAD, SETUP_COTP, s7
from tests.protocols import harness
from tests.service.exporting.receivers import Hook, SyslogServer, running, until


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a program download (high), of a client at 10.0.0.1 into 10.0.0.2, or so."""
    from linewarden.cli import main

    folder = tmp_path_factory.mktemp("notices")
    messages = [("c", SETUP_COTP), ("s", CONFIRM_COTP), ("c", REQUEST_DOWNLOAD), ("s", s7(3, b"\x1a\0", b"\0\0"))]
    (folder / "download.pcap").write_bytes(harness.pcap(harness.tcp_frames(messages, 102, client_port=50_000)))
    assert main(["detect", str(folder / "download.pcap"), "--out", str(folder / "lake")]) == 0
    return folder / "lake"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake in which nothing was found."""
    from linewarden.cli import main

    folder = tmp_path_factory.mktemp("empty")
    (folder / "quiet.pcap").write_bytes(harness.pcap(harness.tcp_frames([("c", b"hello")], 9999, client_port=50_000)))
    assert main(["read", str(folder / "quiet.pcap"), "--out", str(folder / "lake"), "--quiet"]) == 0
    return folder / "lake"


def notices(run: Run, lake: Path, *arguments: object) -> list[dict[str, object]]:
    found: list[dict[str, object]] = run("notices", lake, *arguments, "--json").json
    return found


def test_the_table_says_what_when_and_what_to_do(lake: Path, run: Run) -> None:
    ran = run("notices", lake)
    assert ran.code == 0 and "high" in ran.out and "what to do first" in ran.out and "T0843" in ran.out


def test_filters_keep_what_fits(lake: Path, run: Run) -> None:
    everything = notices(run, lake)
    download = [n for n in everything if n["note"] == "program_download"]
    assert len(download) == 1
    (one,) = download
    orig, resp = one["orig"], one["resp"]
    assert isinstance(orig, dict) and isinstance(resp, dict)
    assert notices(run, lake, "--note", "program_download") == download
    assert {n["severity"] for n in notices(run, lake, "--severity", "high")} <= {"high", "critical"}
    assert one in notices(run, lake, "--address", orig["address"])
    assert one in notices(run, lake, "--address", f"{resp['address']}/24")
    assert one in notices(run, lake, "--asset", resp["asset"].upper())
    assert notices(run, lake, "--address", "203.0.113.0/24") == []
    assert notices(run, lake, "--since", "1m") == []
    assert one in notices(run, lake, "--since", str(one["ts"]))


def test_nothing_that_fits_is_said_with_the_way_out(lake: Path, empty: Path, run: Run) -> None:
    ran = run("notices", lake, "--note", "nonsense")
    assert ran.code == 0 and "None of the" in ran.out and "--note" in ran.out
    ran = run("notices", empty)
    assert ran.code == 0 and f"linewarden detect {empty} --write" in ran.out
    assert notices(run, empty) == []
    ran = run("notices", "export", empty, "--format", "json")
    assert ran.json == [] and "has no notices" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--address", "nonsense"), "--address nonsense"),
        (("--since", "yesterday"), "--since yesterday"),
        (("--severity", "bad"), "--severity"),
    ],
)
def test_a_wrong_wish_is_said(lake: Path, run: Run, arguments: tuple[str, str], said: str) -> None:
    ran = run("notices", lake, *arguments)
    assert ran.code == 2 and said in ran.err


def test_since_counts_back_or_names_a_time() -> None:
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert since("24h", now) == int(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()) * 10**9
    assert since("2026-11-26T12:00:00.000250Z") == int(now.timestamp()) * 10**9 + 250_000
    with pytest.raises(ConfigError, match="24h"):
        since("24 hours")


def test_an_export_is_a_file_or_a_stream(lake: Path, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "notices.cef"
    ran = run("notices", "export", lake, "--format", "cef", "--note", "program_download", "--out", out)
    assert ran.code == 0 and f"1 notices: {out}" in ran.out
    (line,) = out.read_text().splitlines()
    assert read_cef(line)[0][4] == "program_download"
    assert run("notices", "export", lake, "--format", "cef", "--note", "program_download").out == out.read_text()


def test_cases_go_out_as_stix_and_a_rerun_gives_the_same(lake: Path, run: Run) -> None:
    ran = run("cases", "export", lake, "--format", "stix")
    kinds = [o["type"] for o in parsed(ran.json).objects]
    cases = run("cases", lake, "--json").json
    assert kinds.count("grouping") == len(cases) >= 1
    assert run("cases", "export", lake, "--format", "stix").out == ran.out
    one = run("cases", "export", lake, cases[0]["id"][:6], cases[0]["id"], "--format", "ocsf").out.splitlines()
    assert [json.loads(line)["finding_info"]["uid"] for line in one] == [f"case-{cases[0]['id']}"]
    assert run("cases", "export", lake, "nonsense", "--format", "json").code == 2


def test_the_commands_beside_are_as_they_were(lake: Path, run: Run) -> None:
    assert run("cases", lake).code == 0
    assert "notices export" in run("--help").out
    assert run("notices", "export", "--help").code == 0


def test_send_hands_over_and_says_so(lake: Path, run: Run) -> None:
    with running(SyslogServer()) as server:
        ran = run("notices", "send", lake, "--to", f"syslog+tcp://127.0.0.1:{server.port}", "--severity", "high")
        assert ran.code == 0 and "were sent" in ran.out
        wanted = {n["notice_id"] for n in notices(run, lake, "--severity", "high")}
        until(lambda: len(server.messages) == len(wanted))
        assert {read_syslog(m)[1]["linewarden@32473"]["id"] for m in server.messages} == wanted


def test_send_that_is_not_taken_says_what_was(lake: Path, run: Run) -> None:
    with running(Hook((500, {}))) as hook:
        ran = run("notices", "send", lake, "--to", f"http://127.0.0.1:{hook.port}/secret", "--format", "ecs")
        assert ran.code == 8 and "answered 500" in ran.err and "0 of" in ran.err and "secret" not in ran.err
    with running(Hook((400, {}))) as hook:
        ran = run("notices", "send", lake, "--to", f"http://127.0.0.1:{hook.port}/", "--note", "program_download")
        assert ran.code == 8 and "0 of 1 notices were sent" in ran.out and "refused it (400" in ran.err
    ran = run("notices", "send", lake, "--to", "http://siem.plant/secret")
    assert ran.code == 2 and "use https" in ran.err and "secret" not in ran.err


def test_cases_are_reported_on_paper_or_as_a_page(lake: Path, run: Run, tmp_path: Path) -> None:
    found = run("cases", lake, "--json").json
    assert run("cases", lake, "--report", tmp_path / "cases.html").code == 0
    page = (tmp_path / "cases.html").read_text()
    assert found[0]["title"].split()[0] in page
    assert "download.pcap:" in page
    assert run("cases", lake, found[0]["id"], "--report", tmp_path / "one.html").code == 0
    assert "<h1>1 case;" in (tmp_path / "one.html").read_text()


def test_a_report_as_pdf_is_one_or_says_what_is_missing(lake: Path, run: Run, tmp_path: Path) -> None:
    ran = run("cases", lake, "--report", tmp_path / "cases.pdf")
    if ran.code:
        assert ran.code == 2
        assert "linewarden[pdf]" in ran.err
        assert not (tmp_path / "cases.pdf").exists()
    else:
        assert (tmp_path / "cases.pdf").read_bytes().startswith(b"%PDF-1.7")
