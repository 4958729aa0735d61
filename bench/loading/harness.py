"""The Postgres server that all loaders use, and one vendor's month that they load into it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg2

from billing.storage.migrate import upgrade
from loading import limit
from loading.contenders import LIMIT, PRODUCT, Contender
from loading.job import Job, run
from loading.measuring import Cost
from loading.sources import SOURCES
from loading.truth import Truth
from loading.vendor_server import Served, serving
from tieout_stack.postgres import PostgresServer

_TEMPLATE, _PLAIN = "tieout_empty", "limit_empty"


@dataclass(frozen=True)
class Result:
    """
    One load.

    :param step: ``first``; ``again``: the same bytes; ``changed``: one line is another.
    :param stored: what is in the database afterwards.
    """

    contender: Contender
    step: str
    cost: Cost
    stored: Truth
    truth: Truth

    @property
    def exact(self) -> bool:
        """Return whether all is there, and every digit."""
        return self.stored == self.truth


class Harness:
    """
    A durable server in a folder.

    :param folder: temporary; every user may enter it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server = PostgresServer(folder / "postgres")
        self._databases = 0

    def __enter__(self) -> Self:
        self._server.start()
        self._server.create_database(_TEMPLATE)
        upgrade(self._server.url(_TEMPLATE))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    @contextmanager
    def month(self, vendor: str, invoices: int, lines: int, **limit: int) -> Iterator[Month]:
        """
        Serve a month inside the block; the limit's rows are made ready first, by a load of Tieout's.

        :param limit: the vendor's, see ``serving``.
        """
        with serving(vendor, invoices, lines, **limit) as served:
            month = Month(self, served)
            month.prepare()
            yield month
            self._server.drop_database(_PLAIN)

    def job(self, contender: Contender, served: Served) -> Job:
        """Create a fresh database and folder for a contender."""
        self._databases += 1
        name = f"load_{self._databases}"
        template = _TEMPLATE if contender.ours else _PLAIN if contender is LIMIT else "template0"
        self._server.create_database(name, template=template)
        folder = self.folder / name
        folder.mkdir()
        postmaster = int((self._server.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        return Job(served.vendor, served.url, self._server.url(name), postmaster, str(folder), contender.option)

    def plain(self, product: Job) -> None:
        """Create the limit's empty tables, and its rows out of a database that Tieout has loaded."""
        self._server.create_database(_PLAIN)
        plain = replace(product, database_url=self._server.url(_PLAIN))
        limit.make_ready(product.dsn, plain.dsn, str(self.folder))

    def drop(self, job: Job) -> None:
        """Remove a job's database."""
        self._server.drop_database(job.database_url.rpartition("/")[2])


@dataclass(frozen=True)
class Month:
    """One vendor's month, being served."""

    harness: Harness
    served: Served

    def prepare(self) -> None:
        """Create the limit's rows ready; it also warms what a first load would find cold."""
        job = self.harness.job(PRODUCT, self.served)
        self._run(PRODUCT, job, "first")
        self.harness.plain(job)
        self.harness.drop(job)

    def load(self, contender: Contender, steps: Sequence[str]) -> list[Result]:
        """Load into a fresh database, step after step."""
        job = self.harness.job(contender, self.served)
        if contender is LIMIT:
            job = replace(job, folder=str(self.harness.folder))
        results = [self._run(contender, job, step) for step in steps]
        self.harness.drop(job)
        return results

    def download_seconds(self) -> float:
        """Measure how fast everything comes with nothing done to it but finding the next page."""
        started = time.monotonic()
        for _ in SOURCES[self.served.vendor].read(f"{self.served.url}/first"):
            pass
        return time.monotonic() - started

    def _run(self, contender: Contender, job: Job, step: str) -> Result:
        variant = "changed" if step == "changed" else "first"
        cost = run(contender.python, contender.script, replace(job, vendor_url=f"{job.vendor_url}/{variant}"))
        connection = psycopg2.connect(job.dsn)
        with connection, connection.cursor() as cursor:
            stored = contender.stored(self.served.vendor, cursor)
        connection.close()
        return Result(contender, step, cost, stored, self.served.truths[variant])
