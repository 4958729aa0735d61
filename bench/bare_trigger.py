"""A minimal trigger that polls with the libraries alone. bench/waiting.py compares with it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from airflow.sdk import BaseHook
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent


class BareTrigger(BaseTrigger):
    def __init__(self, conn_id: str, path: str, poll: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's has no annotations
        self.conn_id, self.path, self.poll = conn_id, path, poll

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "bare_trigger.BareTrigger", {"conn_id": self.conn_id, "path": self.path, "poll": self.poll}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        connection = await BaseHook.aget_connection(self.conn_id)
        headers = {"Fastly-Key": connection.password or ""}
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                async with session.get(f"{connection.host}{self.path}") as response:
                    await response.read()
                    if response.status == 200:
                        break
                await asyncio.sleep(self.poll)
        yield TaskSuccessEvent(xcoms={"return_value": {"state": "ready"}})
