"""Files that people send to the console: a capture into the lake, names onto assets; and what is refused."""

from __future__ import annotations

import gzip
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from openpyxl import Workbook

from tests.console.house import DEMO, Served, make_lake, served_lake
from tests.service.uploads.samples import PCAP

CAPTURE = DEMO / "demo-plant.pcapng.zst"
BYTES = "application/octet-stream"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A console of its own, as these tests change things."""
    with served_lake(make_lake(tmp_path_factory.mktemp("uploads") / "lake"), tmp_path_factory.mktemp("state")) as found:
        yield found


def send(served: Served, path: str, body: bytes, name: str, role: str = "engineer", **headers: str) -> httpx.Response:
    with served.client(role) as client:
        shown = {"X-CSRF-Token": served.csrf(client), "Origin": served.url, "Content-Type": BYTES, **headers}
        return client.post(path, params={"name": name}, content=body, headers=shown)


def ended(served: Served, id: str) -> dict[str, Any]:
    until = time.monotonic() + 120
    found: dict[str, Any] = {}
    with served.client("engineer") as client:
        while time.monotonic() < until:
            found = client.get(f"/api/v1/uploads/{id}").json()
            if found["state"] in ("read", "failed"):
                return found
            time.sleep(0.2)
    raise AssertionError(found)


def waiting(served: Served) -> list[str]:
    folder = served.place.intake.quarantine.folder
    return [f.name for f in folder.iterdir()] if folder.is_dir() else []


def audited(served: Served) -> list[str]:
    with served.client("auditor") as client:
        return [e["action"] for e in client.get("/api/v1/audit", params={"limit": 100}).json()["items"]]


def test_a_capture_is_read_and_its_packets_are_there(fresh: Served) -> None:
    answer = send(fresh, "/api/v1/captures", gzip.compress(PCAP), "../../line 1.pcap.gz")
    assert answer.status_code == 202, answer.text
    found = ended(fresh, answer.json()["id"])
    assert (found["state"], found["wrong"]) == ("read", "")
    assert found["name"] == "line 1.pcap.gz"
    assert min(found["packets"], found["records"]) > 0
    kept = list(fresh.place.intake.captures.iterdir())
    assert [f.name for f in kept] == [f"line-1-{found['sha256'][:8]}.pcap.gz"]
    assert waiting(fresh) == []
    with fresh.client("analyst") as client:
        sql = {"sql": f"SELECT count(*) FROM conn WHERE capture = '{kept[0].name}'"}
        rows = client.post("/api/v1/query", json=sql, headers={"X-CSRF-Token": fresh.csrf(client)}).json()["rows"]
    assert rows[0][0] > 0
    assert "capture.sent" in audited(fresh)


def test_the_same_capture_again_is_the_same_records(fresh: Served) -> None:
    body = CAPTURE.read_bytes()
    once = ended(fresh, send(fresh, "/api/v1/captures", body, "plant.pcapng.zst", "analyst").json()["id"])
    again = ended(fresh, send(fresh, "/api/v1/captures", body, "plant.pcapng.zst").json()["id"])
    assert (once["records"], once["packets"], again["state"]) == (again["records"], again["packets"], "read")
    assert once["notices"] > 0


NO_CAPTURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: b"hello, no capture at all\n" * 9, "no capture"),
    "gzip bomb": (lambda: gzip.compress(bytes(300_000_000)), "bomb"),
    "text in gzip": (lambda: gzip.compress(b"just text, packed"), "no capture"),
    "zip": (lambda: b"PK\x03\x04 whatever", "no capture"),
    "header alone": (lambda: b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + b"\0" * 16, "no packet"),
}


@pytest.mark.parametrize("what", NO_CAPTURES)
def test_what_is_no_capture_is_told(fresh: Served, what: str) -> None:
    make, says = NO_CAPTURES[what]
    body = make()
    before = sorted(fresh.place.lake.rglob("*.parquet"))
    found = ended(fresh, send(fresh, "/api/v1/captures", body, "x.pcap").json()["id"])
    assert found["state"] == "failed"
    assert says in found["wrong"]
    assert str(fresh.place.config.service.data) not in found["wrong"]
    assert sorted(fresh.place.lake.rglob("*.parquet")) == before
    assert waiting(fresh) == []


def test_nothing_and_too_much_are_refused_at_once(fresh: Served) -> None:
    empty = send(fresh, "/api/v1/captures", b"", "x.pcap")
    large = send(fresh, "/api/v1/names", b"x" * 50_000_001, "x.csv")
    assert (empty.status_code, large.status_code) == (400, 400)
    assert "empty" in empty.json()["detail"]
    assert "50 MB" in large.json()["detail"]
    assert waiting(fresh) == []


def test_other_routes_take_no_large_body(fresh: Served) -> None:
    answer = send(fresh, "/api/v1/query", b"x" * 2_000_000, "")
    assert answer.status_code == 413


def test_only_from_our_pages_and_by_whom_it_is_for(fresh: Served) -> None:
    assert send(fresh, "/api/v1/captures", b"x", "x", Origin="https://evil.example").status_code == 403
    assert send(fresh, "/api/v1/captures", b"x", "x", **{"X-CSRF-Token": "no"}).status_code == 403
    assert send(fresh, "/api/v1/captures", b"x", "x", "operator").status_code == 403
    assert send(fresh, "/api/v1/names", b"x", "x", "analyst").status_code == 403
    assert waiting(fresh) == []


def address(served: Served) -> str:
    return next(ip for a in served.place.follower.view.plant.assets for ip in a.ips)


def test_names_are_shown_at_once_and_recorded(fresh: Served) -> None:
    ip = address(fresh)
    answer = send(fresh, "/api/v1/names", f"address,name\n{ip},Kiln 7\n10.99.99.99,Nobody\n".encode(), "names.csv")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["names"], answer.json()["known"]) == (2, 1)
    with fresh.client("viewer") as client:
        assert "Kiln 7" in {a["name"] for a in client.get("/api/v1/assets", params={"limit": 1000}).json()["items"]}
    assert "assets.correct" in audited(fresh)


def test_names_of_a_workbook_by_a_form(fresh: Served) -> None:
    book, out = Workbook(), io.BytesIO()
    for row in (("address", "name"), (address(fresh), "Kiln 8")):
        book.worksheets[0].append(row)
    book.save(out)
    with fresh.client("engineer") as client:
        files: Any = {"csrf": (None, fresh.csrf(client)), "file": ("names.xlsx", out.getvalue())}
        answer = client.post("/uploads/names", files=files, headers={"Origin": fresh.url, "Accept": "text/html"})
        page = client.get("/uploads")
    assert answer.status_code == 303, answer.text
    assert "names.xlsx" in page.text
    assert "Kiln 8" in {a.name for a in fresh.place.follower.view.plant.assets}


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<a/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 260_000_000)
    return out.getvalue()


def outside() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../etc/passwd", b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"address,name\nnonsense,PLC\n", "liste.csv, line 2"),
        (b"\0\1\2\3", "no list of names"),
        (bomb(), "MB once unpacked"),
        (outside(), "leads elsewhere"),
    ],
    ids=["a wrong row", "no text", "a bomb", "a path"],
)
def test_names_that_are_none_change_nothing(fresh: Served, body: bytes, says: str) -> None:
    file = fresh.place.lake / "plant.json"
    before = file.read_bytes() if file.exists() else b""
    answer = send(fresh, "/api/v1/names", body, "liste.csv")
    assert answer.status_code == 400
    assert says in answer.json()["detail"]
    assert str(fresh.place.config.service.data) not in answer.json()["detail"]
    assert (file.read_bytes() if file.exists() else b"") == before
    assert waiting(fresh) == []


def test_a_form_says_what_is_wrong_with_its_file(fresh: Served) -> None:
    with fresh.client("analyst") as client:
        headers = {"Origin": fresh.url, "Accept": "text/html"}
        word = (None, fresh.csrf(client))
        empty = client.post("/uploads/captures", files={"csrf": word, "file": ("a.pcap", b"")}, headers=headers)
        none = client.post("/uploads/captures", files={"csrf": word, "other": ("a.pcap", b"x")}, headers=headers)
        foreign = client.post("/uploads/captures", files={"csrf": (None, "x"), "file": ("a", b"x")}, headers=headers)
    assert (empty.status_code, none.status_code, foreign.status_code) == (400, 400, 403)
    assert "is empty" in empty.text
    assert 'role="alert"' in none.text
