"""One network per open workspace: internal, with no host address on it, holding the workspace and the hub's door."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import IPv4Network, ip_network

import docker
from docker.errors import APIError, NotFound
from docker.types import IPAMConfig, IPAMPool

from hub.launcher.engine import ENGINE_ERRORS, EngineError, connect, explain
from hub.words import say

# 4 host addresses beside the bridge's own are more than the two containers need; 8192 networks fit into a /16.
SUBNET_PREFIX = 29

# `internal` alone leaves every port of the host open on the bridge's address: the bridge gets none.
# The first option is read by engines before 28, the second from 28 on; each ignores the other.
_NO_HOST_ADDRESS = {
    "com.docker.network.bridge.inhibit_ipv4": "true",
    "com.docker.network.bridge.gateway_mode_ipv4": "isolated",
}

# Choosing a free subnet and creating it must be one step.
_allotting = threading.Lock()


def next_subnet(supernet: IPv4Network, taken: Iterable[IPv4Network]) -> IPv4Network | None:
    """The first /29 of `supernet` that overlaps none of `taken`; None when all are taken. Pure."""
    held = [network for network in taken if network.overlaps(supernet)]
    for candidate in supernet.subnets(new_prefix=SUBNET_PREFIX):
        if not any(candidate.overlaps(network) for network in held):
            return candidate
    return None


def ensure_network(
    name: str, labels: Mapping[str, str], supernet: IPv4Network, client: docker.APIClient | None = None
) -> IPv4Network:
    """Make the network `name` anew and return its subnet. What an earlier session left of it is removed first.

    Raises: EngineError.
    """
    try:
        engine = client or connect()
        drop_network(name, engine)
        with _allotting:
            return _create(engine, name, labels, supernet)
    except ENGINE_ERRORS as error:
        raise EngineError(explain(error)) from error


def attach(name: str, container: str, alias: str, client: docker.APIClient | None = None) -> None:
    """Put `container` on the network `name` as `alias`; nothing to do when it is there. Raises: EngineError."""
    try:
        (client or connect()).connect_container_to_network(container, name, aliases=[alias])
    except APIError as error:
        if "already exists" not in str(error.explanation):
            raise EngineError(explain(error)) from error
    except ENGINE_ERRORS as error:
        raise EngineError(explain(error)) from error


def drop_network(name: str, client: docker.APIClient | None = None) -> None:
    """Take everything off the network `name` and remove it; nothing to do when it is not there. Raises: EngineError."""
    try:
        engine = client or connect()
        try:
            found = engine.inspect_network(name)
        except NotFound:
            return
        for container in found.get("Containers") or {}:
            with suppress(NotFound):
                engine.disconnect_container_from_network(container, name, force=True)
        with suppress(NotFound):
            engine.remove_network(name)
    except ENGINE_ERRORS as error:
        raise EngineError(explain(error)) from error


def _create(engine: docker.APIClient, name: str, labels: Mapping[str, str], supernet: IPv4Network) -> IPv4Network:
    refused: set[IPv4Network] = set()
    while subnet := next_subnet(supernet, _taken(engine) | refused):
        try:
            engine.create_network(
                name,
                driver="bridge",
                internal=True,
                check_duplicate=True,
                enable_ipv6=False,
                options=dict(_NO_HOST_ADDRESS),
                ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=str(subnet))]),
                labels=dict(labels),
            )
        except APIError as error:
            if "overlaps" not in str(error.explanation) or len(refused) > 16:
                raise
            refused.add(subnet)  # another process was faster
        else:
            return subnet
    raise EngineError(
        say("All workspace networks are taken; close a workspace, or ask an operator for a larger range.")
    )


def _taken(engine: docker.APIClient) -> set[IPv4Network]:
    pools = (pool for network in engine.networks() for pool in (network["IPAM"] or {}).get("Config") or ())
    subnets = (ip_network(pool["Subnet"], strict=False) for pool in pools if pool.get("Subnet"))
    return {subnet for subnet in subnets if isinstance(subnet, IPv4Network)}
