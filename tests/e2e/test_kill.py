"""What is left when the process ends in the middle: killed during review, closed during a prediction."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from autoanno_gui.core.records import DecisionKind, FrameState
from autoanno_gui.store.store_thread import Store, open_report
from tests.e2e.conftest import ROOT, Open, finished_runs
from tests.projects import USUAL, make_project
from tests.ui.driver import Key

FRAMES = 100
ACKNOWLEDGED = 12
CLOSE_SECONDS = 10.0


def start(what: str, *arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.e2e.window_child", what, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)


def test_no_acknowledged_decision_is_lost_when_the_process_is_killed(open_window: Open, tmp_path: Path) -> None:
    made = make_project(tmp_path, [USUAL] * FRAMES)
    child = start("review", made.folder, "--project", made.file)
    assert child.stdout is not None
    acknowledged = []
    for line in child.stdout:
        acknowledged.append(line.strip())
        if len(acknowledged) == ACKNOWLEDGED:
            child.kill()
            break
    out, errors = child.communicate(timeout=60)
    assert child.returncode != 0, "it ended by itself"
    acknowledged += out.split()
    assert acknowledged == list(made.names[: len(acknowledged)]), errors
    assert ACKNOWLEDGED <= len(acknowledged) < FRAMES

    with open_report(made.file) as reader:
        assert reader.integrity() == []
        entries = list(reader.decisions())
        frames = [frame for block in reader.frames() for frame in block]
    times = Counter(entry.path for entry in entries)
    assert set(times.values()) == {1}
    assert set(acknowledged) <= set(times)
    # One more may have been on its way, and it is whole or not there at all.
    assert len(times) <= len(acknowledged) + 1
    assert all((entry.decision.kind, len(entry.decision.verdicts)) == (DecisionKind.ACCEPTED, 2) for entry in entries)
    assert [frame.path for frame in frames if frame.state is FrameState.ACCEPTED] == [entry.path for entry in entries]

    driver = open_window(made)
    assert driver.frame == made.names[len(entries)]
    driver.wait(lambda: driver.session.can_decide)
    driver.decide(Key.Key_Space)
    with driver.reader() as reader:
        assert reader.counts()[FrameState.ACCEPTED] == len(entries) + 1


def make_large_frames(folder: Path, count: int) -> None:
    """Write frames that take a while to decode."""
    picture = np.full((3000, 4000, 3), (90, 120, 60), np.uint8)
    cv2.circle(picture, (2000, 1500), 900, (40, 40, 200), -1)
    folder.mkdir()
    first = folder / "frame_0.jpg"
    first.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
    for number in range(1, count):
        shutil.copyfile(first, folder / f"frame_{number}.jpg")


def test_closing_the_window_during_a_prediction_ends_the_process(tmp_path: Path, tiny: Path) -> None:
    count, folder, file = 60, tmp_path / "large", tmp_path / "large.autoanno"
    make_large_frames(folder, count)
    child = start("predict", folder, "--project", file, "--model", tiny)
    assert child.stdout is not None
    line = child.stdout.readline()
    closing = time.monotonic()
    out, errors = child.communicate(timeout=60)
    assert time.monotonic() - closing < CLOSE_SECONDS
    assert (child.returncode, out) == (0, ""), errors
    assert "QThread" not in errors
    assert "Traceback" not in errors
    runs = [len(found) for found in finished_runs(file).values()]
    assert int(line) <= sum(runs) < count
    assert set(runs) == {0, 1}
    with Store.open(file) as store, store.reader() as reader:
        assert reader.integrity() == []
        assert reader.prediction_totals()[0] == sum(runs)
