"""Whether browsers offer security keys at the hub's address."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from hub.second_factor.model import Site


def site_of(public_url: str) -> Site | None:
    """What keys are bound to; None where browsers offer none: at an IP address, or without TLS."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        if host and (parts.scheme == "https" or host == "localhost"):
            return Site(host, f"{parts.scheme}://{parts.netloc}")
    return None
