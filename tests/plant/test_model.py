"""The plant as plain values."""

import json

from linewarden.plant import Asset, Conversation, Plant, Role, Severity, as_dict


def test_as_dict_is_plain_json():
    plant = Plant(
        assets=(Asset("a", "A", role=Role.HMI),), conversations=(Conversation("a", "b", verbs=(("read", 2),)),)
    )
    data = json.loads(json.dumps(as_dict(plant)))
    assert data["assets"][0]["role"] == "hmi"
    assert data["conversations"][0]["verbs"] == [["read", 2]]
    assert data["names"] is None


def test_an_asset_is_found_by_id_and_by_every_address():
    asset = Asset("00:1b:1b:00:00:10", "A", macs=("00:1b:1b:00:00:10", "00:1b:1b:00:00:11"), ips=("10.0.0.1",))
    plant = Plant(assets=(asset,))
    assert all(plant.asset(x) is asset for x in ("00:1b:1b:00:00:11", "10.0.0.1"))
    assert plant.asset("10.0.0.2") is None


def test_severities_are_ordered_worst_first():
    assert sorted(Severity, key=lambda s: s.order)[0] is Severity.CRITICAL
