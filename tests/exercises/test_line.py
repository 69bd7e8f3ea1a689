"""The plant as data holds together."""

import pkgutil
from importlib.util import find_spec

from netaddr import EUI

from linewarden.exercises import devices
from linewarden.exercises.line import DEVICES, ROUTER_MACS, ZONES, gateway


def test_there_are_enough_devices_of_every_kind_that_a_line_has() -> None:
    assert len(DEVICES) >= 14
    roles = {device.role for device in DEVICES.values()}
    assert {
        "controller", "remote I/O", "drive", "HMI", "SCADA server", "historian", "engineering workstation",
        "MQTT broker", "edge gateway", "MES", "switch", "remote access", "workstation", "safety controller",
    } <= roles  # fmt: skip


def test_addresses_and_macs_are_unique_and_macs_have_a_vendor() -> None:
    addresses = [d.address for d in DEVICES.values()] + [gateway(zone) for zone in ZONES]
    macs = [d.mac for d in DEVICES.values()] + list(ROUTER_MACS.values())
    assert len(set(addresses)) == len(addresses)
    assert len(set(macs)) == len(macs)
    assert all(EUI(mac).oui.registration().org for mac in macs)


def test_every_kind_has_its_file_and_every_file_a_device() -> None:
    kinds = {device.kind for device in DEVICES.values() if device.kind}
    files = {m.name for m in pkgutil.iter_modules(devices.__path__) if not m.name.startswith("_")}
    assert kinds == files
    assert all(find_spec(f"linewarden.exercises.devices.{kind}") for kind in kinds)


def test_what_listens_has_somebody_to_play_it() -> None:
    assert not [d.name for d in DEVICES.values() if d.listens and not d.kind]
