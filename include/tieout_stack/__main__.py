"""
``python -m tieout_stack``: what `make demo`, `make down`, `make sql`, `make certificate` and `make rederive` run.

An error is one sentence and exit code 1. A stop signal stops every process; Ctrl-C after the table is exit code 0.
"""

import argparse
import errno
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from tieout_stack.cleanup import delete, stop_everything_left
from tieout_stack.environment import forget_shell_settings
from tieout_stack.errors import StackError
from tieout_stack.stages import Stages
from tieout_stack.state import StateFolder
from tieout_stack.stop_signals import StopRequested, StopSignals

CHECKOUT = Path(__file__).resolve().parents[2]
STATE_VARIABLE = "TIEOUT_STATE"
STOP_SECONDS = 60
LOW_DISK_BYTES = 200 << 20


def main() -> int:
    """Run the command of the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="tieout_stack", description="Tieout on this machine.")
    folder = os.environ.get(STATE_VARIABLE) or CHECKOUT / ".tieout"
    parser.add_argument("--state", type=Path, default=folder, help="folder for everything that it stores")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="collect and reconcile last month of all vendors")
    demo.add_argument("--exit", action="store_true", help="end after the table")
    demo.add_argument("--port", type=int, help="port of the Airflow UI; default: a free one")
    down = commands.add_parser("down", help="stop a running demo, or what a killed one left running")
    down.add_argument("--delete", action="store_true", help="also remove the databases, logs and secrets")
    commands.add_parser("sql", help="open psql on the running demo's billing database; takes psql's options")
    certificate = commands.add_parser("certificate", help="certify an invoice of the running demo")
    certificate.add_argument("invoice_id")
    rederive = commands.add_parser("rederive", help="derive a month of the running demo again")
    rederive.add_argument("month", help="YYYY-MM")
    arguments, for_psql = parser.parse_known_args()
    if for_psql and arguments.command != "sql":
        parser.error(f"unrecognized arguments: {' '.join(for_psql)}")
    state = StateFolder(arguments.state)
    if arguments.command != "sql":  # psql is the user's: it keeps his pager and locale
        forget_shell_settings()
    try:
        if arguments.command in {"sql", "certificate", "rederive"}:
            return run_on_demo(state, arguments, for_psql)
        if arguments.command == "down":
            return run_down(state, remove=arguments.delete)
        return run_demo(state, arguments.port, exit_after=arguments.exit)
    except StackError as error:
        return _print_error(str(error) + _low_disk(state))
    except SQLAlchemyError as error:
        first = str(error).splitlines()[0]
        return _print_error(f"The database returned an error: {first} See {state.logs / 'postgres.log'}.")
    except (KeyboardInterrupt, StopRequested):  # before anything was started, or after all was stopped
        return 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        elsewhere = "" if error.errno in (errno.ENOSPC, errno.EDQUOT) else f" {STATE_VARIABLE} may name another folder."
        return _print_error(f"{error.strerror}: {error.filename or state.root}.{elsewhere}")


def run_demo(state: StateFolder, port: int | None, *, exit_after: bool) -> int:
    """Run the demo; however it ends, every process that it started is stopped."""
    # these imports take a second, which `make down` need not wait for
    from tieout_stack.demo import Demo  # noqa: PLC0415
    from tieout_stack.local_stack import LocalStack  # noqa: PLC0415

    if not (CHECKOUT / "dags").is_dir():
        raise StackError("The demo runs the DAG files of a clone: there, pip install --editable '.[demo]'.")
    stages = Stages(_started())
    with StopSignals() as signals, state.locked():
        stack = demo = None
        try:
            stack = LocalStack(CHECKOUT, state, stages, signals, port)
            demo = Demo(stack, stages)
            return demo.run(exit_after=exit_after)
        except StopRequested as request:
            print(f"\nstopping ({request})", flush=True)
            served = demo is not None and demo.serving
            return 0 if served and request.number == signal.SIGINT else 128 + request.number
        finally:
            signals.ignore()
            if stack is not None:
                stack.stop()


def run_on_demo(state: StateFolder, arguments: argparse.Namespace, for_psql: list[str]) -> int:
    """Run a command on a demo that runs already."""
    from tieout_stack.running import RunningDemo  # noqa: PLC0415 (as above)

    demo = RunningDemo(state)
    if arguments.command == "sql":
        demo.exec_psql(for_psql)
    if arguments.command == "certificate":
        return demo.certify(arguments.invoice_id)
    return demo.rederive(arguments.month)


def run_down(state: StateFolder, *, remove: bool) -> int:
    """Stop a running demo, or clean up after one that was killed."""
    if not state.root.exists():
        print("nothing is running")
        return 0
    if state.is_locked():
        _stop_running(state)
    with state.locked():
        left = stop_everything_left(state)
        print(f"stopped {', '.join(left)}" if left else "nothing is running")
        if remove:
            delete(state)
    return 0


def _stop_running(state: StateFolder) -> None:
    """Send a running demo SIGTERM and wait until it has stopped."""
    holder = state.holder()
    if holder is None:
        raise StackError("A demo is starting or stopping here: try again in a few seconds.")
    print(f"stopping the running demo (process {holder})", flush=True)
    os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while state.is_locked():
        if time.monotonic() > deadline:
            raise StackError(f"The demo (process {holder}) did not stop within {STOP_SECONDS} s.")
        time.sleep(0.2)


def _started() -> float | None:
    """Return when `make demo` started: the time of tools/bootstrap is part of the first stage."""
    started = os.environ.get("TIEOUT_STARTED")
    return float(started) if started else None


def _low_disk(state: StateFolder) -> str:
    """Return a likely cause that most components do not name; the failed one may have freed some space since."""
    free = shutil.disk_usage(state.root).free if state.root.exists() else LOW_DISK_BYTES
    return "" if free >= LOW_DISK_BYTES else f" The disk of {state.root} has {free >> 20} MiB left."


def _print_error(sentence: str) -> int:
    """Print an error; return the exit code."""
    print(f"tieout: {sentence}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
