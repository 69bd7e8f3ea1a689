"""The pages of collectors that ask: each example is a configuration that loads, and a real one collects into a lake."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from linewarden.collectors.catalogue import kinds
from linewarden.service.config import load_config
from linewarden.service.config.parts import collecting_of
from tests.collectors.polling_house import Peer

DOCS = Path(__file__).resolve().parents[2] / "docs" / "collectors"
PAGES = {
    "modbus": "modbus",
    "s7": "s7",
    "enip": "enip",
    "http_json": "http",
    "table_file": "files",
    "historian": "historian",
}


@pytest.mark.parametrize("kind", PAGES)
def test_the_example_of_each_page_is_a_configuration(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for name in ("oven-token", "historian"):
        (tmp_path / name).write_text("s3cret\n")
        (tmp_path / name).chmod(0o600)
    blocks = re.findall(r"```toml\n(.*?)```", (DOCS / f"{PAGES[kind]}.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        file = tmp_path / "linewarden.toml"
        file.write_text(block)
        collecting = collecting_of(load_config(file))
        assert collecting is not None
        assert {source.kind.name for source in collecting.sources} == {kind}
        for source in collecting.sources:
            assert source.kind.check is not None and source.kind.check(source.settings) == []


@pytest.mark.parametrize("kind", PAGES)
def test_each_field_is_explained(kind: str) -> None:
    from dataclasses import fields

    for field in fields(kinds()[kind].settings):
        assert field.metadata["doc"]
        assert field.name not in ("kind", "name")  # these are of the table itself


@pytest.fixture
def folder() -> Iterator[Path]:
    """Root becomes somebody else, who may not be let into pytest's own."""
    with tempfile.TemporaryDirectory(prefix="linewarden-test-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_a_modbus_device_is_collected_into_a_lake(folder: Path) -> None:
    pytest.importorskip("pymodbus")
    with Peer("modbus_pymodbus") as peer:
        file = folder / "linewarden.toml"
        file.write_text(
            f'[[collector]]\nkind = "modbus"\nname = "boiler"\nhost = "127.0.0.1"\nport = {peer.port}\ninterval = 0.1\n'
            '[[collector.tags]]\nname = "BOILER.TEMPERATURE"\naddress = 0\ntype = "float32"\nucum = "Cel"\n'
        )
        command = [sys.executable, "-m", "linewarden", "collect", str(file), "--quiet", "--for", "4"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = pl.concat([pl.read_parquet(path) for path in folder.rglob("*.parquet") if "reading" in str(path)])
    assert found.height >= 5
    row = found.row(0, named=True)
    said = [row[column] for column in ("name", "values", "area", "start", "quality", "protocol")]
    assert said == ["BOILER.TEMPERATURE", [21.5], "holding_register", 0, "good", "modbus"]
