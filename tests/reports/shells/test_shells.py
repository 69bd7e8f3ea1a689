"""Asset Administration Shells: another reader of the format finds in them what the plant says."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("basyx.aas", reason="pip install 'linewarden[aas]'")

from basyx.aas import model
from basyx.aas.adapter.aasx import AASXReader, DictSupplementaryFileContainer
from basyx.aas.adapter.json import read_aas_json_file
from basyx.aas.adapter.xml import read_aas_xml_file
from tests.reports.factory import HOSTILE

from linewarden.plant.model import Asset, Role, Service
from linewarden.reports.shells.elements import Names, id_short
from linewarden.reports.shells.package import environment, package
from linewarden.reports.shells.shell import NAMEPLATE, Value

PRESS = Asset(
    id="00:1c:06:00:00:05", name="Press 4", macs=("00:1c:06:00:00:05",), ips=("10.0.0.5",), vendor="Siemens",
    model="CPU 1516-3 PN/DP", order_number="6ES7 516-3AN02-0AB0", serial="S C-1", firmware="V2.9.4",
    role=Role.CONTROLLER, level=1.0, serves=(Service("s7comm", 102, "tcp", 2),),
    first_seen=10**18, last_seen=10**18 + 1,
)  # fmt: skip
OIL = Value("Oil temperature", "opcua", 54.5, 10**18, 20.0, 61.0, ucum="Cel", description="of the main bearing")


def read(data: bytes, form: str) -> model.DictIdentifiableStore[Any]:
    store: model.DictIdentifiableStore[Any] = model.DictIdentifiableStore()
    if form == "aasx":
        with AASXReader(io.BytesIO(data)) as reader:
            reader.read_into(store, DictSupplementaryFileContainer())  # type: ignore[no-untyped-call]
        return store
    reader_of: Any = read_aas_json_file if form == "json" else read_aas_xml_file
    found = reader_of(io.StringIO(data.decode()) if form == "json" else io.BytesIO(data), failsafe=False)
    for one in found:
        store.add(one)
    return store


def part(store: model.DictIdentifiableStore[Any], name: str) -> Any:
    return next(one for one in store if isinstance(one, model.Submodel) and one.id_short == name)


@pytest.mark.parametrize("form", ["aasx", "json", "xml"])
def test_another_reader_finds_nameplate_services_and_values(form: str) -> None:
    store = read(package(environment([PRESS], {PRESS.id: [OIL]}, "works 1"), form), form)
    nameplate = part(store, "Nameplate")
    assert nameplate.semantic_id is not None and nameplate.semantic_id.key[0].value == NAMEPLATE
    said = {e.id_short: e for e in nameplate.submodel_element}
    assert said["ManufacturerName"].value["en"] == "Siemens"
    assert said["OrderCodeOfManufacturer"].value == "6ES7 516-3AN02-0AB0"
    assert said["FirmwareVersion"].value == "V2.9.4"
    services = part(store, "NetworkIdentity").get_referable("Services")
    assert services.get_referable("s7comm_tcp_102").get_referable("Port").value == 102
    oil = part(store, "ProcessValues").get_referable("Oil_temperature")
    value = oil.get_referable("Value")
    assert value.value == 54.5
    assert value.embedded_data_specifications[0].data_specification_content.unit == "Cel"
    assert oil.get_referable("At").value.timestamp() == 10**9


def test_what_nobody_said_is_left_out() -> None:
    bare = Asset(id="10.0.0.9", name="10.0.0.9", ips=("10.0.0.9",))
    store = environment([bare], {}, "default")
    assert list(part(store, "Nameplate").submodel_element) == []
    assert not any(isinstance(one, model.Submodel) and one.id_short == "ProcessValues" for one in store)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("form", ["aasx", "json", "xml"])
def test_whatever_a_device_calls_itself_can_be_read_again(hostile: str, form: str) -> None:
    asset = replace(PRESS, name=hostile, vendor=hostile, model=hostile, serial=hostile, location=hostile)
    values = [Value(hostile, "modbus", 1.0, 1, 0.0, 1.0), Value(hostile, "modbus", 2.0, 1, 0.0, 1.0)]
    store = read(package(environment([asset], {asset.id: values}, hostile), form), form)
    assert len(list(part(store, "ProcessValues").submodel_element)) == 2


def test_names_are_allowed_and_told_apart() -> None:
    names = Names()
    assert [names.next(n) for n in ("4 Press", "4_press", "", "Tänk/1")] == ["n_4_Press", "n_4_press_2", "n", "T_nk_1"]
    assert len(id_short("x" * 300)) == 128


def test_two_sites_have_shells_of_their_own() -> None:
    ids = [{one.id for one in environment([PRESS], {}, site)} for site in ("north", "south")]
    assert not ids[0] & ids[1]


def test_json_is_text_in_one_piece() -> None:
    found = json.loads(package(environment([PRESS], {}, "x"), "json"))
    assert [s["idShort"] for s in found["assetAdministrationShells"]] == ["Press_4"]
