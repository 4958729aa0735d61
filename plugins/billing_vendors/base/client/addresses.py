"""
Tell addresses of the public internet from those of this machine or of a private network.

Python's own tables differ between releases, so the networks that some release lacks are listed here.
Source: IANA's special-purpose address registries, checked 2026-11-22.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "100.64.0.0/10",  # shared by a provider's customers
            "192.0.0.0/24",  # protocol assignments
            "192.88.99.0/24",  # 6to4 relay, deprecated
            "64:ff9b:1::/48",  # NAT64 within a network
            "100::/64",  # discarded
            "2001::/23",  # protocol assignments, Teredo
            "3fff::/20",  # documentation
            "5f00::/16",  # segment routing
            "fec0::/10",  # site-local
        ),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)  # the half of an interface identifier that precedes an IPv4 address


def is_public(address: Address) -> bool:
    """Return whether an address, and the IPv4 address it may contain, is on the public internet."""
    return all(map(_is_public, forms(address)))


def is_loopback(address: Address) -> bool:
    """Return whether an address is this machine's, in whatever form it is written."""
    return all(form.is_loopback for form in forms(address))


def is_in_our_network(address: Address) -> bool:
    """Return whether an address is private; a link-local one, as of a cloud's metadata service, is not."""
    return all(form.is_private and not form.is_link_local and not form.is_multicast for form in forms(address))


def forms(address: Address) -> list[Address]:
    """Return an address and the IPv4 address that it may contain: mapped, 6to4, ISATAP, or through NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped or address in _NAT64:
        return [last]
    if address.sixtofour:
        return [address, address.sixtofour]
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return [address, last]
    return [address]


def _is_public(address: Address) -> bool:
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
