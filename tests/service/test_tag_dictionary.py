"""What is known of tags: by machines, by people over them, from a command, a table and the console."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linewarden.cli import main
from linewarden.collectors.contract import Tag
from linewarden.errors import ConfigError, StoreError
from linewarden.service.tag_dictionary.editing import found_tag, say
from linewarden.service.tag_dictionary.facts import Facts
from linewarden.service.tag_dictionary.files import Dictionary, facts_of_machines, keep, known_facts
from linewarden.service.tag_dictionary.importing import read_table
from linewarden.service.values.tag import TagKey

LEVEL = TagKey("10.0.0.5", "modbus", 1, "holding_register", None, 40)
SPEED = TagKey("10.0.0.5", "opcua", None, None, "ns=2;s=Speed", 0)
TWIN = TagKey("10.0.0.6", "opcua", None, None, "ns=2;s=Speed", 0)
TAGS = [LEVEL, SPEED, TWIN]


def machines_say(lake: Path, *tags: Tag) -> None:
    keep(lake / "tags-said-1.json", facts_of_machines(tags))


def test_a_person_knows_better_than_a_machine(tmp_path: Path) -> None:
    machines_say(
        tmp_path, Tag("10.0.0.5", "opcua", "ns=2;s=Speed", ucum="/min", description="Speed", low=0.0, high=9.0)
    )
    say(tmp_path, {SPEED: {"ucum": "{rev}/min", "alias": "Mixer"}})
    assert known_facts(tmp_path)[SPEED] == Facts("{rev}/min", "Speed", "", 0.0, 9.0, "Mixer")
    say(tmp_path, {SPEED: {"ucum": ""}})
    assert known_facts(tmp_path)[SPEED].ucum == "/min"


def test_what_makes_no_sense_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ns=2;s=Speed.*`kW\.h`"):
        say(tmp_path, {LEVEL: {"ucum": "bar"}, SPEED: {"ucum": "kWh"}})
    assert known_facts(tmp_path) == {}
    for said, words in (
        ({"low": "5", "high": "5"}, "not below"), ({"low": "much"}, "no number"), ({"colour": "red"}, "no such field"),
        ({"alias": "x" * 201}, "at most 200"), ({"alias": "a\x1b[2J"}, "cannot be shown"),
        ({"high": "nan"}, "no number"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=words):
            say(tmp_path, {LEVEL: said})


def test_a_tag_is_found_by_what_tells_it_apart(tmp_path: Path) -> None:
    say(tmp_path, {TWIN: {"alias": "Second mixer"}})
    known = known_facts(tmp_path)
    assert found_tag(TAGS, "holding_register 40") == LEVEL
    assert found_tag(TAGS, SPEED.id) == SPEED
    assert found_tag(TAGS, "ns=2;s=Speed", "10.0.0.6") == TWIN
    assert found_tag(TAGS, "Second mixer", known=known) == TWIN
    with pytest.raises(ConfigError, match="2 tags have this name"):
        found_tag(TAGS, "ns=2;s=Speed")
    with pytest.raises(ConfigError, match="no such tag"):
        found_tag(TAGS, "Speed")


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return path


def test_a_table_says_it_of_many(tmp_path: Path) -> None:
    text = (
        "source;area;address;name;ucum;alias;last\n# a comment\n10.0.0.5;holding_register;40;;bar;Filler;7\n"
        "10.0.0.6;;;ns=2;;\n"
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"t\.csv, line 4: .*no tag of this lake fits"):
        read_table(table(tmp_path, text), TAGS, {})
    text = text.replace("ns=2;;\n", "ns=2;s=Speed;;\n").replace(";", "\t").replace("ns=2\ts", "ns=2;s")
    found = read_table(table(tmp_path, text), TAGS, {})
    assert found == {LEVEL: {"ucum": "bar", "alias": "Filler"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("name,unti\nx,y\n", "line 1, column 2: unknown column 'unti'; did you mean `unit`"),
        ("alias,ucum\nx,bar\n", "names no tags"),
        ("name,ucum\nns=2;s=Speed,bar\n", "line 2: fits 2 tags"),
        (f"id,ucum\n{LEVEL.id},psi\n", r"line 2: .*`\[psi\]`"),
        ("id,ucum\n0123,bar\n", "line 2: id '0123': no such tag"),
        (f"id,ucum\n{LEVEL.id},bar\n{LEVEL.id},mbar\n", "line 3: says something else"),
        ("name,name\na,b\n", "comes twice"),
        ('name,ucum\n"a,b\n', "not CSV"),
        ("source,protocol,area,address,ucum\na,b,c,x1,m\n", "line 2: address 'x1'"),
    ],
)
def test_a_wrong_table_is_said_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_table(table(tmp_path, text), TAGS, {})


def test_a_tag_without_values_may_be_told_of_before(tmp_path: Path) -> None:
    text = "source,protocol,name,ucum\n10.0.0.9,sparkplug,Line1/Oven/Temp,Cel\n"
    found = read_table(table(tmp_path, text), TAGS, {})
    assert found == {TagKey("10.0.0.9", "sparkplug", None, None, "Line1/Oven/Temp", 0): {"ucum": "Cel"}}


def test_a_damaged_file_is_said_and_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "tags.json").write_text('{"version": 1, "rows": [[')
    with pytest.raises(StoreError, match=r"tags\.json: damaged"):
        say(tmp_path, {LEVEL: {"ucum": "bar"}})
    dictionary = Dictionary(tmp_path)
    assert dictionary.of(LEVEL) == Facts()
    assert "damaged" in dictionary.wrong


def test_who_looks_sees_what_was_said_just_now(tmp_path: Path) -> None:
    dictionary = Dictionary(tmp_path)
    assert dictionary.of(LEVEL) == Facts()
    say(tmp_path, {LEVEL: {"ucum": "bar"}})
    dictionary.soon()
    assert dictionary.of(LEVEL).ucum == "bar"


def test_what_is_said_is_in_the_audit_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say(tmp_path, {LEVEL: {"ucum": "bar"}})
    assert main(["audit", "list", str(tmp_path / "tags.json"), "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert any("tags.describe" in json.dumps(e) and "holding_register 40" in json.dumps(e) for e in entries)
