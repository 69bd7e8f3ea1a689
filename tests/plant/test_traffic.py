"""Conversations, services, masters."""

from linewarden.plant import Service


def test_conversations_add_up_both_directions_and_verbs(make):
    p = make.plant(
        conn=[
            make.conn("10.0.0.9", "10.0.0.1", 502, "modbus", at=5, frame=51),
            make.conn("10.0.0.9", "10.0.0.1", 502, "modbus", at=1, frame=11),
            make.conn("10.0.0.9", "10.0.0.1", 80, "http", at=9),
        ],
        command=[make.command("10.0.0.9", "10.0.0.1", "read", count=40), make.command("10.0.0.9", "10.0.0.1", "write")],
    )
    (c,) = p.conversations
    assert (c.protocols, c.ports, c.packets, c.bytes, c.answers) == (("http", "modbus"), (80, 502), 60, 4800, 30)
    assert c.verbs == (("read", 40), ("write", 3))
    assert (c.capture, c.frame, c.first_seen) == ("a.pcap", 11, make.T0 + make.SECOND)
    assert {(u.protocol, u.packets, u.assets) for u in p.protocols} == {("modbus", 40, 2), ("http", 20, 2)}
    assert p.packets == 60 and p.captures[0].conns == 3


def test_services_masters_and_writers(make):
    p = make.plant(
        conn=[make.conn(f"10.0.0.{n}", "10.0.0.1", 502, "modbus") for n in (8, 9)],
        command=[make.command("10.0.0.8", "10.0.0.1", "read"), make.command("10.0.0.9", "10.0.0.1", "write")],
    )
    plc = p.asset("10.0.0.1")
    assert plc.serves == (Service("modbus", 502, "tcp", 2),)
    assert plc.masters == ("10.0.0.8", "10.0.0.9") and plc.writers == ("10.0.0.9",)
    assert p.asset("10.0.0.8").uses == ("modbus",) and p.asset("10.0.0.8").masters == ()


def test_commands_say_who_asks_when_the_conversation_was_caught_the_wrong_way_round(make):
    flipped = make.conn("10.0.0.1", "10.0.0.9", 50_000, "modbus", direction="first", orig_pkts=4, resp_pkts=6)
    p = make.plant(conn=[flipped], command=[make.command("10.0.0.9", "10.0.0.1", "read")])
    (c,) = p.conversations
    assert (c.source, c.target, c.answers) == ("10.0.0.9", "10.0.0.1", 4)
    assert p.asset("10.0.0.1").serves == (Service("modbus", 502, "tcp", 1),)
    assert p.asset("10.0.0.9").serves == ()


def test_refused_connections_are_no_services(make):
    refused = make.conn("10.0.0.9", "10.0.0.1", 102, conn_state="REJ", history="Sr", orig_pkts=1, resp_pkts=1)
    p = make.plant(conn=[refused])
    assert p.asset("10.0.0.1").seen and p.asset("10.0.0.1").serves == ()


def test_broadcast_commands_go_to_the_group(make):
    p = make.plant(
        conn=[make.conn("10.0.0.9", "255.255.255.255", 47808, "bacnet", proto="udp", resp_pkts=0)],
        command=[make.command("10.0.0.9", "255.255.255.255", "browse", "bacnet", answered=0)],
    )
    (c,) = p.conversations
    assert c.group and c.verbs == (("browse", 3),)
