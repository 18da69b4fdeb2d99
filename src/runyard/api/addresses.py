"""Where a request comes from, past the proxies that the operator trusts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection

_FORWARDED = "x-forwarded-for"
_PROTOCOL = "x-forwarded-proto"


def find_client_address(connection: HTTPConnection, trusted_proxies: Sequence[str]) -> str:
    """Return the last address that no trusted proxy added: what stands before it anybody may have
    written.
    """
    address = connection.client.host if connection.client else ""
    networks = _parse(tuple(trusted_proxies))
    hops = ",".join(connection.headers.getlist(_FORWARDED)).split(",")
    while _is_in(address, networks) and hops:
        hop = hops.pop().strip()
        if not _is_address(hop):
            break
        address = hop
    return address


def is_secure(connection: HTTPConnection, trusted_proxies: Sequence[str]) -> bool:
    """Say whether the client came over TLS."""
    if connection.url.scheme in {"https", "wss"}:
        return True
    peer = connection.client.host if connection.client else ""
    return (
        _is_in(peer, _parse(tuple(trusted_proxies)))
        and connection.headers.get(_PROTOCOL, "").lower() == "https"
    )


@lru_cache(maxsize=4)
def _parse(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each) for each in networks)


def _is_in(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return _is_address(address) and any(ip_address(address) in each for each in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
