"""The fold as a whole: order and split of batches leave no trace."""

import json

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from linewarden.plant import Corrections, PlantFold, addresses as ad, as_dict

MACS = [f"00:1b:1b:00:00:{n:02x}" for n in range(4)] + ["00:00:5e:00:01:01", "02:00:00:00:00:09"]
IPS = [f"10.0.0.{n}" for n in range(1, 5)] + ["8.8.8.8", "fe80::1", "0.0.0.0", "224.0.0.1", "10.0.0.255"]


@st.composite
def records(draw, make):
    """A handful of rows of four streams that share a few addresses."""
    ip, mac, at = st.sampled_from(IPS), st.sampled_from(MACS), st.integers(0, 9000)
    rows = []
    for _ in range(draw(st.integers(1, 14))):
        match draw(st.sampled_from(["conn", "binding", "command", "identity"])):
            case "conn":
                answers = draw(st.sampled_from([0, 3]))
                service = draw(st.sampled_from([None, "modbus", "telnet"]))
                own = {"resp_pkts": answers, "orig_l2_addr": draw(mac), "resp_l2_addr": draw(mac), "frame": draw(at)}
                rows.append(("conn", make.conn(draw(ip), draw(ip), 502, service, draw(at), **own)))
            case "binding":
                source, ttl = draw(st.sampled_from([("arp", None), ("ip", 64), ("ip", 61)]))
                rows.append(("binding", make.binding(draw(mac), draw(ip), source, ttl, draw(at))))
            case "command":
                verb = draw(st.sampled_from(["read", "write"]))
                rows.append(("command", make.command(draw(ip), draw(ip), verb, at=draw(at))))
            case "identity":
                said = {
                    "name": draw(st.sampled_from(["a", "b"])),
                    "mac": draw(st.none() | mac),
                    "ip": draw(st.none() | ip),
                }
                rows.append(("identity", make.identity(draw(st.one_of(ip, mac)), "lldp", draw(at), **said)))
    return rows


def fold(make, rows):
    out = PlantFold()
    for stream, row in rows:
        out.add(stream, make.frame(stream, [row]))
    return out


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_order_and_split_gives_the_same_plant(make, data):
    rows = data.draw(records(make))
    whole = PlantFold()
    for stream in sorted({s for s, _ in rows}):
        whole.add(stream, make.frame(stream, [r for s, r in rows if s == stream]))
    shuffled = fold(make, data.draw(st.permutations(rows)))
    assert shuffled.plant() == whole.plant()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_address_has_two_assets_and_all_references_hold(make, data):
    plant = fold(make, data.draw(records(make))).plant()
    members = [m for a in plant.assets for m in (*a.macs, *a.ips)]
    assert len(members) == len(set(members))
    assert not any(ad.is_group(m) or ad.is_virtual(m) or m == "0.0.0.0" for m in members)
    ids = {a.id for a in plant.assets}
    for a in plant.assets:
        assert {*a.peers, *a.masters, *a.writers} <= ids
        assert a.id in (*a.macs, *a.ips) and a.name
    for c in plant.conversations:
        assert c.source in ids and (c.target in ids or c.group)
    for f in (*plant.tap, *plant.exposures):
        assert set(f.assets) <= ids
    json.dumps(as_dict(plant))


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_asking_twice_and_merging_twice_change_nothing(make, data):
    folded = fold(make, data.draw(records(make)))
    assert folded.plant() == folded.plant()
    once = Corrections.from_dict({"merges": [["10.0.0.1", "10.0.0.2"]]})
    again = Corrections.from_dict({"merges": [["10.0.0.2", "10.0.0.1"], ["10.0.0.1", "10.0.0.2"]]})
    assert folded.plant(corrections=once) == folded.plant(corrections=again)


def test_many_batches_are_boiled_down_as_they_come(make):
    rows = [make.conn("10.0.0.9", f"10.0.0.{n % 5}", 502, "modbus", n) for n in range(500)]
    batch = make.frame("conn", rows)
    out = PlantFold()
    for _ in range(200):
        out.add("conn", batch)
    p = out.plant()
    assert p.packets == 200 * 500 * 20 and len(p.conversations) == 5


def test_streams_of_no_use_and_empty_batches_are_ignored(make):
    out = PlantFold()
    out.add("reading", pl.DataFrame({"value": [1.0]}))
    out.add("conn", make.frame("conn", []))
    out.add("tls", pl.DataFrame({"ts": [1], "cipher": ["x"]}))
    assert out.plant().assets == ()


@pytest.mark.parametrize("dtype", [pl.Datetime("ns", "UTC"), pl.Int64()])
def test_time_may_come_as_datetime_or_number(make, dtype):
    batch = make.frame("conn", [make.conn("10.0.0.9", "10.0.0.1")]).with_columns(pl.col("ts").cast(dtype))
    out = PlantFold()
    out.add("conn", batch)
    assert out.plant().first_seen == make.T0
