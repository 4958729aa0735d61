"""The state folder: everything that a local stack stores; nothing is stored outside of it."""

import fcntl
import json
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tieout_stack.errors import StackError


@dataclass(frozen=True, slots=True)
class Secrets:
    """
    Created once, then stored: what was encrypted with them must stay readable.

    :param fernet_key: encrypts connections in Airflow's database.
    :param jwt_secret: signs API tokens; HS512 wants at least 64 bytes.
    :param api_secret: signs the UI's sessions.
    :param admin_password: of the UI's user ``admin``.
    :param approver_password: of the UI's user ``approver``.
    :param tasks_password: of the login that tasks use in the billing database.
    :param person_password: of the login there that only reads.
    :param pages_password: of the login there that the pages in Airflow's UI use.
    :param closing_password: of the login there that closes months.
    """

    fernet_key: str
    jwt_secret: str
    api_secret: str
    admin_password: str
    approver_password: str
    tasks_password: str
    person_password: str
    pages_password: str
    closing_password: str

    @classmethod
    def generate(cls) -> "Secrets":
        """Create new ones."""
        return cls(
            fernet_key=urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            jwt_secret=secrets.token_hex(64),
            api_secret=secrets.token_hex(32),
            admin_password=secrets.token_urlsafe(12),
            approver_password=secrets.token_urlsafe(12),
            tasks_password=secrets.token_urlsafe(24),
            person_password=secrets.token_urlsafe(24),
            pages_password=secrets.token_urlsafe(24),
            closing_password=secrets.token_urlsafe(24),
        )


class StateFolder:
    """
    Paths in the state folder.

    :param root: ``.tieout`` of the checkout; created if missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.logs = self.root / "logs"
        self.airflow_home = self.root / "airflow"
        self.postgres = self.root / "postgres"
        self.documents = self.root / "documents"
        self.processes = self.root / "processes.json"

    def prepare(self) -> None:
        """Create the folders. Other users may enter the root (root's Postgres must), but none of the others."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o711)
        for folder in (self.logs, self.airflow_home, self.documents):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)

    def secrets(self) -> Secrets:
        """Return the secrets; those that do not exist yet are created."""
        path = self.root / "secrets.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        secrets_now = asdict(Secrets.generate()) | kept
        if secrets_now != kept:
            write_private(path, json.dumps(secrets_now, indent=2))
        return Secrets(**secrets_now)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        Hold the lock against other demos; it ends with this process, however it ends.

        :raises StackError: another demo runs.
        """
        path = self.root / "lock"
        self.root.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackError(
                    f"A demo already runs here (process {self.holder()}): use it, or stop it with `make down`."
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
            lock.truncate(0)

    def holder(self) -> int | None:
        """Return the process that holds, or held last, the lock."""
        try:
            return int((self.root / "lock").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def is_locked(self) -> bool:
        """Return whether a demo runs now."""
        try:
            with self.locked():
                return False
        except StackError:
            return True


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, atomically."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
