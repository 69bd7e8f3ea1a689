from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from linewarden.plant import crowd, rows
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


def test_what_the_sensor_summed_is_traffic_of_nobody_and_said(make: Any) -> None:
    nobody = make.eth(crowd.NOBODY, crowd.NOBODY, "lldp", orig_pkts=5_000, orig_l2_addr=None, resp_l2_addr=None)
    weird = make.weird(crowd.SUMMED, crowd.NOBODY, crowd.NOBODY, count=4_900)
    unread = make.weird(crowd.LEFT_OUT, crowd.NOBODY, crowd.NOBODY, count=4_800)
    plant = make.plant(conn=[make.conn("10.0.0.9", PLC, 502, "modbus"), nobody], weird=[weird, unread])
    assert {ip for a in plant.assets for ip in a.ips} == {PLC, "10.0.0.9"} and len(plant.assets) == 2
    assert next(p.packets for p in plant.protocols if p.protocol == "lldp") == 5_000
    told = next(f.detail for f in plant.tap if f.kind == "too_much_to_follow")
    assert "4,900 conversations" in told and "4,800 announcements that were not read" in told


def scan(make: Any, numbers: range) -> pl.DataFrame:
    knock = {"resp_pkts": 0, "orig_pkts": 1, "history": "S", "conn_state": "S0", "orig_bytes": 0}
    return make.frame(
        "conn", [make.conn("10.0.0.66", f"10.1.{n >> 8}.{n & 255}", 502, at=n / 1_000, **knock) for n in numbers]
    )


def test_a_scan_is_bounded_summed_and_displaces_no_dialogue(make: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(rows.TABLES, "knock", replace(rows.TABLES["knock"], keep=100))
    whole, split = PlantFold(), PlantFold()
    talk = make.frame("conn", [make.conn(f"10.0.2.{n}", PLC, 502, "modbus", at=50) for n in range(1, 200)])
    for batch in (scan(make, range(1_000)), talk):
        whole.add("conn", batch)
    for n in (800, 0, 400, 200, 600):
        split.add("conn", scan(make, range(n, n + 200)))
        split.plant()
    split.add("conn", talk)
    plant = whole.plant()
    assert plant == split.plant()
    assert plant.packets == 1_000 + 199 * 20
    assert sum(p.packets for p in plant.protocols) >= 900 + 199 * 20
    assert sum(ip.startswith("10.0.2.") for a in plant.assets for ip in a.ips) == 199
    said = next(f for f in plant.tap if f.kind == "too_much_to_follow")
    assert "900 conversations" in said.detail and said.evidence[0].frame


def test_twenty_thousand_real_devices_are_kept(make: Any) -> None:
    fold = PlantFold()
    for n in range(0, 20_000, 5_000):
        ips = [f"10.{m >> 12}.{m >> 6 & 63}.{m & 63}" for m in range(n + 64, n + 5_064)]
        fold.add("conn", make.frame("conn", [make.conn("10.200.0.1", ip, 502, "modbus") for ip in ips]))
    plant = fold.plant()
    assert len(plant.assets) == 20_001 and not any(f.kind == "too_much_to_follow" for f in plant.tap)
