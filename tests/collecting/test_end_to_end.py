"""A controller of another hand, `linewarden collect` as a command, and what a person then sees of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden.cli import main
from tests.collectors.polling_house import Peer

pytest.importorskip("pymodbus", reason="install pymodbus to run the controller that is asked")
PATIENCE = 60
CONFIG = """
[service]
data = "data"
[[collector]]
kind = "modbus"
name = "boiler house"
host = "127.0.0.1"
port = {port}
interval = 0.05
timeout = 0.5
retry_first = 0.1
retry_most = 0.5
[[collector.tags]]
name = "TEMPERATURE"
address = 0
type = "float32"
ucum = "Cel"
high = 120
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Root becomes somebody else, who may not be let into pytest's own."""
    with tempfile.TemporaryDirectory(prefix="linewarden-test-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


class Collect:
    """The command, and what it says, line by line."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "out"
        command = [sys.executable, "-m", "linewarden", "collect", str(folder / "c.toml"), "--json"]
        with self.out.open("wb") as out, (folder / "err").open("ab") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err)

    def until(self, what: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            lines = self.out.read_text().splitlines()
            for line in lines[-3:]:
                if line.endswith("}") and what(json.loads(line)):
                    found: dict[str, Any] = json.loads(line)
                    return found
            time.sleep(0.05)
        raise AssertionError(self.out.read_text()[-3000:])


def up(many: int) -> Callable[[dict[str, Any]], bool]:
    return lambda said: said["event"] == "status" and said["collectors"]["boiler house"]["peers_up"] == many


def test_a_controller_is_collected_from_over_its_restart_and_ours(
    folder: Path, rows_of: Callable[[Path], pl.DataFrame], capsys: pytest.CaptureFixture[str]
) -> None:
    lake = folder / "data" / "lake"
    with Peer("modbus_pymodbus") as peer:
        (folder / "c.toml").write_text(CONFIG.format(port=peer.port))
        first = Collect(folder)
        first.until(up(1))
        first.until(lambda said: said["event"] == "status" and said["spool"]["forwarded"] > 5)
        first.process.kill()
        first.process.wait(PATIENCE)
        second = Collect(folder)
        second.until(up(1))
    second.until(up(0))
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(PATIENCE) == 0
    end = json.loads(second.out.read_text().splitlines()[-1])
    assert end["event"] == "end"
    assert end["spool"]["held"] == 0

    rows = rows_of(lake)
    assert rows.select("capture", "frame").is_duplicated().sum() == 0
    good = rows.filter(pl.col("quality") == "good")
    assert set(good.get_column("values").list.first()) == {21.5}
    assert rows.get_column("capture").unique().to_list() == ["collector:boiler house"]
    assert main(["tags", str(lake), "--in", "[degF]", "--json"]) == 0
    (tag,) = json.loads(capsys.readouterr().out)
    assert (tag["name"], tag["ucum"]) == ("TEMPERATURE", "[degF]")
    assert tag["last"] == pytest.approx(70.7)
    assert tag["high"] == pytest.approx(248)
