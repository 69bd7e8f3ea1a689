"""Which addresses are one device, and which are not."""

PLC, HMI, GW = "00:1b:1b:00:00:10", "00:1b:1b:00:00:20", "00:1b:1b:00:00:30"
VRRP = "00:00:5e:00:01:07"
BROADCAST = "ff:ff:ff:ff:ff:ff"


def owner(plant, address):
    return plant.asset(address).id


def test_arp_claim_joins_mac_and_ip(make):
    p = make.plant(binding=[make.binding(PLC, "10.0.0.1", "arp")])
    assert [(a.id, a.macs, a.ips) for a in p.assets] == [(PLC, (PLC,), ("10.0.0.1",))]


def test_several_claimed_ips_are_one_multihomed_host(make):
    p = make.plant(binding=[make.binding(PLC, f"10.0.0.{n}", "arp", vlan=5) for n in (1, 2, 3)])
    assert [a.ips for a in p.assets] == [("10.0.0.1", "10.0.0.2", "10.0.0.3")]
    assert p.assets[0].vlans == (5,)


def test_sole_ip_of_a_neighbour_is_its_own(make):
    p = make.plant(binding=[make.binding(PLC, "10.0.0.1", "ip", 128)])
    assert owner(p, "10.0.0.1") == PLC


def test_sole_ip_from_beyond_a_router_is_not(make):
    p = make.plant(binding=[make.binding(GW, "192.168.7.7", "ip", 63)])
    assert owner(p, "192.168.7.7") == "192.168.7.7"
    assert p.asset(GW).role == "router"


def test_many_carried_ips_make_a_router_and_devices_of_their_own(make):
    rows = [make.binding(GW, f"192.168.7.{n}", "ip", 127) for n in range(1, 6)]
    p = make.plant(binding=[*rows, make.binding(GW, "10.0.0.254", "arp")])
    gateway = p.asset(GW)
    assert gateway.ips == ("10.0.0.254",) and gateway.role == "router"
    assert p.asset("192.168.7.3").macs == ()
    assert len(p.assets) == 6


def test_router_keeps_the_one_ip_that_was_not_routed(make):
    rows = [make.binding(GW, "10.0.0.254", "ip", 255), make.binding(GW, "8.8.8.8", "ip", 118)]
    p = make.plant(binding=rows)
    assert p.asset(GW).ips == ("10.0.0.254",)
    assert p.asset("8.8.8.8").public and p.asset("8.8.8.8").level == 5


def test_proxy_arp_does_not_swallow_what_is_behind(make):
    rows = [make.binding(GW, f"192.168.7.{n}", "arp") for n in range(1, 4)]
    rows += [make.binding(GW, f"192.168.7.{n}", "ip", 63) for n in range(1, 4)]
    rows += [make.binding(GW, f"172.16.0.{n}", "ip", 62) for n in range(1, 4)]
    p = make.plant(binding=rows)
    assert owner(p, "192.168.7.1") != owner(p, "192.168.7.2")


def test_virtual_router_mac_is_no_device(make):
    rows = [make.binding(VRRP, "10.0.0.254", "arp"), make.binding(GW, "10.0.0.253", "arp")]
    rows.append(make.binding(VRRP, "10.0.0.253", "ip", 255))
    p = make.plant(binding=rows)
    assert not any(VRRP in a.macs for a in p.assets)
    assert p.asset("10.0.0.254").id == GW, "the router that spoke with the virtual MAC has the virtual address"


def test_one_ip_on_two_macs_at_once_is_a_finding(make):
    p = make.plant(binding=[make.binding(PLC, "10.0.0.1", "arp"), make.binding(HMI, "10.0.0.1", "arp", at=60)])
    assert [f.assets for f in p.exposures if f.kind == "duplicate_address"] == [(PLC, HMI)]
    assert sum("10.0.0.1" in a.ips for a in p.assets) == 1


def test_one_ip_on_two_macs_in_turn_is_a_move(make):
    rows = [make.binding(PLC, "10.0.0.1", "dhcp"), make.binding(HMI, "10.0.0.1", "dhcp", at=9000)]
    conns = [
        make.conn("10.0.0.9", "10.0.0.1", resp_l2_addr=PLC),
        make.conn("10.0.0.9", "10.0.0.1", 80, resp_l2_addr=HMI, at=9001),
    ]
    p = make.plant(binding=rows, conn=conns)
    assert not [f for f in p.exposures if f.kind == "duplicate_address"]
    assert owner(p, "10.0.0.1") == HMI
    assert {c.target: c.ports for c in p.conversations} == {PLC: (502,), HMI: (80,)}


def test_link_local_belongs_to_the_mac_even_of_a_router(make):
    rows = [make.binding(GW, f"192.168.7.{n}", "ip", 63) for n in (1, 2)]
    p = make.plant(binding=[*rows, make.binding(GW, "fe80::1", "ip", 255)])
    assert p.asset(GW).ips == ("fe80::1",)


