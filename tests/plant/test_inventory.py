"""What an asset says of itself, and who is believed."""

PLC = "00:1b:1b:00:00:10"


def test_the_nameplate_wins_over_the_oui_and_both_are_kept(make):
    p = make.plant(
        binding=[make.binding(PLC, "10.0.0.1", "arp")],
        identity=[make.identity("10.0.0.1", vendor="Original Siemens Equipment", model="CPU 315-2 PN/DP", frame=7)],
    )
    (a,) = p.assets
    assert a.vendor == "Original Siemens Equipment"
    assert {e.source for e in a.evidence if e.what == "vendor"} == {"s7comm", "oui"}
    model = next(e for e in a.evidence if e.what == "model")
    assert (model.capture, model.frame) == ("a.pcap", 7)


def test_oui_vendor_where_nothing_else_is_known(make):
    p = make.plant(binding=[make.binding(PLC, "10.0.0.1", "arp"), make.binding("02:00:00:00:00:05", "10.0.0.2", "arp")])
    assert "siemens" in p.asset(PLC).vendor.lower()
    assert p.asset("10.0.0.2").vendor is None, "a locally administered MAC has no vendor"


def test_the_latest_firmware_of_equally_trusted_answers(make):
    rows = [make.identity("10.0.0.1", firmware="V3.2.6", at=9), make.identity("10.0.0.1", firmware="V2.0", at=1)]
    p = make.plant(identity=rows)
    assert p.assets[0].firmware == "V3.2.6"
    assert len([e for e in p.assets[0].evidence if e.what == "firmware"]) == 2


def test_names_in_order_of_trust(make):
    rows = [make.identity("10.0.0.1", "dns", name="a.example"), make.identity("10.0.0.1", "pn_dcp", name="plc-1")]
    p = make.plant(identity=rows)
    assert p.assets[0].name == "plc-1" and p.assets[0].names == ("plc-1", "a.example")


def test_a_plant_that_uses_public_addresses_inside(make):
    p = make.plant(
        binding=[make.binding(PLC, "141.81.0.1", "arp")],
        conn=[make.conn("141.81.0.9", "141.81.0.1", 102, "s7comm"), make.conn("141.81.0.1", "8.8.8.8", 53, "dns")],
    )
    assert [a.id for a in p.assets if a.public] == ["8.8.8.8"]


def test_controller_role_has_reasons_level_and_confidence(make):
    p = make.plant(
        conn=[make.conn("10.0.0.9", "10.0.0.1", 102, "s7comm")],
        identity=[make.identity("10.0.0.1", order_number="6ES7 315-2EH14-0AB0", role="controller")],
    )
    a = p.asset("10.0.0.1")
    assert (a.role, a.level) == ("controller", 1) and a.role_confidence > 0.9 and len(a.role_reasons) == 3
