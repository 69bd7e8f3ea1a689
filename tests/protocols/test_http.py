"""HTTP and SSDP transcripts."""

import base64

from tests.protocols.harness import tell

ASK = b"GET /status?x=1 HTTP/1.1\r\nHost: drive7\r\nUser-Agent: Panel/2.1\r\n\r\n"
BODY = b"HTTP/1.1 in the body is no head; GET /either"
TELL = (
    b"HTTP/1.1 200 OK\r\nServer: ACME-Web/3.4\r\nContent-Type: text/html\r\nContent-Length: "
    + str(len(BODY)).encode()
    + b"\r\n\r\n"
    + BODY
)


def test_request_and_response_are_one_row() -> None:
    rows = tell([("c", ASK), ("s", TELL), ("c", ASK), ("s", TELL)], port=80, cut=7)
    assert len(rows["http"]) == 2
    row = rows["http"][0]
    assert (row["method"], row["uri"], row["host"], row["version"]) == ("GET", "/status?x=1", "drive7", "1.1")
    assert (row["status_code"], row["status_msg"], row["resp_mime_type"]) == (200, "OK", "text/html")
    assert row["server"] == "ACME-Web/3.4"


def test_software_of_both_sides_once_a_flow() -> None:
    rows = tell([("c", ASK), ("s", TELL)] * 3, port=80)
    assert sorted((i["address"], i["software"]) for i in rows["identity"]) == [
        ("10.0.0.1", "Panel/2.1"),
        ("10.0.0.2", "ACME-Web/3.4"),
    ]


def test_basic_authentication_tells_the_user_but_never_the_password() -> None:
    secret = base64.b64encode(b"maintenance:s3cr3t-w0rd").decode()
    ask = f"GET / HTTP/1.1\r\nHost: d\r\nAuthorization: Basic {secret}\r\n\r\n".encode()
    rows = tell([("c", ask), ("s", TELL)], port=8081)
    [command] = rows["command"]
    assert (command["verb"], command["target"], command["value"]) == (
        "authenticate",
        "http basic, clear text",
        "maintenance",
    )
    assert rows["http"][0]["auth_scheme"] == "Basic"
    text = repr(rows)
    assert "s3cr3t-w0rd" not in text and secret not in text


def test_digest_user() -> None:
    ask = b'GET / HTTP/1.1\r\nauthorization: Digest username="op1", realm="r", response="00ff"\r\n\r\n'
    rows = tell([("c", ask), ("s", TELL)], port=80)
    assert rows["http"][0]["username"] == "op1"
    assert rows["command"][0]["value"] == "op1"


def test_on_any_port_by_content() -> None:
    rows = tell([("c", ASK), ("s", TELL)], port=20_480)
    assert rows["conn"][0]["service"] == "http"


def test_a_missed_answer_does_not_shift_the_later_ones() -> None:
    second = ASK.replace(b"/status", b"/second")
    rows = tell([("c", ASK), ("c", second), ("s", TELL)], port=80)
    assert {r["uri"]: r["status_code"] for r in rows["http"]} == {"/status?x=1": None, "/second?x=1": 200}


def test_other_text_on_the_port_is_not_http() -> None:
    rows = tell([("c", b"GETTING STARTED\r\n\r\n"), ("s", b"220 ready\r\n")], port=80)
    assert not rows["http"]


def test_ssdp_announcement_tells_the_product() -> None:
    notify = (
        b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\n"
        b"SERVER: RTOS/1.2 UPnP/1.0 Camera/7\r\nLOCATION: http://10.0.0.1/d.xml\r\nNT: upnp:rootdevice\r\n\r\n"
    )
    search = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nST: ssdp:all\r\n\r\n'
    rows = tell([("c", notify), ("c", search)], port=1900, udp=True)
    assert [(r["method"], r["nts"], r["st"]) for r in rows["ssdp"]] == [
        ("NOTIFY", "ssdp:alive", None),
        ("M-SEARCH", None, "ssdp:all"),
    ]
    [who] = rows["identity"]
    assert (who["address"], who["software"], who["description"]) == (
        "10.0.0.1",
        "RTOS/1.2 UPnP/1.0 Camera/7",
        "http://10.0.0.1/d.xml",
    )