def test_ipv4_and_ipv6_of_one_host(make):
    p = make.plant(binding=[make.binding(PLC, "10.0.0.1", "ip"), make.binding(PLC, "fd00::5", "ip", 64)])
    assert len(p.assets) == 1


def test_group_and_unspecified_addresses_are_no_devices(make):
    rows = [make.conn("10.0.0.1", a, 67, proto="udp", resp_pkts=0) for a in ("224.0.0.1", "255.255.255.255", "ff02::1")]
    rows.append(make.conn("10.0.0.1", "10.0.0.255", 138, proto="udp", resp_pkts=0, resp_l2_addr=BROADCAST))
    rows.append(make.conn("0.0.0.0", "255.255.255.255", 67, "dhcp", proto="udp", resp_pkts=0, orig_l2_addr=PLC))
    p = make.plant(conn=rows)
    assert [a.id for a in p.assets] == [PLC, "10.0.0.1"]
    assert {c.target for c in p.conversations if c.group} == {
        "224.0.0.1", "255.255.255.255", "ff02::1", "10.0.0.255"
    }  # fmt: skip


def test_loopback_capture_without_macs(make):
    p = make.plant(conn=[make.conn("127.0.0.1", "127.0.0.1", 502, "modbus")])
    (a,) = p.assets
    assert a.id == "127.0.0.1" and a.masters == () and a.serves[0].port == 502


def test_rewritten_macs_do_not_merge(make):
    same = {"orig_l2_addr": PLC, "resp_l2_addr": PLC}
    conns = [make.conn("10.0.0.9", f"10.0.0.{n}", 102, "s7comm", **same) for n in (1, 2)]
    p = make.plant(conn=conns, binding=[make.binding(PLC, f"10.0.0.{n}") for n in (1, 2, 9)])
    assert [a.id for a in p.assets] == ["10.0.0.1", "10.0.0.2", "10.0.0.9"]
    assert "same_mac_both_ends" in {f.kind for f in p.tap}


def test_identity_of_a_mac_with_ip_joins(make):
    p = make.plant(
        identity=[make.identity(PLC, "pn_dcp", name="plc-1", ip="10.0.0.1")],
        conn=[make.conn("10.0.0.9", "10.0.0.1")],
    )
    assert owner(p, "10.0.0.1") == PLC
    assert p.asset("10.0.0.1").name == "plc-1"


def test_identity_does_not_take_an_ip_that_is_claimed(make):
    p = make.plant(
        binding=[make.binding(PLC, "10.0.0.1", "arp"), make.binding(HMI, "10.0.0.2", "arp")],
        identity=[make.identity("10.0.0.1", "nbns", mac=HMI)],
    )
    assert owner(p, "10.0.0.1") == PLC


def test_port_macs_of_a_switch_that_names_itself(make):
    base, port1, port2, other = (f"00:0e:8c:00:00:{n}" for n in ("a0", "a1", "a2", "b0"))
    lldp = "01:80:c2:00:00:0e"
    p = make.plant(
        conn=[make.eth(m, lldp, "lldp") for m in (port1, port2, other)],
        binding=[make.binding(base, "10.0.0.50", "arp")],
        identity=[
            make.identity(port1, "lldp", name="Switch1", ip="10.0.0.50"),
            make.identity(port2, "lldp", name="switch1"),
            make.identity(other, "lldp", name="switch2"),
        ],
    )
    assert p.asset("10.0.0.50").macs == (base, port1, port2)
    assert p.asset(other).macs == (other,)


def test_addresses_that_nobody_answers_from_are_no_assets(make):
    scan = [
        make.conn("10.0.0.9", f"10.0.0.{n}", resp_pkts=0, orig_pkts=1, history="S", conn_state="S0", orig_bytes=0)
        for n in range(1, 4)
    ]
    assert [a.id for a in make.plant(conn=scan).assets] == ["10.0.0.9"]


def test_a_device_heard_from_one_side_only_is_an_unseen_asset(make):
    p = make.plant(
        conn=[make.conn("10.0.0.9", "10.0.0.1", resp_pkts=0, history="ADF", conn_state="OTH", resp_l2_addr=PLC)]
    )
    plc = p.asset("10.0.0.1")
    assert not plc.seen and plc.macs == (PLC,)


def test_tunnelled_addresses_do_not_get_the_outer_mac(make):
    p = make.plant(conn=[make.conn("10.9.0.1", "10.9.0.2", tunnel="vxlan", orig_l2_addr=PLC, resp_l2_addr=HMI)])
    assert all(not a.macs for a in p.assets)


def test_a_device_without_an_address_yet_is_an_asset_by_its_mac(make):
    p = make.plant(binding=[make.binding(PLC, "0.0.0.0"), make.binding(HMI, "", "eth", None)])
    assert [(a.id, a.ips, a.seen) for a in p.assets] == [(PLC, (), True), (HMI, (), True)]


def test_loopback_is_never_a_macs_own(make):
    p = make.plant(binding=[make.binding(PLC, "127.0.0.1")], conn=[make.conn("127.0.0.1", "127.0.0.1")])
    assert p.asset("127.0.0.1").macs == ()
