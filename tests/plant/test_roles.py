"""Roles, their reasons, and levels."""

import re

import pytest

from linewarden.plant import Role, roles
from linewarden.plant.roles import Facts, judge, level
from linewarden.sensor.texts import matching


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("6ES7 315-2EH14-0AB0", Role.CONTROLLER),
        ("6ES7 315-2FJ14-0AB0", Role.SAFETY_CONTROLLER),
        ("CPU 1512F-1 PN", Role.SAFETY_CONTROLLER),
        ("6ES7 151-3BA23-0AB0", Role.IO),
        ("Siemens, SIMATIC NET, SCALANCE X212-2, 6GK5 212-2BB00-2AA3", Role.SWITCH),
        ("1756-L61/B LOGIX5561", Role.CONTROLLER),
        ("1734-AENTR/B", Role.IO),
        ("PowerFlex 525", Role.DRIVE),
        ("FC-302", Role.DRIVE),
        ("BMX P34 2020", Role.CONTROLLER),
        ("6AV2 124-0GC01-0AX0", Role.HMI),
        ("SIMATIC WinCC", Role.SCADA),
        ("HP LaserJet 4250", Role.PRINTER),
        ("Windows Server (R) 2008 Standard 6002 Service Pack 2", Role.SERVER),
        ("Windows 2002 Service Pack 3 2600", Role.WORKSTATION),
    ],
)
def test_nameplates(text, role):
    verdict = judge(Facts(said={text: "s7comm"}))
    assert verdict.role is role
    assert text[:20] in verdict.reasons[0]


def test_nothing_known_is_unknown():
    verdict = judge(Facts(uses={"dns"}))
    assert (verdict.role, verdict.confidence, verdict.reasons) == (Role.UNKNOWN, 0.0, ())


def test_reasons_add_up_and_contradiction_lessens_confidence():
    one = judge(Facts(serves={"s7comm"}))
    two = judge(Facts(serves={"s7comm"}, said={"CPU 315-2 PN/DP": "s7comm"}))
    torn = judge(Facts(serves={"s7comm"}, said={"CPU 315-2 PN/DP": "s7comm", "hmi": "http"}))
    assert one.role is two.role is torn.role is Role.CONTROLLER
    assert one.confidence < two.confidence and torn.confidence < two.confidence


def test_what_it_does():
    assert judge(Facts(polls={"a", "b", "c", "d"})).role is Role.SCADA
    assert judge(Facts(polls={"a"})).role is Role.HMI
    assert judge(Facts(polls={"a"}, verbs={"program_download", "stop"})).role is Role.ENGINEERING
    assert judge(Facts(uses={"stp"})).role is Role.SWITCH
    assert judge(Facts(serves={"dnp3"})).role is Role.RTU


def test_who_made_it_is_a_guess_where_nothing_else_is_said():
    for vendor, role in (("Westermo Network Technologies AB", Role.SWITCH), ("congatec GmbH", Role.HMI)):
        verdict = judge(Facts(vendors={vendor}))
        assert verdict.role is role and verdict.confidence < 0.6
    assert judge(Facts(vendors={"Moxa Technologies"})).role is Role.UNKNOWN


def test_a_panel_pc_is_a_panel_before_a_workstation():
    facts = Facts(names={"PANELPC02"}, vendors={"congatec GmbH"}, said={"Windows 5.1.2600": "smb"}, uses={"smb"})
    assert judge(facts).role is Role.HMI


def test_a_scada_server_on_windows_is_scada_before_server():
    verdict = judge(Facts(polls={"a", "b", "c"}, said={"Windows Server 2019": "smb"}, serves={"smb", "rdp", "tds"}))
    assert verdict.role is Role.SCADA


@pytest.mark.parametrize(
    ("role", "facts", "expected"),
    [
        (Role.CONTROLLER, Facts(), 1),
        (Role.DRIVE, Facts(), 0),
        (Role.SERVER, Facts(talks_ot=True), 3),
        (Role.SERVER, Facts(talks_ot=True, polls={"a"}), 2),
        (Role.WORKSTATION, Facts(), 4),
        (Role.SERVER, Facts(public=True), 5),
        (Role.SWITCH, Facts(), None),
        (Role.UNKNOWN, Facts(), None),
    ],
)
def test_levels(role, facts, expected):
    assert level(role, facts) == expected


def test_a_drive_that_answers_modbus_is_a_drive():
    said = {"FC-302": "modbus", "Danfoss": "modbus"}
    verdict = judge(Facts(said=said, vendors={"Danfoss", "Danfoss Drives A/S"}, serves={"modbus"}, asked_by={"plc"}))
    assert verdict.role is Role.DRIVE


def test_an_mes_that_reads_a_scada_server_is_no_panel():
    facts = Facts(names={"MES connector"}, said={"MES connector": "opcua"}, polls={"scada"}, talks_ot=True)
    assert (judge(facts).role, level(Role.MES, facts)) == (Role.MES, 3)


def test_many_texts_are_searched_as_each_by_itself():
    texts = ["SIMATIC S7-1500", "Scalance X208", "nothing of note", "", "\u0130ntouch", "HMI"] * 2
    pattern = roles._ANY_WORDS
    assert matching(texts, pattern) == {t for t in texts if re.search(pattern, t.lower())}
    with pytest.raises(ValueError, match="unclosed"):
        matching(["x"], "(")
