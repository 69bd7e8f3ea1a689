"""The Python client, as a program uses it, over a console that runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from linewarden.api.app import make_app
from linewarden.api.client import Client, stream
from linewarden.api.client.stream import parsed
from linewarden.api.routes import now
from linewarden.api.routes.casework import CaseChange
from linewarden.api.routes.query import QueryIn
from linewarden.errors import AccessError, ConfigError, QueryError, SendError
from linewarden.plant.model import Role
from linewarden.policy import Scope
from linewarden.service.casework import CaseState
from tests.console.house import Served, served_lake

ROOT = Path(__file__).parents[2]


def token_of(served: Served, *scopes: Scope) -> str:
    """A token for an hour; of all scopes where none is named."""
    made = served.place.people.tokens
    return made.make("client", set(scopes or Scope), {(served.place.site, "")}, timedelta(hours=1), "owner")


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Client]:
    """A program that may all that programs may."""
    with Client(served.url, token_of(served), ca=served.ca) as found:
        yield found


def test_pages_give_each_row_once(client: Client) -> None:
    whole = client.list_assets(limit=1000)
    paged = list(client.all_assets(limit=3))
    assert whole.total == len(paged) > 6
    assert [a.id for a in paged] == [a.id for a in whole.items]


def test_filters_are_passed(client: Client) -> None:
    found = list(client.all_assets(role=[Role.CONTROLLER, Role.HMI]))
    assert {a.role for a in found} == {Role.CONTROLLER, Role.HMI}
    assert {n.severity for n in client.all_notices(severity=["high"])} <= {"high"}


def test_ids_of_any_kind_find_their_row(client: Client) -> None:
    asset = client.list_assets().items[0]
    assert client.get_asset(asset.id).name == asset.name
    with pytest.raises(ConfigError, match="no asset"):
        client.get_asset("a b?c#d%")


def test_the_list_as_a_frame_and_as_a_file(client: Client, tmp_path: Path) -> None:
    frame = client.frame_assets(sort="name")
    assert frame.get_column("id").to_list() == [a.id for a in client.all_assets(sort="name")]
    file = client.save_assets(tmp_path / "assets.parquet", "parquet", sort="name")
    assert pl.read_parquet(file).equals(frame)


def test_a_refused_download_leaves_no_file(client: Client, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        client.save_assets(tmp_path / "x", "parquet", sort="nothing")
    assert not list(tmp_path.iterdir())


def test_sql(client: Client, tmp_path: Path) -> None:
    asked = QueryIn(sql="SELECT count(*) AS n FROM conn")
    assert client.frame_query(asked).item() == client.query(asked).rows[0][0] > 0
    with pytest.raises(QueryError, match="nowhere"):
        client.query(QueryIn(sql="SELECT * FROM nowhere"))


def test_models_with_other_names_on_the_wire(client: Client) -> None:
    tags = client.list_tags(limit=2).items
    found = client.tag_values(tag=[t.id for t in tags], points=10)
    assert found.start < found.end
    assert [s.tag for s in found.series] == [t.id for t in tags]
    later = client.tag_values(tag=[tags[0].id], start=found.end)
    assert later.start == found.end


def test_a_change_and_what_is_refused(lake: Path, tmp_path: Path) -> None:
    with served_lake(lake, tmp_path) as served, Client(served.url, token_of(served), ca=served.ca) as client:
        case = client.list_cases().items[0]
        change = CaseChange(version=case.version, state=CaseState.IN_WORK)
        assert client.change_case(case.id, change).state is CaseState.IN_WORK
        with pytest.raises(ConfigError, match="decide anew"):
            client.change_case(case.id, change)
        assert "case" in {e.action.partition(".")[0] for e in client.all_audit()}
        with Client(served.url, token_of(served, Scope.READ), ca=served.ca) as reader, pytest.raises(AccessError):
            reader.list_audit()


def test_events_go_on_after_the_last_one(client: Client, served: Served) -> None:
    events = client.follow()
    first = next(events)
    assert first.now.assets == client.get_now().assets
    served.place.follower.tell()
    second = next(events)
    assert second.now.version > first.now.version
    assert int(second.id) == second.now.version
    served.place.follower.tell()
    assert int(next(client.follow(after=second.id)).id) > int(second.id)


def test_events_are_read_as_the_standard_has_them() -> None:
    lines = [": here", "", "id: 7", "event: now", "data: a", "data:b", "", "data: c", "", "data: cut off"]
    assert list(parsed(iter(lines))) == [("7", "now", "a\nb"), ("7", "message", "c")]


def test_a_stream_that_ends_is_asked_for_anew_until_the_token_ends(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(now, "ASK_AGAIN_S", 0.2)
    monkeypatch.setattr(stream, "FIRST_REST_S", 0.1)
    token = token_of(served)
    with Client(served.url, token, ca=served.ca) as client:
        events = client.follow()
        next(events)
        served.place.people.tokens.revoke(token.split("_")[1])
        with pytest.raises(AccessError, match="token"):
            next(events)


def test_a_token_that_is_none(served: Served) -> None:
    with Client(served.url, "lw_nothing", ca=served.ca) as client, pytest.raises(AccessError, match="token"):
        client.get_now()


def test_the_certificate_is_always_checked(served: Served) -> None:
    with Client(served.url, "lw_x") as client, pytest.raises(SendError, match="certificate"):
        client.get_now()
    other = served.url.replace("localhost", "127.0.0.2")
    with Client(other, "lw_x", ca=served.ca) as client, pytest.raises(SendError):
        client.get_now()


@pytest.mark.parametrize("url", ["http://localhost:1", "localhost:1", "https://", "https://a:b@c", "https://x/api?y=1"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConfigError, match="https://HOST:PORT"):
        Client(url, "lw_x")


def test_nobody_there() -> None:
    with Client("https://127.0.0.1:9", "lw_x") as client, pytest.raises(SendError, match="reached"):
        client.get_now()


def test_every_operation_has_a_call() -> None:
    paths = make_app().openapi()["paths"].values()
    assert {o["operationId"] for path in paths for o in path.values()} <= set(dir(Client))


def test_the_calls_are_as_the_routes_are() -> None:
    done = subprocess.run([sys.executable, "scripts/make_client.py", "--check"], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stdout


PROGRAM = """
from linewarden.api.client import Client, stream
from linewarden.plant.model import Role

with Client("https://x", "t") as plant:
    names: list[str] = [a.name for a in plant.all_assets(role=[Role.CONTROLLER], level=[1])]
    row = plant.get_case("1")
    reveal: str = row.title
    {wrong}
"""


@pytest.mark.parametrize(
    ("wrong", "said"), [("", ""), ("plant.list_assets(rolle=[])", "rolle"), ("row.titel", "titel")]
)
def test_a_program_is_checked_by_mypy(wrong: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM.format(wrong=wrong))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, said in done.stdout) == (1 if said else 0, True), done.stdout + done.stderr
