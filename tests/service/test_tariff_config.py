"""[tariff] of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from linewarden.analytics.energy.tariff import tariff_of
from linewarden.errors import ConfigError
from linewarden.service.config import load_config

BEGIN = '[service]\nsite = "s"\n[[sensor]]\nname = "a"\ninterfaces = ["lo"]\n'


def test_prices_are_those_that_stand_there(tmp_path: Path) -> None:
    file = tmp_path / "l.toml"
    file.write_text(f'{BEGIN}[tariff]\nenergy = 0.3\n[[tariff.band]]\nhours = "mon-fri 06:00-22:00"\nenergy = 0.4\n')
    said = load_config(file).tariff
    assert said is not None
    tariff = tariff_of(said.table())
    assert (tariff.energy, tariff.bands[0].energy, tariff.stated) == (0.3, 0.4, True)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("[tariff]\nenergy = -1\n", "tariff.energy"),
        ('[[tariff.band]]\nhours = "always"\nenergy = 1\n', r"tariff.band\[0\].hours"),
        ("[tariff]\nprice = 1\n", "tariff.price"),
    ],
)
def test_a_wrong_price_names_its_setting(tmp_path: Path, table: str, says: str) -> None:
    file = tmp_path / "l.toml"
    file.write_text(BEGIN + table)
    with pytest.raises(ConfigError, match=says):
        load_config(file)
