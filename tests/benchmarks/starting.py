"""From the start of the process to the first painted window and the first frame, against a bare window."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.figures import Figure, median
from tests.benchmarks.material import make_frames, make_project

REPOSITORY: Final = Path(__file__).resolve().parents[2]
BUDGET_SECONDS: Final = 0.6
KNOWN_FRAMES: Final = 50


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Start the program on a known project several times, the bare window in between; the first round only warms up."""
    frames, file = folder / "frames", folder / "known.autoanno"
    make_frames(frames, count=KNOWN_FRAMES, width=1920, height=1080)
    make_project(file, frames, width=1920, height=1080)
    bare: list[float] = []
    window: list[float] = []
    frame: list[float] = []
    torch = False
    environment = _environment(folder)
    for repeat in range(3 if short else 6):
        empty = _start("bare", environment=environment)
        known = _start("app", str(frames), "--project", str(file), environment=environment)
        if repeat:
            bare.append(empty["window"])
            window.append(known["window"])
            frame.append(known["frame"])
            torch = torch or bool(known["torch"])
    floor = median(bare)
    note = f"bare window {_all(bare)}; torch was {'' if torch else 'not '}imported by then"
    return [
        _figure("start to first painted window", window, floor, torch, detail=f"{_all(window)}; {note}"),
        _figure("start to first frame of a known project", frame, floor, torch, detail=f"{_all(frame)}; {note}"),
    ]


def _figure(name: str, times: list[float], floor: float, torch: bool, *, detail: str) -> Figure:
    value = median(times)
    budget = f"<= {BUDGET_SECONDS} s, no torch"
    return Figure(name, value, "s", floor, budget, value <= BUDGET_SECONDS and not torch, detail)


def _all(times: list[float]) -> str:
    return " ".join(f"{seconds:.2f}" for seconds in times) + " s"


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of an installed program, whose bytecode is on the disk; here it goes beside the frames."""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _start(*arguments: str, environment: dict[str, str]) -> dict[str, Any]:
    """Run a start; return what it saw, in seconds since the start of its process."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.start_child", *arguments],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode != 0 or not done.stdout:
        raise RuntimeError(f"the program did not start: {done.stderr.strip()}")
    seen = json.loads(done.stdout.splitlines()[-1])
    return {key: value if isinstance(value, bool) else value - begun for key, value in seen.items()}
