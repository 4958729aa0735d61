"""Messages arrive at real receivers; one that is down is no reason to lose or repeat anything."""

import logging

import pytest
from tests.receivers import mailbox, webhook

from billing.alerts.message import Message
from billing.errors import ConfigurationError
from billing_vendors.base.alert_hook import AlertHook, NotDelivered
from billing_vendors.base.notifiers import AlertNotifier

__all__ = ["mailbox", "webhook"]

MESSAGE = Message("Tieout: 1 new exception", "1 new exception\n- initech/acme 2026-10: ‹b›bold‹/b› & more")


@pytest.fixture
def receivers(connect):
    """Define the connection, with these services."""

    def define(*urls, **extra):
        connect("tieout_alerts", conn_type="apprise", extra={"config": [{"path": url} for url in urls], **extra})

    return define


def test_a_webhook_and_a_mailbox_get_the_message(receivers, webhook, mailbox):
    receivers(webhook.url, mailbox.url)
    AlertHook().send(MESSAGE)
    (posted,), (mail,) = webhook.messages, mailbox.messages
    assert (posted["title"], posted["message"]) == (MESSAGE.title, MESSAGE.body)
    assert mail["Subject"] == MESSAGE.title
    assert mail["To"] == "controller@example.com"
    assert mail.get_content().splitlines() == MESSAGE.body.splitlines()


def test_one_service_that_is_down_does_not_repeat_the_message_at_another(receivers, webhook, mailbox, caplog):
    webhook.status = 500
    receivers(webhook.url, mailbox.url)
    with caplog.at_level(logging.DEBUG):
        AlertHook().send(MESSAGE)
    assert len(mailbox.messages) == 1
    assert "service 1 ('json') did not accept the message" in caplog.text


def test_no_service_that_accepts_is_an_error(receivers, webhook):
    receivers("json://127.0.0.1:1/")
    with pytest.raises(NotDelivered, match="no receiver of connection tieout_alerts accepted"):
        AlertHook().send(MESSAGE)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"conn_type": "http", "extra": {"config": {"path": "json://x"}}}, "must be of type apprise"),
        ({"conn_type": "apprise"}, "its extra needs config"),
        ({"conn_type": "apprise", "extra": {"config": {"path": "json://x"}, "amount": True}}, "unknown: amount"),
        ({"conn_type": "apprise", "extra": {"config": {"path": "json://x"}, "amounts": "no"}}, "true or false"),
        ({"conn_type": "apprise", "extra": {"config": {"url": "json://x"}}}, "should be"),
    ],
)
def test_a_wrong_connection_is_refused(connect, fields, said):
    connect("tieout_alerts", **fields)
    with pytest.raises(ConfigurationError, match=said):
        AlertHook()


def test_a_service_that_apprise_does_not_know_is_named_without_its_secret(receivers):
    receivers("nowhere://s3cret-token")
    with pytest.raises(ConfigurationError, match="service 1, 'nowhere'") as refused:
        AlertHook().send(MESSAGE)
    assert "s3cret" not in str(refused.value)


def test_the_config_may_be_a_text_as_the_form_stores_it(connect, webhook):
    connect("tieout_alerts", conn_type="apprise", extra={"config": f'{{"path": "{webhook.url}"}}'})
    AlertHook().send(MESSAGE)
    assert len(webhook.messages) == 1


def test_any_dag_can_use_the_notifier(receivers, webhook):
    receivers(webhook.url)
    AlertNotifier("load of {{ table }} failed", title="{{ table }}")({"table": "journal"})
    assert [(each["title"], each["message"]) for each in webhook.messages] == [("journal", "load of journal failed")]
