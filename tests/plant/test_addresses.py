"""What an address says about whose it is."""

import ipaddress

import pytest
from hypothesis import given, strategies as st

from linewarden.plant import addresses as ad


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("001B.1B12.3456", "00:1b:1b:12:34:56"),
        ("00-1b-1B-12-34-56", "00:1b:1b:12:34:56"),
        ("001b1b123456", "00:1b:1b:12:34:56"),
        (" 10.0.0.1 ", "10.0.0.1"),
        ("FE80::0001", "fe80::1"),
        ("10.0.0.256", None),
        ("press 1", None),
        ("", None),
    ],
)
def test_any_usual_notation(text, expected):
    assert ad.canonical(text) == expected


@pytest.mark.parametrize(
    "mac", ["00:00:5e:00:01:07", "00:00:0c:07:ac:01", "00:00:0c:9f:f0:01", "ff:ff:ff:ff:ff:ff", ""]
)
def test_macs_that_are_no_device(mac):
    assert not ad.usable_mac(mac)


@pytest.mark.parametrize("ip", ["0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1", "0.1.2.3", "", None, "plc"])
def test_ips_that_are_no_device(ip):
    assert not ad.usable_ip(ip)


def test_public_and_near():
    assert ad.is_public("8.8.8.8") and not ad.is_public("10.0.0.1") and not ad.is_public("224.0.0.1")
    assert ad.near("00:0e:8c:00:00:10", "00:0e:8c:00:00:11")
    assert not ad.near("00:0e:8c:00:00:10", "00:0e:8d:00:00:10")


def test_order_puts_given_macs_before_made_up_ones_and_ipv4_before_ipv6():
    mixed = ["fe80::1", "10.0.0.10", "02:00:00:00:00:01", "10.0.0.9", "00:1b:1b:00:00:10"]
    assert sorted(mixed, key=ad.order) == [
        "00:1b:1b:00:00:10", "02:00:00:00:00:01", "10.0.0.9", "10.0.0.10", "fe80::1"
    ]  # fmt: skip


@given(number=st.one_of(st.integers(0, 0xFFFFFFFF), st.integers(0, 255).map(lambda first: first << 24 | 1)))
def test_ipv4_is_judged_as_the_standard_library_does(number):
    ip = ipaddress.IPv4Address(number)
    group = ip.is_multicast or number == 0xFFFFFFFF
    assert ad.is_group(str(ip)) == group
    assert ad.usable_ip(str(ip)) == (not group and number >> 24 != 0)
    assert ad.order(str(ip)) == (4, number, "")
    assert ad.is_loopback(str(ip)) == ip.is_loopback and ad.is_link_local(str(ip)) == ip.is_link_local


_EXAMPLES = [ipaddress.IPv4Network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


@given(
    number=st.one_of(
        st.integers(0, 0xFFFFFFFF),
        st.builds(
            lambda first, second, rest: first << 24 | second << 16 | rest,
            st.sampled_from([10, 100, 127, 169, 172, 192, 198, 203, 224, 240]),
            st.sampled_from([0, 15, 16, 18, 31, 32, 51, 63, 64, 127, 128, 168, 254]),
            st.integers(0, 0xFFFF),
        ),
    ).filter(lambda number: number >> 8 != 0xC00000)  # what of 192.0.0.0/24 is global differs between versions
)
def test_what_the_internet_routes_is_what_the_standard_library_calls_global_and_examples(number):
    ip = ipaddress.IPv4Address(number)
    routed = (ip.is_global or any(ip in net for net in _EXAMPLES)) and not ip.is_multicast
    assert ad.is_public(str(ip)) == routed


def test_protocol_assignments_are_not_public():
    assert not ad.is_public("192.0.0.1")


@pytest.mark.parametrize("text", ["10.0.0.01", "10.0.0", "10.0.0.256", "1.2.3.4.5", "10.0.0.-1", "\u0661.2.3.4"])
def test_what_looks_like_ipv4_and_is_none(text):
    assert not ad.usable_ip(text) and not ad.is_group(text) and ad.order(text) == (9, 0, text)
