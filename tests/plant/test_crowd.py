from __future__ import annotations

from typing import Any

import polars as pl

from linewarden.plant import crowd
from linewarden.plant.fold import PlantFold

PLC = "10.0.0.1"


def flood(make: Any, monkeypatch: Any, most: int) -> Any:
    monkeypatch.setattr(crowd, "MOST", most)
    made_up = [make.eth(f"02:00:00:00:01:{n:02x}", "01:80:c2:00:00:0e", "lldp") for n in range(40)]
    return make.plant(conn=[make.conn("10.0.0.9", PLC, 502, "modbus"), *made_up])


def test_what_only_announces_itself_is_bounded_and_said(make: Any, monkeypatch: Any) -> None:
    plant = flood(make, monkeypatch, 10)
    assert {PLC, "10.0.0.9"} <= {ip for a in plant.assets for ip in a.ips}
    assert len(plant.assets) == 12
    assert next(f for f in plant.tap if f.kind == "too_many_addresses").evidence[0].frame
    unbounded = flood(make, monkeypatch, 100)
    assert len(unbounded.assets) == 42 and not any(f.kind == "too_many_addresses" for f in unbounded.tap)
    packets = [next(p.packets for p in x.protocols if p.protocol == "lldp") for x in (plant, unbounded)]
    assert packets[0] == packets[1]


def said(numbers: range) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"ts": 10**18 + n, "capture": "a.pcap", "frame": n + 1, "address": PLC, "protocol": "s7comm",
             "evidence": "SZL", "name": f"name {n}"}
            for n in numbers
        ]
    )  # fmt: skip


def test_statements_of_one_address_are_bounded_whatever_the_batches() -> None:
    whole, split = PlantFold(), PlantFold()
    whole.add("identity", said(range(500)))
    for n in (300, 0, 100, 400, 200):
        split.add("identity", said(range(n, n + 100)))
        split.plant()
    assert whole.plant() == split.plant()
    assert len(whole.plant().assets[0].names) == 16
