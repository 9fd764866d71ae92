"""From where a request comes, as the last proxy saw it. Pure."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any


def address_of(request: Any, proxies: int = 1) -> str:
    """The address that a tornado request comes from, through so many proxies of ours; "" when none told a real one.

    Each proxy adds what it saw to X-Forwarded-For. What stands before our own entries, and X-Real-IP, are the
    browser's to invent, and would let somebody try as many passwords as they can invent addresses.
    """
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    told = seen[-min(proxies, len(seen))] if seen and proxies else getattr(request, "remote_ip", None) or ""
    try:
        return str(ip_address(told))
    except ValueError:
        return ""
