"""Is my tap right? Each trouble is named, and a good tap is called good."""

from linewarden.plant import PlantFold, Severity

PLC, HMI = "00:1b:1b:00:00:10", "00:1b:1b:00:00:20"


def kinds(plant):
    return {f.kind: f for f in plant.tap}


def good(make, **extra):
    return make.conn("10.0.0.9", "10.0.0.1", 502, "modbus", **{"until": make.T0 + 3600 * make.SECOND, **extra})


def test_nothing_seen():
    assert [f.kind for f in PlantFold().plant().tap] == ["nothing_seen"]


def test_a_good_tap_looks_right(make):
    (f,) = make.plant(conn=[good(make)]).tap
    assert f.kind == "looks_right" and f.severity is Severity.OK


def test_a_short_capture_is_said_but_still_looks_right(make):
    assert set(kinds(make.plant(conn=[make.conn("10.0.0.9", "10.0.0.1")]))) == {"short_capture", "looks_right"}


def test_one_way(make):
    half = [
        make.conn("10.0.0.9", f"10.0.0.{n}", resp_pkts=0, history="ADF", conn_state="OTH", frame=n) for n in (1, 2, 3)
    ]
    p = make.plant(conn=[good(make), *half])
    f = p.tap[0]
    assert f.kind == "one_way" and f.severity is Severity.HIGH and "75%" in f.title
    assert "looks_right" not in kinds(p)
    assert {(e.capture, e.frame) for e in f.evidence} == {("a.pcap", 1), ("a.pcap", 2), ("a.pcap", 3)}


def test_only_the_answers_heard(make):
    p = make.plant(conn=[make.conn("10.0.0.9", "10.0.0.1", orig_pkts=0, history="adf", conn_state="OTH")])
    assert "one_way" in kinds(p) and not p.asset("10.0.0.9").seen


def test_seen_twice(make):
    f = kinds(make.plant(conn=[good(make, duplicates=9)]))["seen_twice"]
    assert f.severity is Severity.MEDIUM and "45%" in f.title and "10.0.0.1" in f.assets
    assert kinds(make.plant(conn=[good(make, duplicates=1)]))["seen_twice"].severity is Severity.LOW


def test_losses_by_missing_bytes_and_by_weirds(make):
    assert kinds(make.plant(conn=[good(make, missed_bytes=5000)]))["losses"].severity is Severity.HIGH
    p = make.plant(conn=[good(make)], weird=[make.weird("content_gap")])
    assert "content_gap" in kinds(p)["losses"].detail


def test_cut_packets(make):
    p = make.plant(conn=[good(make)], weird=[make.weird("truncated_packet", count=12)])
    assert kinds(p)["cut_packets"].title.startswith("12 ")


def test_only_broadcast_is_no_mirror_port(make):
    rows = [
        make.conn(f"10.0.0.{n}", "10.0.0.255", 138, proto="udp", resp_pkts=0, resp_l2_addr="ff:ff:ff:ff:ff:ff")
        for n in range(1, 9)
    ]
    f = kinds(make.plant(conn=rows))["only_broadcast"]
    assert f.severity is Severity.HIGH and len(f.assets) == 8 and "mirror" in f.next_step


def test_vlans(make):
    there = make.conn("10.0.0.9", "10.0.0.1", proto="udp", vlan=10, resp_pkts=0)
    back = make.conn("10.0.0.1", "10.0.0.9", proto="udp", vlan=20, resp_pkts=0)
    quiet = make.conn("10.3.0.1", "224.0.0.5", proto="udp", vlan=30, resp_pkts=0)
    found = kinds(make.plant(conn=[there, back, quiet]))
    assert found["vlans_split"].assets == ("10.0.0.1", "10.0.0.9")
    assert "VLAN 30" in found["vlan_only_broadcast"].detail and found["vlan_only_broadcast"].assets == ("10.3.0.1",)


def test_asked_for_and_silent(make):
    knock = {"resp_pkts": 0, "orig_pkts": 3, "history": "S", "conn_state": "S0", "orig_bytes": 0}
    p = make.plant(
        conn=[good(make), make.conn("10.0.0.9", "10.0.0.5", **knock)],
        facts={"arp": [{"id.orig_h": "10.0.0.9", "id.resp_h": "", "target_ip": ip} for ip in ("10.0.0.1", "10.0.0.6")]},
    )
    f = kinds(p)["never_answered"]
    assert [e.value for e in f.evidence] == ["10.0.0.5", "10.0.0.6"] and f.assets == ("10.0.0.9",)


def test_offloaded_checksums_are_only_information(make):
    p = make.plant(conn=[good(make, bad_checksums=10)])
    assert kinds(p)["bad_checksums"].severity is Severity.INFO and "looks_right" in kinds(p)


def test_worst_first(make):
    p = make.plant(conn=[good(make, missed_bytes=5000, duplicates=1)])
    order = [f.severity.order for f in p.tap]
    assert order == sorted(order)


def test_conversations_beside_many_quiet_hosts_are_a_mirror_port(make):
    rows = [make.conn(f"10.0.0.{n}", "224.0.0.1", 138, proto="udp", resp_pkts=0) for n in range(10, 19)]
    assert "only_broadcast" not in kinds(make.plant(conn=[*rows, good(make, orig_pkts=900, resp_pkts=900)]))
