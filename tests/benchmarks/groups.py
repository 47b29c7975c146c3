"""The groups of figures, each run in a process of its own so that none warms up or burdens the next."""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.figures import Figure

GROUPS: Final = ("next_frame", "starting", "opening", "predicting", "segmenting", "many_objects", "threshold", "drift")


def measure(name: str, folder: Path, *, short: bool, given: Mapping[str, Any]) -> list[Figure]:
    """Run one group in a fresh process.

    Args:
        folder: an empty folder to work in.
        given: further arguments of the group.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_run, name, folder, short, dict(given)).result()


def _run(name: str, folder: Path, short: bool, given: dict[str, Any]) -> list[Figure]:
    group = importlib.import_module(f"tests.benchmarks.{name}")
    found: list[Figure] = group.measure(folder, short=short, **given)
    return found
