"""Which addresses a vendor's link may lead to: every form in which an inner one can be written."""

import ipaddress

import pytest

from billing_vendors.base.client.addresses import is_in_our_network, is_loopback, is_public

INNER = ["127.0.0.1", "10.0.0.7", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3"]  # noqa: S104 (judged, not listened on)


def written_into_ipv6(address):
    """Every way in which an IPv6 address carries an IPv4 address."""
    a, b, c, d = address.split(".")
    high, low = f"{int(a):02x}{int(b):02x}", f"{int(c):02x}{int(d):02x}"
    return {
        "mapped": f"::ffff:{address}",
        "compatible": f"::{address}",
        "translated": f"::ffff:0:{address}",
        "NAT64": f"64:ff9b::{address}",
        "NAT64 within a network": f"64:ff9b:1::{address}",
        "6to4": f"2002:{high}:{low}::1",
        "Teredo": f"2001:0:{high}:{low}::1",
        "ISATAP": f"2001:4860::5efe:{address}",
        "ISATAP, unique": f"2001:4860::200:5efe:{address}",
    }


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_not_public_in_any_form(address):
    assert not is_public(ipaddress.ip_address(address))
    for form, written in written_into_ipv6(address).items():
        assert not is_public(ipaddress.ip_address(written)), form


@pytest.mark.parametrize(
    "address",
    [
        *["192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"],
        *["240.0.0.1", "255.255.255.255", "::", "::1", "100::1", "2001::1", "2001:db8::1", "3fff::1", "5f00::1"],
        *["fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "fe80::1%eth0"],
    ],
)
def test_what_is_reserved_is_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [*["8.8.8.8", "104.16.0.1", "2606:4700::1111", "2a00:1450:4001::200e"], *["64:ff9b::8.8.8.8", "2002:808:808::1"]],
)
def test_public_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))


def test_a_cloud_s_metadata_is_in_nobody_s_network():
    """Where the simulator has a container of its own, private addresses are fine, and that one is not."""
    assert is_in_our_network(ipaddress.ip_address("172.18.0.5"))
    for address in ("169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "8.8.8.8"):
        assert not is_in_our_network(ipaddress.ip_address(address))


def test_this_machine_is_this_machine_in_every_form():
    for address in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"):
        assert is_loopback(ipaddress.ip_address(address))
    for address in ("10.0.0.7", "8.8.8.8", "::"):
        assert not is_loopback(ipaddress.ip_address(address))
