"""The state folder: secrets made once, one demo at a time."""

import subprocess
import sys

import pytest

from tieout_stack.errors import StackError
from tieout_stack.state import StateFolder

HOLD = """
import sys, time
from pathlib import Path
from tieout_stack.state import StateFolder
with StateFolder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def state(tmp_path):
    folder = StateFolder(tmp_path / "state")
    folder.prepare()
    return folder


def test_secrets_are_made_once_and_readable_by_their_owner_only(state):
    """What was encrypted yesterday can be read today."""
    first = state.secrets()
    assert state.secrets() == first
    assert (state.root / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert len(first.jwt_secret.encode()) >= 64
    assert len({first.fernet_key, first.jwt_secret, first.api_secret, first.admin_password}) == 4


def test_two_state_folders_share_no_secret(state, tmp_path):
    """Nothing is built in."""
    other = StateFolder(tmp_path / "other")
    other.prepare()
    assert other.secrets().admin_password != state.secrets().admin_password


def test_a_second_demo_is_refused_until_the_first_is_gone(state):
    """Even if the first was killed, and could not take its lock back."""
    with subprocess.Popen([sys.executable, "-c", HOLD, state.root], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StackError, match=f"already runs here .process {holder.pid}.: .*make down"), state.locked():
            pass
        assert state.is_locked()
        holder.kill()
        holder.wait()
    assert not state.is_locked()
