"""A running simulator and a plain HTTP client that never makes a float."""

import base64
import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from vendor_simulator.testing import Simulator
from vendor_simulator.web.settings import Settings
from vendor_simulator.world import World

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BILLING = "/api/v2/billing"


@dataclass(frozen=True)
class Reply:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, every number with a fraction as a decimal."""
        return json.loads(self.body, parse_float=Decimal)


class Client:
    """Asks over one connection at a time, with the credentials of the simulator's own accounts."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.tokens: dict[str, str] = {}
        parts = urlsplit(sim.base_url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)

    def ask(self, path: str, headers: dict[str, str] | None = None, method: str = "GET", body: str = "") -> Reply:
        """Send one request as it is."""
        try:
            self._connection.request(method, path, body or None, headers or {})
            response = self._connection.getresponse()
            return Reply(response.status, dict(response.headers.items()), response.read())
        except BaseException:
            self._connection.close()
            raise

    def get(self, account: str, path: str, **query: str | int) -> Reply:
        """Ask as one of the accounts; a bare path below ``/api/v2/billing`` or a Fastly path."""
        return self.ask(f"{path}?{urlencode(query)}" if query else path, self.credential(account))

    def credential(self, account: str) -> dict[str, str]:
        """Give the header that says who asks, after a login where one is needed."""
        connections = self.sim.connections()
        fastly = connections.get("fastly_" + account.replace("-", "_"))
        if fastly:
            return {"Fastly-Key": fastly["password"]}
        if account not in self.tokens:
            self.tokens[account] = self.login(account).json["access_token"]
        return {"Authorization": f"Bearer {self.tokens[account]}"}

    def login(self, account: str, secret: str = "") -> Reply:
        """Ask for a token, with the account's own secret unless another is given."""
        connection = self.sim.connections()["genesys_" + account.replace("-", "_")]
        pair = f"{connection['login']}:{secret or connection['password']}"
        headers = {
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self.ask("/oauth/token", headers, "POST", "grant_type=client_credentials")

    def customer_id(self, account: str) -> str:
        """Give the Fastly customer id of an account."""
        return next(each["customer_id"] for each in self.sim.world.accounts() if each["name"] == account)

    def fastly_rows(self, account: str, path: str, **query: str | int) -> list[dict[str, Any]]:
        """Read a Fastly listing to its end."""
        rows, cursor = [], ""
        while True:
            page = self.get(account, path, **query, **({"cursor": cursor} if cursor else {})).json
            rows += page["data"]
            cursor = page["meta"].get("next_cursor") or ""
            if not cursor:
                assert page["meta"]["total"] == len(rows)
                return rows

    def genesys_rows(self, account: str, path: str, **query: str | int) -> list[dict[str, Any]]:
        """Read a Genesys Cloud listing to its end."""
        rows, after = [], ""
        while True:
            page = self.get(account, BILLING + path, **query, **({"after": after} if after else {})).json
            rows += page["entities"]
            after = parse_qs(urlsplit(page.get("nextUri", "")).query).get("after", [""])[0]
            if not after:
                return rows

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A simulator of its own, at noon of 2026-11-22."""
    with Simulator(World(seed=7), now=NOW) as running:
        yield running


@pytest.fixture
def client(sim: Simulator) -> Iterator[Client]:
    """A client of that simulator."""
    one = Client(sim)
    yield one
    one.close()


@contextmanager
def _clients() -> Iterator[Callable[..., Client]]:
    with ExitStack() as opened:

        def make(readings: Mapping[str, str] | None = None, **others: Any) -> Client:
            settings = Settings(rate_limit=10**9, report_asks=0, estimate_asks=0)
            world = World(7, readings, **others)
            client = Client(opened.enter_context(Simulator(world, now=NOW, settings=settings)))
            opened.callback(client.close)
            return client

        yield make


@pytest.fixture
def reading_client() -> Iterator[Callable[..., Client]]:
    """Create clients of simulators without limits or waiting, each of a world with other arguments."""
    with _clients() as make:
        yield make


@pytest.fixture(scope="module")
def module_client() -> Iterator[Callable[..., Client]]:
    """Create such clients for all tests of a module."""
    with _clients() as make:
        yield make


@pytest.fixture(scope="module")
def client_class() -> type[Client]:
    """The client, for simulators that a test module makes itself."""
    return Client


@pytest.fixture(scope="module")
def noon() -> datetime:
    """The simulators' time."""
    return NOW


@pytest.fixture(scope="module")
def reader() -> Iterator[Client]:
    """A client of a simulator without limits or waiting, to read the whole history from."""
    settings = Settings(rate_limit=10**9, report_asks=0, estimate_asks=0)
    with Simulator(World(seed=7), now=NOW, settings=settings) as running:
        one = Client(running)
        yield one
        one.close()
