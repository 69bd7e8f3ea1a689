"""Whom IEEE gave a prefix to: as netaddr says, without its index."""

import random

import netaddr
import pytest
from netaddr.eui import ieee

from linewarden.plant import vendors


def test_a_prefix_is_its_holders_and_one_that_nobody_has_is_nobodys():
    assert vendors.registered("00:1b:1b") == "Siemens AG"
    assert vendors.registered("fe:ff:ff") is None


@pytest.mark.parametrize("number", random.Random(7).sample(sorted(ieee.OUI_INDEX), 100))
def test_each_holder_is_the_one_that_netaddr_names(number):
    text = f"{number:06x}"
    holder = netaddr.OUI(number).registration().org.strip(" ,")
    assert vendors.registered(f"{text[:2]}:{text[2:4]}:{text[4:]}") == (holder or None)
