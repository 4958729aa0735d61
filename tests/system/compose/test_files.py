"""docker-compose.yaml, .env.example, Dockerfile and .dockerignore: valid, complete, and without a secret."""

import re
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
# a name in ${…}; in YAML a doubled $ stands for itself
VARIABLES = {found[1]: found[2] for found in re.finditer(r"(?<!\$)\$\{([A-Z_]+)(:\?|:-)?", COMPOSE) if found[2]}
REQUIRED = sorted(name for name, mark in VARIABLES.items() if mark == ":?")
AIRFLOW = {"airflow-init", "api-server", "scheduler", "dag-processor", "triggerer", "worker", "simulator-connections"}
ONE_SHOT = {"airflow-init", "simulator-connections"}
BACKENDS = {"postgres", "redis"}


def test_the_services_are_these(services):
    assert set(services) == AIRFLOW | BACKENDS | {"simulator"}


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_secret_is_an_error_that_names_it(docker_compose, env_file, tmp_path, name):
    lines = env_file.read_text(encoding="utf-8").splitlines()
    incomplete = tmp_path / "env"
    incomplete.write_text("\n".join(line for line in lines if not line.startswith(f"{name}=")), encoding="utf-8")
    command = [*docker_compose, "--env-file", incomplete, "-f", ROOT / "docker-compose.yaml", "config", "--quiet"]
    done = subprocess.run(command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"{name} is missing a value: run docker/new-env" in done.stderr


def test_every_variable_is_in_the_example_and_is_used(secrets):
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", COMPOSE))
    assert used == set(secrets)


def test_secrets_have_no_default(secrets):
    example = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    empty = {line.removesuffix("=") for line in example if line.endswith("=")}
    assert empty == {name for name in secrets if re.search("PASSWORD|SECRET|KEY", name)}
    assert empty <= set(REQUIRED)


def test_no_secret_stands_in_the_file(services):
    """What a service is told under a secret's name, or as a password in a URL, comes from .env."""
    literal = re.compile(
        r"^\s*\w*(PASSWORD|SECRET|FERNET|TOKEN)\w*: (?!\$\{)|://[^@\s]*:(?!\$\{)[^@\s/]+@", re.MULTILINE
    )
    assert not literal.search(COMPOSE)


def test_new_env_makes_new_secrets_and_keeps_an_old_file(secrets, env_file, tmp_path):
    again = tmp_path / "env"
    command = [ROOT / "docker" / "new-env", again]
    subprocess.run(command, check=True, capture_output=True)
    assert stat.S_IMODE(again.stat().st_mode) == 0o600
    mine = dict(line.split("=", 1) for line in again.read_text().splitlines() if line and line[0] != "#")
    made = {name for name in mine if re.search("PASSWORD|SECRET|KEY", name)}
    assert all(mine[name] != secrets[name] for name in made)
    assert len({mine[name] for name in made}) == len(made)
    assert len(mine["AIRFLOW_JWT_SECRET"]) >= 64
    Fernet(mine["AIRFLOW_FERNET_KEY"])
    refused = subprocess.run(command, check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "nothing was changed" in refused.stderr


def test_every_service_has_a_health_check_or_is_one_shot(services):
    assert {name for name, service in services.items() if "healthcheck" not in service} == ONE_SHOT
    assert {name for name, service in services.items() if service["restart"] == "no"} == ONE_SHOT


def test_dependencies_wait_for_what_they_need(services):
    for name, service in services.items():
        for other, link in service.get("depends_on", {}).items():
            ready = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert link["condition"] == ready, f"{name} on {other}"
    assert set(services["worker"]["depends_on"]) == {"postgres", "redis", "airflow-init", "api-server"}


def test_there_are_two_workers(services):
    assert services["worker"]["deploy"]["replicas"] == 2


def test_privileges_are_the_least(services):
    for name, service in services.items():
        assert service["read_only"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service.get("user") == {"postgres": None, "redis": "redis"}.get(name, "50000:0"), name
    assert {name for name, service in services.items() if "cap_add" in service} == {"postgres"}


def test_only_the_ui_can_be_reached_and_only_from_this_machine(services):
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert {name: [port["host_ip"] for port in open_] for name, open_ in ports.items()} == {"api-server": ["127.0.0.1"]}
    inside = {name for name, service in services.items() if set(service["networks"]) == {"inside"}}
    assert inside == BACKENDS | {"simulator"}


def test_keys_are_the_same_in_every_process_of_airflow(services, secrets):
    keys = {
        "AIRFLOW__CORE__FERNET_KEY": secrets["AIRFLOW_FERNET_KEY"],
        "AIRFLOW__API__SECRET_KEY": secrets["AIRFLOW_API_SECRET_KEY"],
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets["AIRFLOW_JWT_SECRET"],
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    }
    for name in AIRFLOW:
        assert keys.items() <= services[name]["environment"].items(), name


def test_who_knows_which_password(services, secrets):
    """A task can reach neither Airflow's database nor the billing database's owner."""
    users = {
        name: {
            service
            for service, settings in services.items()
            if any(secrets[name] in value for value in settings["environment"].values())
        }
        for name in secrets
        if name.endswith("PASSWORD")
    }
    with_metadata = AIRFLOW - {"worker"}
    assert users == {
        "POSTGRES_PASSWORD": {"postgres"},
        "AIRFLOW_DB_PASSWORD": {"postgres"} | with_metadata,
        "BILLING_OWNER_PASSWORD": {"postgres", "airflow-init"},
        "BILLING_DB_PASSWORD": {"postgres", "worker"},
        "BILLING_PAGES_PASSWORD": {"postgres", "api-server"},
        "BILLING_CLOSING_PASSWORD": {"postgres", "worker"},
        "REDIS_PASSWORD": {"redis"} | AIRFLOW,
        "AIRFLOW_ADMIN_PASSWORD": {"airflow-init"},
    }


def test_no_secret_is_an_argument(services, secrets):
    words = [
        word
        for service in services.values()
        for word in (*(service["command"] or []), *service.get("healthcheck", {}).get("test", []))
    ]
    hidden = [value for name, value in secrets.items() if re.search("PASSWORD|SECRET|KEY", name)]
    assert not [word for word in words if any(value in word for value in hidden)]


def test_the_accounts_file_reaches_workers_and_pages_and_nobody_else(services):
    readers = {name: service for name, service in services.items() if "TIEOUT_ACCOUNTS" in service["environment"]}
    assert readers.keys() == {"api-server", "worker"}
    for service in readers.values():
        (mount,) = [each for each in service["volumes"] if each["target"] == service["environment"]["TIEOUT_ACCOUNTS"]]
        assert mount["read_only"]
        assert Path(mount["source"]) == ROOT / "include" / "accounts.yaml"


def test_who_asks_vendors_may_ask_the_simulator(services):
    address = services["simulator-connections"]["command"][-1]
    assert address == "http://simulator:8090"
    for name in ("api-server", "triggerer", "worker"):
        assert services[name]["environment"]["TIEOUT_SIMULATOR_HOST"] == "simulator"


def test_the_linter_has_nothing_to_say_of_the_dockerfile(tools):
    done = subprocess.run(
        [tools / "bin" / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_what_the_dockerfile_copies_is_there_and_not_ignored():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [
        source
        for words in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in [word for word in words.split() if not word.startswith("--")][:-1]
    ]
    assert all((ROOT / source).exists() for source in copied)
    assert {source.split("/")[0] for source in copied} == allowed


def test_the_image_has_the_airflow_of_the_lock():
    (version,) = re.findall(r"^apache-airflow==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert f"apache/airflow:slim-{version}-python3.12" in DOCKERFILE
