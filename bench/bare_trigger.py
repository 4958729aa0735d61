"""What one writes first: a trigger that polls with the libraries alone. bench/waiting.py compares with it."""

import asyncio

import aiohttp
from airflow.sdk import BaseHook
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent


class BareTrigger(BaseTrigger):
    def __init__(self, conn_id, path, poll):
        super().__init__()
        self.conn_id, self.path, self.poll = conn_id, path, poll

    def serialize(self):
        return "bare_trigger.BareTrigger", {"conn_id": self.conn_id, "path": self.path, "poll": self.poll}

    async def run(self):
        connection = await BaseHook.aget_connection(self.conn_id)
        headers = {"Fastly-Key": connection.password}
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                async with session.get(f"{connection.host}{self.path}") as response:
                    await response.read()
                    if response.status == 200:
                        break
                await asyncio.sleep(self.poll)
        yield TaskSuccessEvent(xcoms={"return_value": {"state": "ready"}})
