"""What the benchmarks ask of the computer: how busy it is, what it takes to sync a file, how much memory is used."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

BLOCK = b"\0" * 4096


def prepare_environment(home: Path) -> None:
    """Keep the user's own settings out of it, leave nothing behind, and do without a screen where there is none."""
    os.environ["AUTOANNO_HOME"] = str(home)
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(home / "inductor")
    screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if sys.platform.startswith("linux") and not screen:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def load() -> float | None:
    """Return how many processes wanted to run during the last minute; None where the system does not tell."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def memory_bytes() -> int | None:
    """Return how much memory this process holds; None where the system does not tell."""
    facts = Path("/proc/self/statm")
    if not facts.is_file():
        return None
    return int(facts.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def sync_times(folder: Path, *, count: int, pause: float) -> list[float]:
    """Return the milliseconds that appending a block to a file and syncing it takes, again and again."""
    taken = []
    with (folder / "sync.bin").open("wb", buffering=0) as file:
        for _ in range(count):
            time.sleep(pause)
            begun = time.perf_counter()
            file.write(BLOCK)
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - begun) * 1000)
    return taken
