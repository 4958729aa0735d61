"""Real processes: noticed when they die, gone when they are stopped, strangers left alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tieout_stack.errors import StackError
from tieout_stack.processes import session_members, started_at
from tieout_stack.supervisor import Supervisor, stop_leftovers

# ignores SIGTERM and has a child in a process group of its own, as Airflow's tasks are
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgid(0, 0)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def supervisor(tmp_path):
    made = Supervisor(tmp_path, tmp_path / "processes.json")
    yield made
    made.stop()


def pid_of(folder: Path, name: str) -> int:
    rows = json.loads((folder / "processes.json").read_text(encoding="utf-8"))
    return next(row["pid"] for row in rows if row["name"] == name)


def wait_for(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def sleeper() -> list[str]:
    return [sys.executable, "-c", "import time; time.sleep(600)"]


def test_a_process_that_ended_is_named_with_its_log(supervisor, tmp_path):
    """However it ended: here somebody killed it."""
    supervisor.start("scheduler", sleeper(), os.environ)
    supervisor.check()
    os.kill(pid_of(tmp_path, "scheduler"), signal.SIGKILL)
    wait_for(lambda: started_at(pid_of(tmp_path, "scheduler")) is None)
    with pytest.raises(StackError, match=r"scheduler stopped unexpectedly \(signal SIGKILL\): see .*scheduler\.log"):
        supervisor.check()


def test_a_process_that_is_to_end_may_fail(supervisor):
    """Its exit code decides, and its log has what it said."""
    supervisor.start("migrate", [sys.executable, "-c", "print('no such table'); raise SystemExit(3)"], os.environ)
    with pytest.raises(StackError, match=r"migrate failed \(exit code 3\): see .*migrate\.log"):
        supervisor.finish("migrate", 20)
    assert supervisor.log_of("migrate").read_text(encoding="utf-8") == "no such table\n"


def test_waiting_for_one_process_notices_that_another_died(supervisor):
    """A migration is pointless without its database."""
    supervisor.start("postgres", [sys.executable, "-c", ""], os.environ)
    supervisor.start("migrate", sleeper(), os.environ)
    with pytest.raises(StackError, match="postgres stopped unexpectedly"):
        supervisor.finish("migrate", 20)


@pytest.mark.long
def test_nothing_of_a_stubborn_process_survives(supervisor, tmp_path):
    """It ignores SIGTERM and its child left the process group."""
    supervisor.start("stubborn", [sys.executable, "-c", STUBBORN], os.environ)
    leader = pid_of(tmp_path, "stubborn")
    log = supervisor.log_of("stubborn")
    wait_for(lambda: log.read_text(encoding="utf-8").count("ready") == 2)
    assert len(session_members(leader)) == 2
    supervisor.stop()
    assert session_members(leader) == []
    assert json.loads((tmp_path / "processes.json").read_text(encoding="utf-8")) == []


def test_what_a_killed_run_wrote_down_is_stopped(supervisor, tmp_path):
    """By a run that knows it from the file only."""
    supervisor.start("triggerer", sleeper(), os.environ)
    leader = pid_of(tmp_path, "triggerer")
    assert stop_leftovers(tmp_path / "processes.json") == ["triggerer"]
    assert session_members(leader) == []


def test_a_stranger_with_the_same_number_is_left_alone(tmp_path):
    """The time of its start tells it apart."""
    with subprocess.Popen(sleeper(), start_new_session=True) as stranger:
        row = {"name": "scheduler", "pid": stranger.pid, "started_at": "1"}
        (tmp_path / "processes.json").write_text(json.dumps([row]), encoding="utf-8")
        try:
            assert stop_leftovers(tmp_path / "processes.json") == []
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_unreadable_records_stop_nothing(tmp_path):
    """A disk that was full may leave half a file."""
    (tmp_path / "processes.json").write_text('[{"name": "sch', encoding="utf-8")
    assert stop_leftovers(tmp_path / "processes.json") == []
