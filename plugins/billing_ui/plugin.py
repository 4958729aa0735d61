"""
The Airflow plugin that shows bills in Airflow's UI.

Every Airflow process may load plugins, but only the API server serves pages: the application is imported with the
first request to it, so that scheduler, triggerer and tasks never do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/billing"


class LazyApp:
    """An ASGI application that is made when it is called first."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the application."""
        if self._app is None:
            from billing_ui.app import make_app  # noqa: PLC0415 (see the module's docstring)

            self._app = make_app()
        await self._app(scope, receive, send)


class BillingPlugin(AirflowPlugin):
    """*Bills* in the navigation, and a tab of the runs of ``invoices_…`` that opens their month."""

    name = "billing_ui"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": PREFIX, "name": "Bills"}]  # noqa: RUF012 (an attribute of Airflow's)
    external_views = [  # noqa: RUF012 (as above)
        {
            "name": "Bills",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "bills",
            "icon": f"{PREFIX}/static/bills-light.svg",
            "icon_dark_mode": f"{PREFIX}/static/bills-dark.svg",
        },
        {
            "name": "Bills",
            "href": f"{PREFIX}/run?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "bills_of_run",
        },
    ]
