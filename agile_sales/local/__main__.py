"""`python -m agile_sales.local`: what `make demo` runs after the set-up."""

import argparse
import os
import sys
from pathlib import Path

from agile_sales.local import demo
from agile_sales.local.problems import LocalProblem, words_for

DEFAULT_PORT = 8000
PROJECT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Run the demo; return the exit code: 0 after Ctrl-C, 1 when it could not be started."""
    parser = argparse.ArgumentParser(
        prog="python -m agile_sales.local",
        description="Start the whole product on this machine: PostgreSQL, Valkey, web, worker, relay and beat. "
        "State lives in .local/; deleting it is a clean start. Ctrl-C stops everything.",
        epilog="environment: PORT (8000), DEMO_PASSWORD, DATABASE_URL (an administrator's address of your own "
        "PostgreSQL 15 or later), REDIS_URL (your own Redis 7 or Valkey 8, or later)",
    )
    parser.add_argument("--port", type=_port, default=os.environ.get("PORT") or str(DEFAULT_PORT), help="default: 8000")
    options = parser.parse_args()
    try:
        demo.run(demo.Demo(project=PROJECT, port=options.port))
    except LocalProblem as problem:
        sys.stderr.write(f"\n{problem}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"\n{words_for(error)}\n")
        return 1
    return 0


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
