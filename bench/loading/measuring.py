"""Measure the cost of a block: wall time, processor time here and in Postgres, memory, and WAL written."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

_TICKS = os.sysconf("SC_CLK_TCK")
_MEGABYTE = 1024 * 1024


@dataclass
class Cost:
    """
    Costs in seconds and megabytes; filled in when the measured block has ended.

    :param cpu: of this process and of those it has started and waited for.
    :param postgres_cpu: of the whole server: sessions that have ended, checkpointer and autovacuum included.
    :param peak_mb: largest resident memory of this process so far.
    :param before_mb: resident memory when the block began, i.e. of the interpreter with everything imported.
    :param parts: wall seconds of the block's parts, if it reports them.
    """

    wall: float = 0.0
    cpu: float = 0.0
    postgres_cpu: float = 0.0
    peak_mb: float = 0.0
    before_mb: float = 0.0
    wal_mb: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)


@contextmanager
def measured(dsn: str, postmaster: int) -> Iterator[Cost]:
    """
    Measure the block.

    A checkpoint comes before, so that none is due within and everybody's WAL holds the same full pages.

    :param dsn: libpq's connection string of a superuser.
    :param postmaster: the server's process id.
    """
    cost = Cost(before_mb=_memory_mb("VmRSS"))
    wal = _wal_position(dsn, "checkpoint")
    postgres, cpu, wall = server_cpu_seconds(postmaster), _own_cpu_seconds(), time.monotonic()
    yield cost
    cost.wall, cost.cpu = time.monotonic() - wall, _own_cpu_seconds() - cpu
    cost.peak_mb = _memory_mb("VmHWM")
    cost.postgres_cpu = server_cpu_seconds(postmaster) - postgres
    cost.wal_mb = (_wal_position(dsn) - wal) / _MEGABYTE


def server_cpu_seconds(postmaster: int) -> float:
    """Sum up what a Postgres server has used so far, with every session that has ended."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    ours = (fields for pid in pids if (fields := _stat(pid)) and (pid == postmaster or int(fields[1]) == postmaster))
    return sum(sum(map(int, fields[11:15])) for fields in ours) / _TICKS


def _stat(pid: int) -> list[str]:
    """Read /proc/PID/stat from the third field on: state, parent, …; empty if there is no such process any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _own_cpu_seconds() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _memory_mb(name: str) -> float:
    """Read a figure of this process; the peak of ``getrusage`` would be the parent's where that was larger."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def _wal_position(dsn: str, *before: str) -> int:
    """Return the bytes of WAL written since the server was made, after some statements."""
    connection = psycopg2.connect(dsn)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in before:
                cursor.execute(statement)
            cursor.execute("select pg_current_wal_lsn() - '0/0'")
            ((position,),) = cursor.fetchall()
            return int(position)
    finally:
        connection.close()
