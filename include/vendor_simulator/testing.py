"""A simulator within the present process, for tests."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from aiohttp import web

from vendor_simulator.months import Month
from vendor_simulator.web.app import make_app
from vendor_simulator.web.faults import FaultPlan
from vendor_simulator.web.settings import Settings
from vendor_simulator.web.state import State
from vendor_simulator.web.stats import Stats
from vendor_simulator.world import TrueInvoice, World

_OPENS_SECONDS = 30.0


class Simulator:
    """
    Both vendors on a free loopback port, from ``__enter__`` to ``__exit__``.

    :param now: the vendors' time, aware; the real time if None.
    """

    def __init__(
        self, world: World | None = None, now: datetime | None = None, settings: Settings | None = None
    ) -> None:
        self.state = State(world or World(), settings or Settings(), now and now.astimezone(UTC))
        self.base_url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vendor-simulator", daemon=True)
        self._runner = web.AppRunner(make_app(self.state), access_log=None, shutdown_timeout=0.5)
        self._site: web.TCPSite | None = None
        self._open = threading.Event()
        self.state.listen = self._listen

    def __enter__(self) -> Simulator:
        self._thread.start()
        port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        self.base_url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def world(self) -> World:
        """What the vendors know."""
        return self.state.world

    @property
    def settings(self) -> Settings:
        """How they behave; may be changed at any moment."""
        return self.state.settings

    @property
    def faults(self) -> FaultPlan:
        """The faults in force."""
        return self.state.faults

    @property
    def stats(self) -> Stats:
        """The requests so far."""
        return self.state.stats

    def connections(self) -> dict[str, dict[str, Any]]:
        """Return the Airflow connections to this simulator by their ids."""
        return self.world.connections(self.base_url)

    def truth(self, vendor: str, account: str, month: str) -> tuple[TrueInvoice, ...]:
        """Return the invoices of an account and a month such as ``2026-10`` that are posted by now."""
        return self.world.truth(vendor, account, Month.parse(month), self.state.now())

    def set_now(self, now: datetime | None) -> None:
        """Set the clock to an aware moment, or let it run with the real time."""
        self.state.fixed_now = now and now.astimezone(UTC)

    def restate(self, vendor: str, invoice_id: str) -> None:
        """
        Change an invoice that is already posted.

        :raises KeyError: no such vendor or invoice.
        """
        self.world.restate(vendor, invoice_id)

    def expire_tokens(self) -> None:
        """End the life of every Genesys Cloud token."""
        self.state.tokens.clear()

    def lift_faults(self) -> None:
        """Lift every fault, and wait until connections are taken again if one had refused them."""
        self.faults.clear()
        if not self._open.wait(_OPENS_SECONDS):
            raise TimeoutError("the simulator did not open its door again")

    async def _start(self) -> int:
        await self._runner.setup()
        return await self._listen_on(0)

    async def _listen_on(self, port: int) -> int:
        self._site = web.TCPSite(self._runner, "127.0.0.1", port)
        await self._site.start()
        self._open.set()
        return int(self._runner.addresses[0][1])

    async def _listen(self, wanted: bool) -> None:
        if wanted:
            await self._listen_on(int(self.base_url.rpartition(":")[2]))
        elif self._site is not None:
            self._open.clear()
            await self._site.stop()
