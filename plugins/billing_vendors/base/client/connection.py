"""Check the fields of an Airflow connection: nothing else in it reaches a vendor. Hold the credential made from it."""

from __future__ import annotations

import ipaddress
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from billing.errors import ConfigurationError

SIMULATOR_VARIABLE = "TIEOUT_SIMULATOR_HOST"
_MARGIN_SECONDS = 60.0  # a token is renewed a little before it expires: a request takes time


class ConnectionFields(Protocol):
    """The fields of an Airflow connection that are read here."""

    conn_id: str
    host: str | None
    schema: str | None
    port: int | None
    login: str | None
    password: str | None


@dataclass(frozen=True)
class ConnectionSettings:
    """
    A vendor's base URLs and our login there.

    :param base_urls: base URL by name (``api``, ``login``), without a trailing slash.
    :param login: the connection's login; empty if it has none.
    :param password: the connection's password, a secret.
    :param fields: the vendor's own fields of the connection's extra.
    """

    conn_id: str
    base_urls: Mapping[str, str]
    login: str = ""
    password: str = field(default="", repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, eq=False)
class Credential:
    """
    Headers that sign a request.

    :param secret: never shown; masked in logs.
    :param lives_seconds: how long the vendor accepts it; None = until a person changes it, so that requesting
        another one after a rejection is useless.
    """

    headers: Mapping[str, str] = field(repr=False)
    secret: str = field(repr=False)
    lives_seconds: float | None = None


class CredentialCache:
    """The credential in use for one connection; the caller ensures that only one task renews it at a time."""

    def __init__(self) -> None:
        self._credential: Credential | None = None
        self._until = -math.inf

    def get(self) -> Credential | None:
        """Return the credential in use; None if there is none or it is about to expire."""
        return self._credential if time.monotonic() < self._until else None

    def store(self, credential: Credential) -> Credential:
        """Use a new credential from now on."""
        lives = credential.lives_seconds
        margin = 0.0 if lives is None else min(_MARGIN_SECONDS, lives / 10)
        self._credential = credential
        self._until = math.inf if lives is None else time.monotonic() + lives - margin
        return credential

    def invalidate(self, credential: Credential) -> bool:
        """
        Record that the vendor rejected a credential; return whether requesting another one may help.

        Another user may have renewed it meanwhile: then the new one is kept.
        """
        if credential is self._credential and credential.lives_seconds is not None:
            self._credential, self._until = None, -math.inf
        return credential.lives_seconds is not None


def read_extra(conn_id: str, extra: object, known: frozenset[str]) -> dict[str, str]:
    """
    Read a vendor's own fields from a connection's extra; those left empty are left out.

    The stock HTTP hook sends every key of the extra as a request header, a secret too: hence the allow-list.

    :raises ConfigurationError: names the key that is unknown, or whose value is not a string.
    """
    if not isinstance(extra, dict):
        raise ConfigurationError(f"connection {conn_id}: its extra is not a JSON object")
    if unknown := sorted(set(extra) - known):
        allowed = ", ".join(sorted(known)) or "none"
        raise ConfigurationError(f"connection {conn_id}: unknown key {unknown[0]!r} in extra; known: {allowed}")
    wrong = sorted(key for key, value in extra.items() if not isinstance(value, str | None))
    if wrong:
        raise ConfigurationError(f"connection {conn_id}: {wrong[0]!r} in extra is not a string")
    return {key: value for key, value in extra.items() if value}


def required(connection: ConnectionFields, name: str, meaning: str) -> str:
    """
    Read a field that must be filled in and becomes a part of a header; white space around it is left out.

    :raises ConfigurationError: it is empty, or contains what a vendor's tokens and ids never do and a header cannot
        carry, mostly pasted with it; names the field and its meaning, never its value.
    """
    value = getattr(connection, name)
    field_name = f"connection {connection.conn_id}: {name} ({meaning})"
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{field_name} is empty")
    value = value.strip()
    if not (value.isascii() and value.isprintable()):
        place = next(at for at, each in enumerate(value, start=1) if not (each.isascii() and each.isprintable()))
        raise ConfigurationError(
            f"{field_name} contains a character that cannot be sent, at place {place} of {len(value)}: a line break, "
            "an invisible character or a letter that is not ASCII; enter it again without"
        )
    return value


def base_url_of(connection: ConnectionFields, default: str) -> str:
    """
    Return the base URL from host, schema and port, or the default if the host is empty.

    :raises ConfigurationError: the three conflict, or the URL is not usable.
    """
    host = (connection.host or "").strip() or default
    schema = (connection.schema or "").strip()
    if "://" not in host:
        host = f"{schema or 'https'}://{host}"
    elif schema and schema != host.partition("://")[0]:
        raise ConfigurationError(
            f"connection {connection.conn_id}: schema {schema!r} conflicts with the host; leave it empty"
        )
    return checked_url(host, connection.conn_id, port=connection.port)


def checked_url(url: str, conn_id: str, *, port: int | None = None) -> str:
    """
    Check a base URL: https, or http to this machine; a path prefix is allowed, user, query, fragment are not.

    :raises ConfigurationError: says what is wrong with it.
    """
    where = f"connection {conn_id}: the host"
    try:
        parts = urlsplit(url)
        host, own_port = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"{where} is not a URL") from None
    plain = url.isascii() and url.isprintable() and " " not in url
    if not host or parts.username is not None or parts.query or parts.fragment or not plain:
        raise ConfigurationError(f"{where} must look like https://api.example.com: no user, no query, ASCII only")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local(host)):
        raise ConfigurationError(
            f"{where} uses {parts.scheme!r}: only https is allowed, plain http only to this machine"
        )
    if port and own_port and port != own_port:
        raise ConfigurationError(f"{where} has port {own_port}, but the field port is {port}")
    shown_host = f"[{host}]" if ":" in host else host
    netloc = f"{shown_host}:{own_port or port}" if own_port or port else shown_host
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}"


def is_local(host: str) -> bool:
    """
    Return whether a host name or address is this machine by definition, without a DNS query.

    The host in ``TIEOUT_SIMULATOR_HOST`` counts too: the vendor simulator in its own container.
    """
    if host == "localhost" or (host and host == simulator_host()):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def simulator_host() -> str:
    """
    Return the host of a simulator outside this machine; empty, as it should be with real vendors, if there is none.
    """
    return os.environ.get(SIMULATOR_VARIABLE, "")
