"""`python -m benchmarks.data_sets [name …]`: every data set, or those named, as JSON: name → value, gate, passed."""

import importlib
import json
import os
import pkgutil
import sys
import time
from pathlib import Path

import benchmarks.data_sets
from benchmarks.gates import Gates


def main() -> None:
    """Measure each set; without the data say why there is nothing to print."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # as in a worker; before numpy is imported
        os.environ.setdefault(name, "1")
    data = Path(os.environ.get("AGILE_SALES_DATA") or "nowhere") / "benchmarks"
    gates: Gates = {}
    if not data.is_dir():
        print("   skipped: AGILE_SALES_DATA names no folder with benchmarks", file=sys.stderr)
    else:
        there = [found.name for found in pkgutil.iter_modules(benchmarks.data_sets.__path__)]
        for name in sys.argv[1:] or sorted(set(there) - {"__main__"}):
            started = time.monotonic()
            module = importlib.import_module(f"benchmarks.data_sets.{name}")
            gates |= {figure.name: figure.as_gate() for figure in module.measure(data.parent)}
            print(f"   {name} in {time.monotonic() - started:.1f} s", file=sys.stderr)
    print(json.dumps(gates, indent=2))


if __name__ == "__main__":
    main()
