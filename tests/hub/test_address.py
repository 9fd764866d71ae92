"""Whose address an attempt counts against cannot be chosen by who makes it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hub.address import address_of


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ("192.0.2.7", 1, "192.0.2.7"),
        ("10.0.0.1, 192.0.2.7", 1, "192.0.2.7"),
        ("10.0.0.1, 192.0.2.7, 172.18.0.2", 2, "192.0.2.7"),
        ("192.0.2.7", 2, "192.0.2.7"),
        ("10.0.0.1,,192.0.2.7,", 1, "192.0.2.7"),
        ("2001:DB8::1", 1, "2001:db8::1"),
        ("", 1, "198.51.100.3"),
        ("10.0.0.1", 0, "198.51.100.3"),
        ("alice's password", 1, ""),
        ("192.0.2.7:5555", 1, ""),
    ],
)
def test_the_last_entries_are_our_proxies(forwarded: str, proxies: int, address: str) -> None:
    headers = {"X-Forwarded-For": forwarded, "X-Real-Ip": "203.0.113.1"}
    assert address_of(SimpleNamespace(headers=headers, remote_ip="198.51.100.3"), proxies) == address


def test_a_request_without_any_address_has_none() -> None:
    assert address_of(SimpleNamespace(headers={})) == ""
