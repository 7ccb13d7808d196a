"""A product of tiny parts, for tests of the supervisor: `python -m tests.local.small_product FOLDER [what…]`.

Each part writes its process number, and that of a child of its own, into FOLDER/<part>.pids, then waits.
"""

import os
import sys
from pathlib import Path

from agile_sales.local import state
from agile_sales.local.demo import say
from agile_sales.local.problems import LocalProblem
from agile_sales.local.supervisor import Part, StopRequested, Supervisor

PART = """
import os, pathlib, signal, subprocess, sys, time
folder, name, what = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"])
count = folder / (name + ".starts")
starts = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(starts))
if what == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("the words of", name, flush=True)
aside = folder / (name + ".aside")
aside.write_text(f"{os.getpid()} {child.pid}")
aside.rename(folder / (name + ".pids"))
if what == "crashing" and starts == 1:
    print("no such table: deals", flush=True)
    os._exit(3)
time.sleep(600)
"""  # noqa: E501


def main() -> int:
    """Run the parts that the arguments name, `web:steady` or `worker:crashing`, until a signal."""
    folder = Path(sys.argv[1])
    state_dir = folder / "state"
    state_dir.mkdir(exist_ok=True)
    supervisor = Supervisor(
        state_dir,
        say,
        first_pause=0.05,
        stop_signals=((15, 1.0),),
    )

    def part(name: str, what: str) -> Part:
        return supervisor.command(
            name,
            [sys.executable, "-c", PART, str(folder), name, what],
            cwd=folder,
            env=os.environ,
            is_ready=lambda _: (folder / f"{name}.pids").exists(),
            ready_seconds=30,
        )

    try:
        with state.held(state_dir, "http://localhost:8000"), supervisor.heeding_signals():
            try:
                supervisor.clear_leftovers()
                supervisor.start(*(part(*argument.split(":")) for argument in sys.argv[2:]))
                say("ready")
                supervisor.watch()
            except StopRequested:
                pass
            finally:
                supervisor.stop()
                say("stopped")
    except LocalProblem as problem:
        say(str(problem))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
