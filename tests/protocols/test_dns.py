"""DNS, mDNS and LLMNR transcripts."""

import struct

import pytest

from linewarden.protocols._shared.it_dns import domain_name, records
from tests.protocols.harness import tell


def name(text: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".")) + b"\0"


def question(text: str, qtype: int = 1) -> bytes:
    return name(text) + struct.pack("!HH", qtype, 1)


def answer(owner: bytes, rtype: int, data: bytes, ttl: int = 60) -> bytes:
    return owner + struct.pack("!HHIH", rtype, 1, ttl, len(data)) + data


def head(ident: int, flags: int, questions: int, answers: int = 0) -> bytes:
    return struct.pack("!6H", ident, flags, questions, answers, 0, 0)


ASKED = head(7, 0x0100, 1) + question("hmi.plant.example")
AT_NAME = b"\xc0\x0c"  # compression pointer to the question's name


def test_question_and_answer_are_one_row_with_the_address() -> None:
    alias = answer(AT_NAME, 5, name("panel.plant.example"))
    address = answer(AT_NAME, 1, bytes([10, 0, 0, 9]), ttl=300)
    reply = head(7, 0x8180, 1, 2) + question("hmi.plant.example") + alias + address
    rows = tell([("c", ASKED), ("s", reply)], port=53, udp=True)
    [row] = rows["dns"]
    assert (row["query"], row["qtype_name"], row["rcode_name"], row["opcode_name"]) == (
        "hmi.plant.example",
        "A",
        "NOERROR",
        "query",
    )
    assert (row["answer_ip"], row["TTL"], row["answer_count"], row["RA"]) == ("10.0.0.9", 300, 2, True)
    assert (row["frame"], row["resp_frame"]) == (1, 2)


def test_names_of_four_or_sixteen_letters_are_no_addresses() -> None:
    for alias in ("m.ab", "panel.plant.demo"):
        reply = head(7, 0x8180, 1, 1) + question("hmi.plant.example") + answer(AT_NAME, 5, name(alias))
        [row] = tell([("c", ASKED), ("s", reply)], port=53, udp=True)["dns"]
        assert (row["answers"], row["answer_ip"]) == (alias, None)
    six = head(7, 0x8180, 1, 1) + question("hmi.plant.example") + answer(AT_NAME, 28, b"\xfe\x80" + bytes(13) + b"\1")
    assert tell([("c", ASKED), ("s", six)], port=53, udp=True)["dns"][0]["answer_ip"] == "fe80::1"


def test_a_question_asked_three_times_has_one_answer() -> None:
    reply = head(7, 0x8182, 1) + question("hmi.plant.example")
    rows = tell([("c", ASKED), ("c", ASKED), ("c", ASKED), ("s", reply)], port=53, udp=True)
    assert [r["rcode_name"] for r in rows["dns"]].count("SERVFAIL") == 1
    assert len(rows["dns"]) == 3


def test_llmnr_answer_names_the_sender() -> None:
    reply = head(9, 0x8000, 1, 1) + question("panel7") + answer(AT_NAME, 1, bytes([10, 0, 0, 2]))
    rows = tell([("s", reply)], port=5355, udp=True)
    [who] = rows["identity"]
    assert (who["address"], who["name"], who["evidence"]) == ("10.0.0.2", "panel7", "llmnr answer")


def test_an_answer_about_somebody_else_names_nobody() -> None:
    reply = head(9, 0x8000, 1, 1) + question("panel7") + answer(AT_NAME, 1, bytes([10, 0, 0, 77]))
    assert not tell([("s", reply)], port=5355, udp=True)["identity"]


def test_mdns_answer_tells_host_and_model() -> None:
    host = answer(name("gateway.local"), 0x1C, bytes(15) + b"\1")
    host4 = answer(name("gateway.local"), 1, bytes([10, 0, 0, 2]))
    info = answer(name("gateway._device-info._tcp.local"), 16, b"\x0bmodel=IG-40")
    rows = tell([("s", head(0, 0x8400, 0, 3) + host + host4 + info)], port=5353, client_port=5353, udp=True)
    [who] = rows["identity"]
    assert (who["name"], who["model"]) == ("gateway", "IG-40")


def test_mdns_services_tell_their_host() -> None:
    service = answer(name("Line printer._ipp._tcp.local"), 33, bytes(6) + name("prn-4.local"))
    text = answer(name("Line printer._ipp._tcp.local"), 16, b"\x09txtvers=1\x10ty=Printmatic 40")
    [who] = tell([("s", head(0, 0x8400, 0, 2) + service + text)], port=5353, client_port=5353, udp=True)["identity"]
    assert (who["name"], who["model"]) == ("prn-4", "Printmatic 40")


def test_dns_over_tcp_in_small_segments() -> None:
    reply = head(7, 0x8180, 1, 1) + question("hmi.plant.example") + answer(AT_NAME, 1, bytes([10, 0, 0, 9]))
    framed = [(who, struct.pack("!H", len(m)) + m) for who, m in (("c", ASKED), ("s", reply))]
    [row] = tell(framed, port=53, cut=5)["dns_tcp"]
    assert (row["query"], row["answer_ip"]) == ("hmi.plant.example", "10.0.0.9")


def test_found_on_another_port_but_noise_is_not() -> None:
    reply = head(7, 0x8183, 1) + question("hmi.plant.example")
    assert tell([("c", ASKED), ("s", reply)], port=5300, udp=True)["dns"][0]["rcode_name"] == "NXDOMAIN"
    assert not tell([("c", bytes(40)), ("s", bytes(40))], port=5300, udp=True)["dns"]
    assert not tell([("c", bytes(range(60))), ("s", b"\xff" * 60)], port=53, udp=True)["dns"]


def test_dynamic_update_is_a_configure_command() -> None:
    [command] = tell([("c", head(7, 0x2800, 1) + question("plant.example", 6))], port=53, udp=True)["command"]
    assert (command["verb"], command["target"]) == ("configure", "dns_update plant.example")


def test_a_name_that_points_at_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="without end"):
        domain_name(b"\0" * 12 + b"\xc0\x0c", 12)
    with pytest.raises((ValueError, IndexError)):
        list(records(head(1, 0x8000, 0, 3) + b"\xc0"))
