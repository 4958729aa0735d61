"""The receivers of alerts: Airflow's Apprise provider, with what alerts need to know of each message."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import apprise
from airflow.providers.apprise.hooks.apprise import AppriseHook
from airflow.sdk.log import mask_secret

from billing.alerts.message import Message
from billing.errors import BillingError, ConfigurationError

log = logging.getLogger(__name__)

CONN_ID = "tieout_alerts"
_KNOWN = frozenset({"config", "amounts"})


class NotDelivered(BillingError):
    """No receiver accepted a message."""


class AlertHook(AppriseHook):
    """
    Send a message to every service of an Apprise connection.

    Unlike the provider's, it says whether a message was delivered, and it keeps the services' addresses out of logs.

    Connection: type ``apprise``; the extra has ``config``, the services as the provider has them, and ``amounts``, true
    if messages may hold amounts of money.
    """

    def __init__(self, apprise_conn_id: str = CONN_ID) -> None:
        super().__init__(apprise_conn_id)
        connection = self.get_connection(apprise_conn_id)
        extra = connection.extra_dejson
        unknown = sorted(set(extra) - _KNOWN)
        if connection.conn_type != self.conn_type or "config" not in extra or unknown:
            raise ConfigurationError(
                f"connection {apprise_conn_id}: it must be of type {self.conn_type}, and its extra needs config and "
                f"may have amounts; unknown: {', '.join(unknown) or 'none'}"
            )
        if not isinstance(extra.get("amounts", False), bool):
            raise ConfigurationError(f"connection {apprise_conn_id}: amounts of its extra should be true or false")
        self.amounts = bool(extra.get("amounts"))
        self._services = list(_services(self.get_config_from_conn(connection)))

    def send(self, message: Message) -> None:
        """
        Send a message to each service. One that is down is logged, if another one accepted the message.

        :raises NotDelivered: none accepted it.
        """
        delivered = [self._send(position, url, message) for position, url in enumerate(self._services, start=1)]
        if not any(delivered):
            raise NotDelivered(
                f"no receiver of connection {self.apprise_conn_id} accepted the message; the lines above say why"
            )

    def _send(self, position: int, url: str, message: Message) -> bool:
        service = apprise.Apprise()
        if not service.add(url):
            raise ConfigurationError(
                f"connection {self.apprise_conn_id}: Apprise does not understand service {position}, "
                f"{ascii(url.partition(':')[0])[:40]}"
            )
        sent = service.notify(body=message.body, title=message.title, body_format=apprise.NotifyFormat.TEXT)
        if not sent:
            scheme = url.partition(":")[0]
            log.warning("service %s (%s) did not accept the message", position, ascii(scheme))
        return bool(sent)


def _services(config: Any) -> Iterator[str]:  # noqa: ANN401 (what a person wrote)
    """Yield the addresses of the services; from here on, logs show neither them nor the secrets in them."""
    for each in config if isinstance(config, list) else [config]:
        path = each.get("path") if isinstance(each, Mapping) else None
        if not isinstance(path, str) or not path:
            raise ConfigurationError(
                'config of the alerts\' connection should be {"path": ADDRESS}, or a list of these'
            )
        _mask(path)
        yield path


def _mask(url: str) -> None:
    """Hide an address and what of it may be a token: where that is depends on the service."""
    parts = urlsplit(url)
    tokens = [
        part for part in re.split(r"[/@:]", parts.netloc + parts.path) if len(part) >= 8 and re.search(r"\d", part)
    ]
    for secret in (url, parts.password, parts.query, *tokens):
        if secret:
            mask_secret(secret)
            mask_secret(unquote(secret))
