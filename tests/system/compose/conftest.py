"""docker-compose.yaml as docker compose itself reads it, and its services as plain processes of this machine."""

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.venvs import ROOT, TOOLS, cached_venv, run

from tieout_stack.airflow_api import AirflowApi
from tieout_stack.errors import StackError
from tieout_stack.ports import LOOPBACK, free_ports
from tieout_stack.postgres import SUPERUSER, PostgresServer, embedded_bin_dir
from tieout_stack.supervisor import Supervisor

CELERY = ("celery", "--app", "airflow.providers.celery.executors.celery_executor.app")
FEW = {"acme-media", "kumo-games", "nord-contact", "pacific-care"}
HEALTH_SECONDS = 300  # on two idle cores 20 are enough


@pytest.fixture(scope="session")
def tools() -> Path:
    """Folder of docker compose and hadolint."""

    def make(venv: Path) -> None:
        run([TOOLS / "uv", "venv", "--quiet", "--python", sys.executable, venv])
        lock = ROOT / "tests" / "system" / "compose" / "tools.lock"
        run([TOOLS / "uv", "pip", "sync", "--quiet", "--python", venv / "bin" / "python", "--require-hashes", lock])

    return cached_venv("tools", [ROOT / "tests" / "system" / "compose" / "tools.lock"], make)


@pytest.fixture(scope="session")
def docker_compose(tools: Path) -> list[str | Path]:
    """The command of the real docker compose; it needs no container engine for what is asked of it here."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return ["docker", "compose"]  # the package has the program for Linux on x86-64 alone
    (program,) = tools.glob("lib/python*/site-packages/compose/docker-compose")
    return [program]


@pytest.fixture(scope="session")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .env as ``docker/new-env`` makes it."""
    path = tmp_path_factory.mktemp("compose") / "env"
    run([ROOT / "docker" / "new-env", path])
    return path


@pytest.fixture(scope="session")
def secrets(env_file: Path) -> dict[str, str]:
    """The names and values of that file."""
    lines = env_file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.fixture(scope="session")
