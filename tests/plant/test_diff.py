"""What has changed, most important first."""

from linewarden.plant.diff import diff

PLC, HMI = "00:1b:1b:00:00:10", "00:1b:1b:00:00:20"


def before(make, **streams):
    base = {
        "binding": [make.binding(PLC, "10.0.0.1", "arp"), make.binding(HMI, "10.0.0.9", "arp")],
        "conn": [make.conn("10.0.0.9", "10.0.0.1", 502, "modbus")],
        "command": [make.command("10.0.0.9", "10.0.0.1", "read")],
        "identity": [make.identity("10.0.0.1", "modbus", firmware="V1.0", serial="S1")],
    }
    return make.plant(
        **{k: [*v, *streams.get(k, [])] if k not in ("identity",) else streams.get(k, v) for k, v in base.items()}
    )


def test_nothing_changed(make):
    assert diff(before(make), before(make)).changes == ()


def test_new_and_gone(make):
    rogue = {"binding": [make.binding("00:0c:29:00:00:01", "10.0.0.66", "arp")]}
    rogue["conn"] = [make.conn("10.0.0.66", "10.0.0.1", 502, "modbus", frame=99)]
    rogue["command"] = [make.command("10.0.0.66", "10.0.0.1", "write")]
    there = diff(before(make), before(make, **rogue))
    assert [c.kind for c in there.changes] == ["asset_new", "conversation_new"]
    assert all(c.severity == "high" for c in there.changes)
    assert there.changes[1].evidence[0].frame == 99
    back = diff(before(make, **rogue), before(make))
    assert {c.kind for c in back.changes} == {"asset_gone", "conversation_gone"}


def test_firmware_changed_with_both_pieces_of_evidence(make):
    new = before(make, identity=[make.identity("10.0.0.1", "modbus", firmware="V2.0", serial="S1", frame=5)])
    (c,) = diff(before(make), new).changes
    assert (c.kind, c.what, c.before, c.after) == ("identity_changed", "firmware", "V1.0", "V2.0")
    assert {e.value for e in c.evidence} == {"V1.0", "V2.0"}


def test_address_moved(make):
    rows = [make.binding(PLC, "10.0.0.1", "arp")]
    moved = diff(make.plant(binding=rows), make.plant(binding=[make.binding(PLC, "10.0.0.5", "arp")]))
    assert [(c.kind, c.before, c.after) for c in moved.changes] == [("address_moved", "10.0.0.1", "10.0.0.5")]


def test_a_replaced_device_is_new_and_gone_not_the_same(make):
    a = make.plant(binding=[make.binding(PLC, "10.0.0.1", "arp")])
    b = make.plant(binding=[make.binding(HMI, "10.0.0.1", "arp")])
    assert {c.kind for c in diff(a, b).changes} == {"asset_new", "asset_gone"}


def test_the_same_device_known_by_ip_only_and_then_by_mac(make):
    a = make.plant(conn=[make.conn("10.0.0.9", "10.0.0.1", 502, "modbus")])
    b = make.plant(
        conn=[make.conn("10.0.0.9", "10.0.0.1", 502, "modbus")], binding=[make.binding(PLC, "10.0.0.1", "arp")]
    )
    assert not diff(a, b).of("asset_new", "asset_gone", "conversation_new", "conversation_gone")


def test_new_verb_and_protocol_in_a_known_conversation(make):
    more = before(
        make,
        command=[make.command("10.0.0.9", "10.0.0.1", "write")],
        conn=[make.conn("10.0.0.9", "10.0.0.1", 80, "http")],
    )
    found = diff(before(make), more)
    assert [(c.kind, c.after) for c in found.changes] == [("verb_new", "write"), ("protocol_new", "http")]
