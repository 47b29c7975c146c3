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


class SyncProbe:
    """Syncs a small file, to see what the disk takes for that at the moment."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / "sync.bin").open("ab", buffering=0)

    def measure(self) -> float:
        """Return the milliseconds that appending a block and syncing it takes."""
        begun = time.perf_counter()
        self._file.write(BLOCK)
        os.fsync(self._file.fileno())
        return (time.perf_counter() - begun) * 1000

    def close(self) -> None:
        """Close the file."""
        self._file.close()
