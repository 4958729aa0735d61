"""A simulator as a process of its own, until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from vendor_simulator.web.app import make_app
from vendor_simulator.web.state import State


@dataclass(frozen=True, slots=True)
class Listen:
    """
    Where to listen.

    :param port: 0 for any free one.
    :param ready_file: written as soon as requests are accepted: JSON with ``base_url`` and ``pid``.
    :param control_token: opens the routes under ``/_simulator``.
    """

    host: str
    port: int
    ready_file: Path | None = None
    control_token: str = ""


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve_forever(state: State, listen: Listen) -> None:
    """
    Serve requests until SIGINT or SIGTERM.

    :raises OSError: the port is taken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(make_app(state, listen.control_token), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, listen.host, listen.port).start()
        _announce(listen, runner.addresses[0][1])
        await stop.wait()
    finally:
        await runner.cleanup()
        if listen.ready_file is not None:
            listen.ready_file.unlink(missing_ok=True)


def _announce(listen: Listen, port: int) -> None:
    base_url = f"http://{listen.host}:{port}"
    sys.stdout.write(f"vendor simulator at {base_url}\n")
    sys.stdout.flush()
    if listen.ready_file is not None:
        half = listen.ready_file.with_suffix(".tmp")
        half.write_text(json.dumps({"base_url": base_url, "pid": os.getpid()}) + "\n", encoding="utf-8")
        half.replace(listen.ready_file)  # a reader sees the whole file or none
