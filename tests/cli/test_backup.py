"""`linewarden backup` and `restore`: the same state again, or nothing at all."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from linewarden.errors import StoreError
from linewarden.service.audit import Change
from linewarden.service.audit.places import ledger_at
from linewarden.service.backup.archive import FORMAT, MANIFEST, VERSION, unpack
from linewarden.service.config import load_config
from linewarden.service.state import Event, open_state
from linewarden.trust.age import CHUNK, Identity, Writer
from tests.cli.conftest import Run
from tests.service.postgres import PASSWORD, Cluster, why_not

CONFIG = """
[service]
site = "plant"
data = "data"
[[sensor]]
name = "a"
interfaces = ["lo"]
[detect]
expected = "expected.toml"
rules = "rules"
[[export]]
to = "https://siem.plant/hook"
token_file = "hook.token"
{more}
"""
Fill = Callable[[tarfile.TarFile], object]
ME = Identity.new()


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    file = tmp_path / "backup.key"
    file.write_text(f"# public key: {ME.recipient}\n{ME}\n")
    return file


def site(run: Run, folder: Path, more: str = "") -> Path:
    """A site that has some of everything."""
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "own.json").write_text("{}")
    (folder / "hook.token").write_text("token\n")
    config = folder / "linewarden.toml"
    config.write_text(CONFIG.format(more=more))
    announced = run("expected", "announce", folder / "expected.toml", "--asset", "10.0.0.1", "--until", "4h",
                    "--because", "x")  # fmt: skip
    assert announced.code == 0, announced.err
    loaded = load_config(config)
    with ledger_at(config, make=True) as ledger:
        for n in range(12):
            ledger.add(Change("test.change", str(n)))
        ledger.state.add_events([Event.now("info", "here", f"event {n}") for n in range(30)])
    (loaded.service.data / "baseline-a.json").write_text('{"entries":[]}')
    (loaded.lake_folder).mkdir(parents=True)
    (loaded.lake_folder / "plant.json").write_text("{}")
    day = loaded.lake_folder / "stream=conn" / "site=plant" / "date=2026-01-01"
    day.mkdir(parents=True)
    (day / "live-a-00001.parquet").write_bytes(os.urandom(3 * CHUNK))
    return config


@pytest.fixture
def config(run: Run, tmp_path: Path) -> Path:
    return site(run, tmp_path / "site")


def backed_up(run: Run, config: Path, *more: object) -> Path:
    out = config.parent.parent / "plant.age"
    said = run("backup", config, out, "--to", ME.recipient, *more)
    assert said.code == 0, said.err
    return out


def files(folder: Path) -> dict[str, bytes]:
    those = (p for p in folder.rglob("*") if p.is_file() and ".db" not in p.name)
    return {str(p.relative_to(folder)): p.read_bytes() for p in those}


def test_restored_it_is_the_same(run: Run, config: Path, identity: Path, tmp_path: Path) -> None:
    out, into = backed_up(run, config, "--with-lake"), tmp_path / "new" / "place"
    assert out.stat().st_mode & 0o777 == 0o600
    assert b"10.0.0.1" not in out.read_bytes()
    key = run("audit", "key", config).out.strip()
    said = run("restore", out, "--into", into, "--identity", identity, "--signed-by", key)
    assert said.code == 0, said.err
    assert f"Signed by {key}" in said.out
    assert files(into) == files(config.parent)
    assert (into / "data" / "audit.key").stat().st_mode & 0o777 == 0o600
    there, here = (open_state(load_config(c).state_url) for c in (config, into / "linewarden.toml"))
    assert here.events() == there.events() and len(here.events()) == 30
    for state in (there, here):
        state.close()
    for log in (into / "linewarden.toml", into / "expected.toml"):
        assert run("audit", "verify", log).code == 0
    assert run("audit", "verify", into / "linewarden.toml", "--json").json["entries"] == 13
    assert run("audit", "list", config, "--action", "backup", "--json").json[0]["after"]["for"] == [str(ME.recipient)]
    assert not [p for p in tmp_path.rglob(".*") if p.name.startswith((".plant", ".place"))]


def test_nothing_is_in_the_clear_where_the_backup_goes(run: Run, config: Path, tmp_path: Path) -> None:
    """That may be a share: who listens to its folder sees one encrypted file come."""
    share, seen = tmp_path / "share", set()
    share.mkdir()
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            seen.update(p.is_dir() for p in share.iterdir())

    listener = threading.Thread(target=listen)
    listener.start()
    said = run("backup", config, share / "plant.age", "--to", ME.recipient)
    stop.set()
    listener.join()
    assert said.code == 0, said.err
    assert True not in seen
    assert not list((config.parent / "data").glob(".backup.*"))


def test_the_records_are_left_out_unless_asked_for(run: Run, config: Path, identity: Path, tmp_path: Path) -> None:
    run("restore", backed_up(run, config), "--into", tmp_path / "new", "--identity", identity)
    assert not list((tmp_path / "new").rglob("*.parquet"))
    assert (tmp_path / "new" / "data" / "lake" / "plant.json").exists()


def test_while_others_write_it_is_whole(run: Run, config: Path, identity: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with ledger_at(config) as ledger:
            while not stop.is_set():
                ledger.add(Change("test.busy", "x"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        out = backed_up(run, config)
    finally:
        stop.set()
        writer.join()
    said = run("restore", out, "--into", tmp_path / "new", "--identity", identity)
    assert said.code == 0, said.err
    assert run("audit", "verify", tmp_path / "new" / "linewarden.toml").code == 0


def test_a_passphrase_does_as_well(run: Run, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linewarden.trust.age.Passphrase.__init__.__defaults__", (10,))
    words, out = tmp_path / "words", tmp_path / "p.age"
    words.write_text("correct horse battery\n")
    assert run("backup", config, out, "--passphrase-file", words).code == 0
    assert run("restore", out, "--into", tmp_path / "new", "--passphrase-file", words).code == 0
    words.write_text("wrong\n")
    assert (
        "not for this key or passphrase"
        in run("restore", out, "--into", tmp_path / "x", "--passphrase-file", words).err
    )


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in the middle": lambda d: d[: len(d) // 2],
    "cut by a byte": lambda d: d[:-1],
    "cut at a chunk": lambda d: d[: -((len(d) - 300) % (CHUNK + 16)) - 16],
    "a bit in the header": lambda d: flipped(d, 40),
    "a bit in the middle": lambda d: flipped(d, len(d) // 2),
    "a bit at the end": lambda d: flipped(d, len(d) - 1),
    "more behind it": lambda d: d + b"more",
    "empty": lambda _d: b"",
    "another file": lambda _d: b"PK\3\4" + bytes(5000),
    "another file in the right format": lambda _d: crafted(lambda _tar: None, begin=False),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_restores_nothing(
    run: Run, config: Path, identity: Path, tmp_path: Path, damage: str
) -> None:  # fmt: skip
    out = backed_up(run, config, "--with-lake")
    out.write_bytes(DAMAGES[damage](out.read_bytes()))
    before = sorted(tmp_path.rglob("*"))
    said = run("restore", out, "--into", tmp_path / "new", "--identity", identity)
    assert said.code == StoreError.exit_code and said.err.strip().endswith("nothing was restored")
    assert sorted(tmp_path.rglob("*")) == before


def crafted(
    fill: Callable[[tarfile.TarFile], object], *, begin: bool = True, format: int = tarfile.GNU_FORMAT
) -> bytes:
    """What somebody makes who has the public key."""
    plain, out = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=format) as tar:
        if begin:
            add(tar, MANIFEST, json.dumps({"format": FORMAT, "version": VERSION}).encode())
        fill(tar)
    writer = Writer(out, [ME.recipient])
    writer.write(plain.getvalue())
    writer.close()
    return out.getvalue()


def add(tar: tarfile.TarFile, name: str, data: bytes = b"x", **more: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    for key, value in more.items():
        setattr(member, key, value)
    tar.addfile(member, io.BytesIO(data))


def twice(tar: tarfile.TarFile) -> None:
    add(tar, "a/file")
    add(tar, "A/File")


def through_a_file(tar: tarfile.TarFile) -> None:
    add(tar, "a")
    add(tar, "a/b")


def twice_in_unicode(tar: tarfile.TarFile) -> None:
    add(tar, "caf\u00e9")
    add(tar, "cafe\u0301")


TRICKS: dict[str, tuple[Callable[[tarfile.TarFile], object], str]] = {
    "absolute": (lambda tar: add(tar, "/etc/linewarden.toml"), "leads elsewhere"),
    "upwards": (lambda tar: add(tar, "../evil"), "leads elsewhere"),
    "upwards inside": (lambda tar: add(tar, "a/../../evil"), "leads elsewhere"),
    "here": (lambda tar: add(tar, "./evil"), "leads elsewhere"),
    "backslash": (lambda tar: add(tar, "..\\evil"), "leads elsewhere"),
    "line end": (lambda tar: add(tar, "a\nb"), "leads elsewhere"),
    "very long": (lambda tar: add(tar, "a/" * 700 + "b"), "leads elsewhere"),
    "very deep": (lambda tar: add(tar, "a/" * 40 + "b"), "leads elsewhere"),
    "endless name": (lambda tar: add(tar, "a" * 9000), "no plain file"),
    "link": (lambda tar: add(tar, "a", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "no plain file"),
    "hard link": (lambda tar: add(tar, "a", b"", type=tarfile.LNKTYPE, linkname="backup.json"), "no plain file"),
    "device": (lambda tar: add(tar, "a", b"", type=tarfile.CHRTYPE), "no plain file"),
    "pipe": (lambda tar: add(tar, "a", b"", type=tarfile.FIFOTYPE), "no plain file"),
    "folder": (lambda tar: add(tar, "a", b"", type=tarfile.DIRTYPE), "no plain file"),
    "sparse": (lambda tar: add(tar, "a", b"", type=tarfile.GNUTYPE_SPARSE), "no plain file"),
    "twice": (twice, "twice"),
    "twice in Unicode": (twice_in_unicode, "twice"),
    "through a file": (through_a_file, "cannot be written"),
    "behind the signature": (lambda tar: (add(tar, "backup.note"), add(tar, "a")), "behind its signature"),
    "too much": (lambda tar: add(tar, "a", bytes(200_000)), "more than is allowed"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_restore_nothing(run: Run, identity: Path, tmp_path: Path, trick: str) -> None:
    fill, why = TRICKS[trick]
    out = tmp_path / "evil.age"
    out.write_bytes(crafted(fill))
    before = sorted(tmp_path.rglob("*"))
    said = run("restore", out, "--into", tmp_path / "new", "--identity", identity, "--max-gb", "0.0001")
    assert said.code == StoreError.exit_code and why in said.err, said.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_size_that_is_a_lie_is_no_bomb(tmp_path: Path) -> None:
    """A header that promises much is refused before a byte of it is read."""

    def lie(tar: tarfile.TarFile) -> None:
        member = tarfile.TarInfo("a")
        member.size = 1 << 50
        assert tar.fileobj is not None
        tar.fileobj.write(member.tobuf(tarfile.GNU_FORMAT))

    with pytest.raises(StoreError, match="more than is allowed"):
        unpack(io.BytesIO(crafted(lie)), [ME], tmp_path, 10**9)


def test_many_headers_of_extensions_are_refused(tmp_path: Path) -> None:
    data = crafted(
        lambda tar: add(tar, "\u00e4" * 100, pax_headers={"comment": "x" * 100_000}), format=tarfile.PAX_FORMAT
    )
    with pytest.raises(StoreError, match="no plain file"):
        unpack(io.BytesIO(data), [ME], tmp_path, 10**9)


def test_whose_backup_it_is_can_be_asked_for(run: Run, config: Path, identity: Path, tmp_path: Path) -> None:
    """Who has the public key can make a backup, and cannot sign it."""
    out = tmp_path / "evil.age"
    key = run("audit", "key", config).out.strip()
    out.write_bytes(crafted(lambda tar: add(tar, "linewarden.toml")))
    said = run("restore", out, "--into", tmp_path / "new", "--identity", identity, "--signed-by", key)
    assert said.code == StoreError.exit_code and "is not signed by" in said.err
    assert "Not signed" in run("restore", out, "--into", tmp_path / "new", "--identity", identity).out


def test_nothing_is_written_over(run: Run, config: Path, identity: Path, tmp_path: Path) -> None:
    out = backed_up(run, config)
    assert "is there already" in run("backup", config, out, "--to", ME.recipient).err
    said = run("restore", out, "--into", config.parent, "--identity", identity)
    assert said.code == 2 and "is not empty" in said.err
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    assert run("restore", out, "--into", link, "--identity", identity).code == 2


def test_what_is_outside_the_folder_is_said(run: Run, identity: Path, tmp_path: Path) -> None:
    config = site(run, tmp_path / "etc", f'[lake]\nfolder = "{tmp_path / "var" / "lake"}"')
    said = run("restore", backed_up(run, config), "--into", tmp_path / "new", "--identity", identity)
    assert f"Belongs to {tmp_path}/var/lake: {tmp_path}/new/elsewhere{tmp_path}/var/lake" in said.out
    assert (tmp_path / "new" / "elsewhere" / str(tmp_path)[1:] / "var" / "lake" / "plant.json").is_file()


def test_a_state_in_postgresql_comes_back(
    run: Run, cluster: Cluster, identity: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEWARDEN_STATE_PASSWORD", PASSWORD)
    url, empty = cluster.new_database(), cluster.new_database()
    config = site(run, tmp_path / "site", f'[state]\nurl = "{url}"')
    out = backed_up(run, config)
    command = ("restore", out, "--identity", identity, "--state", empty, "--into")
    said = run(*command, tmp_path / "new")
    assert said.code == 0, said.err
    restored = tmp_path / "new" / "linewarden.toml"
    restored.write_text(restored.read_text().replace(url, empty))
    assert run("audit", "verify", restored, "--json").json == {
        **run("audit", "verify", config, "--json").json, "entries": 13, "heads": 1,
        "covered": 13, "root": run("audit", "verify", restored, "--json").json["root"],
    }  # fmt: skip
    old, new = open_state(url, password=PASSWORD), open_state(empty, password=PASSWORD)
    assert new.events() == old.events()
    new.add_events([Event.now("info", "here", "after")])
    assert new.events(limit=1)[0].text == "after"
    for state in (old, new):
        state.close()
    again = run(*command, tmp_path / "again")
    assert again.code == StoreError.exit_code and "is not empty" in again.err


@pytest.fixture
def cluster() -> object:
    if why := why_not():
        pytest.skip(why)
    found = Cluster()
    yield found
    found.end()


@pytest.mark.skipif(shutil.which("age") is None, reason="the program age is not installed")
def test_other_programs_open_it_too(run: Run, config: Path, identity: Path) -> None:
    out = backed_up(run, config)
    plain = subprocess.run(["age", "-d", "-i", identity, out], capture_output=True, check=True).stdout
    listed = subprocess.run(["tar", "t"], input=plain, capture_output=True, check=True).stdout.decode().split()
    assert {"backup.json", "linewarden.toml", "data/state.db", "data/audit.key", "expected.toml"} <= set(listed)


def test_a_key_is_as_age_writes_it(run: Run) -> None:
    comment, key = run("backup", "key").out.splitlines()
    assert comment == f"# public key: {Identity.parse(key).recipient}"
