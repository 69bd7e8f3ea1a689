"""The names file: what it may say, what it corrects, and where it is wrong."""

import pytest

from linewarden.errors import ConfigError
from linewarden.plant import Names, Role, parse_names_csv

PLC = "00:1b:1b:00:00:10"


def test_a_file_as_excel_saves_it():
    names = parse_names_csv(
        "\ufeffAddress;Name;Zone;Role;Line\r\n00-1B-1B-00-00-10;Press 1;Cell A;controller;L1\r\n;;;;\r\n"
    )
    (row,) = names.rows
    assert (row.address, row.name, row.zone, row.role, row.line, row.row) == (
        PLC, "Press 1", "Cell A", Role.CONTROLLER, "L1", 2
    )  # fmt: skip


def test_rows_of_a_sheet():
    names = Names.from_rows([["address", "name"], ["10.0.0.1", 7], [None, None]])
    assert [(r.address, r.name) for r in names.rows] == [("10.0.0.1", "7")]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "empty"),
        ("name,zone\na,b\n", "no column 'address'"),
        ("address,colour\n", "column 2: unknown column 'colour'"),
        ("address,name,name\n", "column 3"),
        ("address,name\n10.0.0.300,x\n", "line 2, column address: '10.0.0.300'"),
        ("address,role\n10.0.0.1,boss\n", "line 2, column role: 'boss'"),
        ("address,name\n10.0.0.1,x\n10.0.0.2,y\n10.0.0.1,z\n", "lines 2 and 4, column name"),
        ("address,name,zone\n10.0.0.1,x,A\n10.0.0.2,x,B\n", "lines 2 and 3, column zone"),
        ('address,name\n10.0.0.1,"x\n', "not CSV"),
        ("address,name\n10.0.0.1,x,y\n", "more cells"),
    ],
)
def test_errors_name_line_and_column(text, where):
    with pytest.raises(ConfigError, match=where):
        parse_names_csv(text)


def test_names_enrich_correct_and_report(make):
    names = parse_names_csv("address,name,zone,role,line\n10.0.0.1,Press,Cell A,drive,L1\n10.0.0.77,Ghost,,,\n")
    p = make.plant(names, conn=[make.conn("10.0.0.9", "10.0.0.1", 102, "s7comm")])
    a = p.asset("10.0.0.1")
    assert (a.name, a.zone, a.role, a.line, a.level) == ("Press", "Cell A", Role.DRIVE, "L1", 0)
    assert p.names.matched == (("10.0.0.1", "10.0.0.1"),)
    assert p.names.not_seen == (("10.0.0.77", "Ghost"),)
    assert p.names.unnamed == ("10.0.0.9",)
    assert p.names.corrected == (("10.0.0.1", "role", "controller", "drive"),)
    assert any(e.source == "names" and "line 2" in e.detail for e in a.evidence)


def test_one_name_for_two_addresses_makes_one_device(make):
    names = parse_names_csv("address,name\n10.0.0.1,SCADA\n10.1.0.1,SCADA\n")
    p = make.plant(names, conn=[make.conn("10.0.0.1", "10.0.0.5"), make.conn("10.1.0.1", "10.1.0.5")])
    assert p.asset("10.1.0.1").ips == ("10.0.0.1", "10.1.0.1")
    assert p.asset("10.0.0.1").peers == ("10.0.0.5", "10.1.0.5")
