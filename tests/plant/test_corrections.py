"""Corrections by hand survive as data and are applied at every fold."""

import pytest

from linewarden.errors import ConfigError
from linewarden.plant import Corrections

PLC = "00:1b:1b:00:00:10"


def test_round_trip():
    data = {"merges": [["10.0.0.1", "10.0.0.2"]], "splits": ["10.0.0.3"], "fields": {"10.0.0.1": {"role": "drive"}}}
    assert Corrections.from_dict(data).to_dict() == data


@pytest.mark.parametrize(
    "data",
    [
        {"merge": []}, {"merges": [["10.0.0.1"]]}, {"merges": [["10.0.0.1", "x"]]},
        {"fields": {"10.0.0.1": {"level": "1"}}},
        {"fields": {"10.0.0.1": {"role": "boss"}}}, {"merges": 5},
    ],
)  # fmt: skip
def test_wrong_data_is_refused(data):
    with pytest.raises(ConfigError, match="corrections: "):
        Corrections.from_dict(data)


def test_merge_split_and_fields(make):
    rows = [make.binding(PLC, f"10.0.0.{n}", "arp") for n in (1, 2)] + [
        make.binding("00:1b:1b:00:00:20", "10.0.0.9", "arp")
    ]
    fixed = Corrections.from_dict(
        {"merges": [["10.0.0.9", "10.0.0.1"]], "splits": ["10.0.0.2"], "fields": {"10.0.0.9": {"name": "Mixer"}}}
    )
    p = make.plant(corrections=fixed, binding=rows)
    assert [a.ips for a in p.assets] == [("10.0.0.1", "10.0.0.9"), ("10.0.0.2",)]
    assert p.asset("10.0.0.1").name == "Mixer"


def test_corrections_for_what_was_not_seen_do_nothing(make):
    fixed = Corrections.from_dict({"merges": [["10.7.0.1", "10.0.0.1"]], "fields": {"10.7.0.1": {"name": "x"}}})
    assert len(make.plant(corrections=fixed, binding=[make.binding(PLC, "10.0.0.1", "arp")]).assets) == 1
