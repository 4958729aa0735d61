"""Fastly's hook stands for any vendor's here: the rules under test are those that all share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from billing.answer import Answer
from billing_vendors.base.limits import Limits
from billing_vendors.base.question import Question
from billing_vendors.fastly.hooks import FastlyBillingHook

TOKEN = "open-sesame-4711"


@pytest.fixture
def conn_id(server, connect) -> str:
    return connect(host=server.url, password=TOKEN)


@pytest.fixture(params=["blocking", "awaited"])
def ask(request, conn_id) -> Callable[..., Answer]:
    """Ask one question in a worker's way and in a trigger's way: both must obey the same rules."""

    def do_ask(question: Question = Question("test", "/path"), **limits: float) -> Answer:  # noqa: B008 (frozen)
        hook = FastlyBillingHook(conn_id, limits=Limits(**{"attempts": 1, **limits}))
        return hook.ask(question) if request.param == "blocking" else asyncio.run(hook.aask(question))

    return do_ask
