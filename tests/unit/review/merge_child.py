"""Run as a process of its own by the crash test: merges, says how far it is after each transaction, and goes on only
when it is told to."""

from __future__ import annotations

import sys
from pathlib import Path

from autoanno_gui.review.hand_over import merge_back
from autoanno_gui.store.store_thread import Store


def main(file: Path, other: Path) -> None:
    store = Store.open(file)
    for progress in merge_back(store, other):
        print(progress.done, flush=True)  # noqa: T201
        sys.stdin.readline()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