def services(docker_compose: list[str | Path], env_file: Path) -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yaml with all profiles, after merging and interpolation."""
    options = ["--env-file", env_file, "--profile", "*", "-f", ROOT / "docker-compose.yaml"]
    text = run([*docker_compose, *options, "config", "--format", "json"], env={"PATH": os.defpath})
    return json.loads(text.replace("$$", "$"))["services"]


@dataclass
class Stack:
    """
    The services as processes.

    Each gets its own exact command and environment and nothing else of ours; only places are other ones:
    ``places`` maps hosts, ports and folders of the containers to those of this machine.
    """

    services: Mapping[str, Mapping[str, Any]]
    places: dict[str, str]
    folder: Path
    path: str
    supervisor: Supervisor
    superuser_url: str
    hosts: dict[str, str] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """Rewrite the places in a text, longest first."""
        names = sorted(self.places, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, names)), lambda found: self.places[found[0]], text)

    def environment(self, service: str, host: str) -> dict[str, str]:
        home = self.folder / host
        (home / "tmp").mkdir(parents=True, exist_ok=True)
        (home / "airflow.cfg").touch()  # as in the image
        asked = self.services[service].get("environment") or {}
        own = {"PATH": self.path, "HOME": str(home), "TMPDIR": str(home / "tmp"), "AIRFLOW_HOME": str(home)}
        return own | {"HOSTNAME": self.hosts.get(host, host)} | {k: self.here(v) for k, v in asked.items()}

    def start(self, service: str, host: str | None = None) -> None:
        """Start a service's command; ``host`` names the container."""
        host = host or service
        command = [self.here(word) for word in self.services[service]["command"]]
        self.supervisor.start(host, command, self.environment(service, host))

    def finish(self, service: str) -> None:
        """Run a one-shot service to its end."""
        self.start(service)
        self.supervisor.finish(service, HEALTH_SECONDS)

    def check_health(self, service: str, host: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a service's health check once."""
        kind, *words = map(self.here, self.services[service]["healthcheck"]["test"])
        command = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
        env = self.environment(service, host or service)
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    def wait_until_healthy(self, service: str) -> None:
        deadline = time.monotonic() + HEALTH_SECONDS
        while (done := self.check_health(service)).returncode != 0:
            self.supervisor.check()
            if time.monotonic() > deadline:
                raise StackError(f"{service} is not healthy: {done.stdout[-500:]}{done.stderr[-500:]}")
            time.sleep(0.3)

    def celery(self, host: str, *request: str) -> dict[str, Any]:
        """Ask the workers something by Celery's own command line."""
        response = run([*CELERY, "inspect", *request, "--json"], env=self.environment("worker", host))
        return json.loads(response[response.index("{") :])


@pytest.fixture(scope="session")
def image_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment of the image, made as the Dockerfile makes it, from nothing but what it copies."""
    context = tmp_path_factory.mktemp("build")
    build = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")[1]
    for words in re.findall(r"^COPY (.*)$", build, re.MULTILINE):
        *sources, target = words.split()
        place = context / target
        (place if target.endswith("/") else place.parent).mkdir(parents=True, exist_ok=True)
        run(["cp", "-R", *[ROOT / source for source in sources], place])
    install = [context / "docker" / "install"]
    env = os.environ | {"TOOLS": str(TOOLS)}
    inputs = [*sorted(context.glob("requirements*.lock")), *install]
    venv = cached_venv("compose", inputs, lambda venv: run([*install, "packages", venv], env=env))
    run([*install, "project", venv], env=env)
    return venv


@pytest.fixture(scope="module")
def stack(services: dict[str, dict[str, Any]], secrets: dict[str, str], image_venv: Path) -> Iterator[Stack]:
    """The whole stack, two workers and the simulator included, until the module's last test is over."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-compose-"))
    folder.chmod(0o755)  # Postgres runs as another user where we are root
    for name in ("logs", "documents", "redis"):
        (folder / name).mkdir()
    path = os.pathsep.join(map(str, (image_venv / "bin", embedded_bin_dir(), os.defpath)))
    with contextlib.ExitStack() as clean_up:
        clean_up.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = clean_up.enter_context(PostgresServer(folder / "postgres", durable=False))
        make_databases(postgres, secrets, path, services["postgres"]["volumes"])
        supervisor = Supervisor(folder / "logs", folder / "processes.json")
        clean_up.callback(supervisor.stop)
        stack = Stack(services, places(folder, postgres.port), folder, path, supervisor, postgres.url("billing"))
        try:
            start(stack)
        except StackError as error:
            pytest.fail(f"{error}\n{last_lines(folder / 'logs')}")
        yield stack


def make_databases(
    postgres: PostgresServer, secrets: Mapping[str, str], path: str, volumes: list[dict[str, Any]]
) -> None:
    """Run the script that the postgres image runs on an empty volume, with the roles that stand where it looks."""
    (roles,) = [each["source"] for each in volumes if each["target"] == "/opt/tieout/roles.sql"]
    server = {"PGHOST": LOOPBACK, "PGPORT": str(postgres.port), "PGPASSWORD": postgres.password}
    run(
        ["bash", ROOT / "docker" / "postgres-init.sh"],
        env={"PATH": path, "POSTGRES_USER": SUPERUSER, "TIEOUT_ROLES_SQL": roles} | server | dict(secrets),
    )


def places(folder: Path, postgres_port: int) -> dict[str, str]:
    """Say where on this machine the containers' hosts, ports and folders are."""
    redis, api, scheduler, simulator = map(str, free_ports(4))
    return {
        "postgres:5432": f"{LOOPBACK}:{postgres_port}",
        "redis:6379": f"{LOOPBACK}:{redis}",
        "6379": redis,
        "api-server:8080": f"{LOOPBACK}:{api}",
        "8080": api,
        "8974": scheduler,
        "simulator:8090": f"{LOOPBACK}:{simulator}",
        "8090": simulator,
        "0.0.0.0": LOOPBACK,  # noqa: S104 (it is what is replaced)
        "/data": str(folder / "redis"),
        "/opt/airflow/dags": str(ROOT / "dags"),
        "/opt/airflow/logs": str(folder / "logs"),
        "/opt/tieout/accounts.yaml": str(few_accounts(folder)),
        "/opt/tieout/documents": str(folder / "documents"),
        "/opt/tieout": str(ROOT / "docker"),
    }


def few_accounts(folder: Path) -> Path:
    """Write an accounts.yaml with two small accounts of each vendor: enough for two workers."""
    accounts = yaml.safe_load((ROOT / "include" / "accounts.yaml").read_text(encoding="utf-8"))["accounts"]
    few = [account for account in accounts if account["name"] in FEW]
    path = folder / "accounts.yaml"
    path.write_text(yaml.safe_dump({"accounts": few}), encoding="utf-8")
    return path


def start(stack: Stack) -> None:
    """Start the services in the order that their ``depends_on`` asks for."""
    this_host = platform.node()  # what Airflow's jobs are registered under: every container has its own
    stack.hosts = dict.fromkeys(("scheduler", "dag-processor", "triggerer"), this_host)
    stack.start("redis")
    stack.start("simulator")
    stack.wait_until_healthy("redis")
    stack.finish("airflow-init")
    stack.start("api-server")
    stack.wait_until_healthy("simulator")
    stack.finish("simulator-connections")
    stack.wait_until_healthy("api-server")
    for service in ("scheduler", "dag-processor", "triggerer"):
        stack.start(service)
    for host in ("worker-1", "worker-2"):
        stack.start("worker", host)
    stack.wait_until_healthy("scheduler")


def last_lines(logs: Path) -> str:
    """Give the end of every process's log."""
    ends = [(path.name, path.read_text(errors="replace").splitlines()[-15:]) for path in sorted(logs.glob("*.log"))]
    return "\n".join(f"--- {name}\n" + "\n".join(lines) for name, lines in ends)


@pytest.fixture(scope="module")
def airflow(stack: Stack, secrets: dict[str, str]) -> AirflowApi:
    """Airflow's API, signed in as the administrator of .env."""
    address = stack.here("http://api-server:8080")
    return AirflowApi(address, secrets["AIRFLOW_ADMIN_USER"], secrets["AIRFLOW_ADMIN_PASSWORD"])
