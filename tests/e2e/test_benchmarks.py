"""The benchmarks run and print what they promise; how quick this machine happens to be is not judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.figures import Figure, percentile, table

ROOT = Path(__file__).resolve().parents[2]
ROWS = (
    "next frame, 1080p, 10 keys/s, p99",
    "next frame, 4K, 10 keys/s, p99",
    "decision acknowledged, p99",
    "start to first painted window",
    "start to first frame of a known project",
    "prediction job, plain loop as floor",
    "prediction job, forward pass as floor",
    "GUI while predicting, lateness of a 5 ms timer, p99",
    "GUI while the model loads, longest gap",
    "next frame while predicting, 10 keys/s, p99",
    "repaint, 300 boxes, zooming, 1x, p99",
    "repaint, 300 masks, zooming, 1x, p99",
    "threshold by key, 300 boxes, 1x, p99",
    "threshold by far, 300 masks, 1x, p99",
    "drift, plain: false alarms",
    "drift, plain: caught",
)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the benchmarks whose temporary files go to a folder of the test."""
    folder.mkdir()
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=110,
    )


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the short benchmark printed; it left nothing behind."""
    folder = tmp_path_factory.mktemp("short") / "tmp"
    done = run(folder, "tests.benchmarks", "--short", "--json")
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []
    return json.loads(done.stdout)


def test_the_short_benchmark_prints_one_document_of_rows(short: dict[str, Any]) -> None:
    assert short["failed"] == {}
    assert short["machine"]["cores"] == os.cpu_count()
    rows = {row["name"]: row for row in short["figures"]}
    assert len(rows) == len(short["figures"])
    assert set(ROWS) <= rows.keys()
    for row in rows.values():
        assert row["value"] >= 0
        assert row["unit"]
        assert row["budget"]
        assert row["met"] in (True, False, None)
        if row["floor"] is None:
            assert row["ratio"] is None
        else:
            assert row["ratio"] == pytest.approx(row["value"] / row["floor"])


def test_nothing_is_off_by_an_order_of_magnitude(short: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in short["figures"]}
    assert rows["next frame, 1080p, 10 keys/s, p99"]["value"] < 500
    assert rows["start to first painted window"]["ratio"] < 50
    assert rows["prediction job, plain loop as floor"]["ratio"] > 0.2
    assert next(row["value"] for name, row in rows.items() if name.startswith("memory per frame")) < 10_000


def test_the_table_has_a_row_for_each_figure() -> None:
    figures = [
        Figure("quick", 4.0, "ms", 2.0, "<= 5 ms", True, "seen once"),
        Figure("slow", 9.0, "ms", None, "<= 5 ms", False),
    ]
    lines = table(figures).splitlines()
    assert lines[0].split() == ["figure", "value", "floor", "ratio", "budget", "met"]
    assert lines[1].split() == ["quick", "4.00", "ms", "2.00", "ms", "2.00", "<=", "5", "ms", "yes"]
    assert lines[2].split() == ["slow", "9.00", "ms", "–", "–", "<=", "5", "ms", "NO"]
    assert "seen once" in lines[-1]


def test_percentile_is_the_value_below_which_a_share_lies() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 0.99) == 100.0
    assert percentile(values, 0.5) == 51.0
    assert percentile([3.0], 0.99) == 3.0
