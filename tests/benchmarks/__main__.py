"""Measures the program against the bare floor of the same run: `python -m tests.benchmarks [--short] [--json]`.

Each group of figures has a process of its own. Everything that is measured is made in a temporary folder and deleted.
The exit code says whether all could be run, not whether budgets are met: that depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure, table
from tests.benchmarks.groups import GROUPS, measure
from tests.benchmarks.machine import load, prepare_environment


def main(argv: Sequence[str] | None = None) -> int:
    """Run the groups that were asked for. Returns 1 when one of them could not be run."""
    options = _parse(argv)
    figures: list[Figure] = []
    failed: dict[str, str] = {}
    before, begun = load(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="autoanno_bench_") as folder:
        prepare_environment(Path(folder, "home"))
        for name in options.only or GROUPS:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            work = Path(folder, name)
            work.mkdir()
            given = {"model": options.model, "frames": options.frames} if name == "predicting" else {}
            try:
                figures += measure(name, work, short=options.short, given=given)
            except Exception:  # noqa: BLE001 - the boundary: it is shown, and the other groups still run
                failed[name] = traceback.format_exc()
                print(failed[name], file=sys.stderr)
    machine = _machine(before)
    if options.json:
        document = {
            "figures": [figure.to_json() for figure in figures],
            "failed": failed,
            "seconds": round(time.monotonic() - begun, 1),
            "machine": machine,
        }
        print(json.dumps(document, indent=2))
    else:
        print(table(figures))
        print("\n" + ", ".join(f"{key} {value}" for key, value in machine.items()))
    return 1 if failed else 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer frames and runs: half a minute instead of several")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--only", choices=GROUPS, nargs="+", help="groups to measure")
    parser.add_argument("--model", type=Path, metavar="PATH", help="model for the prediction rates")
    parser.add_argument("--frames", type=Path, metavar="DIR", help="frames for the prediction rates")
    options = parser.parse_args(argv)
    for path in (options.model, options.frames):
        if path is not None and not path.exists():
            parser.error(f"there is no {path}")
    options.model = options.model.absolute() if options.model is not None else None
    options.frames = options.frames.absolute() if options.frames is not None else None
    return options


def _machine(before: float | None) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load_before": before,
        "load_after": load(),
        "qt_platform": os.environ.get("QT_QPA_PLATFORM", "of the desktop"),
    }


if __name__ == "__main__":
    sys.exit(main())
