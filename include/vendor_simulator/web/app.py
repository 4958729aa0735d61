"""Put all vendors, and the control routes if wanted, into one application."""

from __future__ import annotations

from aiohttp import web

from vendor_simulator.registry import simulated_vendors
from vendor_simulator.web.control import add_control
from vendor_simulator.web.pipeline import serve
from vendor_simulator.web.state import State


def make_app(state: State, control_token: str = "") -> web.Application:
    """
    Build the application.

    :param control_token: opens the routes under ``/_simulator``; they do not exist without it.
    """
    app = web.Application()
    for vendor in (each.make_app(state) for each in simulated_vendors()):
        for operation, method, path, handler in vendor.routes():
            app.router.add_route(method, path, serve(state, vendor, operation, handler))
    if control_token:
        add_control(app, state, control_token)
    return app
