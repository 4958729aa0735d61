"""Fastly's hook stands for any vendor's here: the rules under test are those that all share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from billing.payloads.response import Response
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.transport import Limits
from billing_vendors.fastly.hooks import FastlyBillingHook

TOKEN = "open-sesame-4711"


@pytest.fixture
def conn_id(server, connect) -> str:
    return connect(host=server.url, password=TOKEN)


@pytest.fixture(params=["blocking", "awaited"])
def send(request, conn_id) -> Callable[..., Response]:
    """Ask one asked in a worker's way and in a trigger's way: both must obey the same rules."""

    def do_ask(asked: Request = Request("test", "/path"), **limits: float) -> Response:  # noqa: B008 (frozen)
        hook = FastlyBillingHook(conn_id, limits=Limits(**{"attempts": 1, **limits}))
        return hook.send(asked) if request.param == "blocking" else asyncio.run(hook.asend(asked))

    return do_ask
