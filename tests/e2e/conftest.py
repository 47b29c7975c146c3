"""Small models that find something, folders of frames for them, and what to look at afterwards."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QThread

from autoanno_gui.inference.offline import prepare_offline
from autoanno_gui.store.store_thread import Store
from tests.projects import USUAL, MadeProject, make_project
from tests.ui.conftest import Open, open_window
from tests.unit.inference.conftest import drawn
from tests.unit.review.sitting import Sitting

__all__ = ["Open", "open_window"]

ROOT = Path(__file__).resolve().parents[2]
SHAPES = ("circle", "square", "triangle")
MANY = 160
"""So many frames that the job is still running while a test does something."""
_LAYOUT = """\
nc: 3
backbone:
  - [-1, 1, Conv, [8, 3, 2]]
  - [-1, 1, Conv, [16, 3, 2]]
  - [-1, 1, Conv, [16, 3, 2]]
head:
  - [[2], 1, Detect, [nc]]
"""

BuildModel = Callable[..., Path]


@pytest.fixture(scope="session")
def build_model(tmp_path_factory: pytest.TempPathFactory) -> BuildModel:
    """Return a function that saves a YOLO of random weights, which finds some sure and many unsure objects anywhere."""
    prepare_offline(tmp_path_factory.mktemp("models_home"))

    def build(*, seed: int = 1, name: str = "tiny.pt", names: Sequence[str] = SHAPES) -> Path:
        import torch
        from ultralytics import YOLO

        folder = tmp_path_factory.mktemp("model")
        (folder / "layout.yaml").write_text(_LAYOUT)
        torch.manual_seed(seed)
        model = YOLO(str(folder / "layout.yaml"), verbose=False)
        network = model.model
        # Without statistics of real pictures the signal dies on its way and all scores are alike.
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.momentum = None
        network.train()
        with torch.no_grad():
            for picture in range(8):
                pixels = torch.from_numpy(drawn(picture, width=96, height=96).copy())
                network(pixels.permute(2, 0, 1)[None].float() / 255)
        network.eval()
        for branch in network.model[-1].cv3:
            torch.nn.init.normal_(branch[-1].weight, std=1.5)
            torch.nn.init.constant_(branch[-1].bias, -5.0)
        network.names = dict(enumerate(names))
        model.ckpt = {"train_args": {"imgsz": 96}}
        model.save(str(folder / name))
        return folder / name

    return build


@pytest.fixture(scope="session")
def tiny(build_model: BuildModel) -> Path:
    """Return a model of circles, squares and triangles."""
    return build_model()


def make_frames(folder: Path, count: int) -> list[str]:
    """Draw noisy frames, named so that natural order is their number; return the names."""
    folder.mkdir(parents=True)
    names = [f"frame_{number}.png" for number in range(count)]
    for number, name in enumerate(names):
        picture = drawn(number, width=320, height=240)
        (folder / name).write_bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())
    return names


@pytest.fixture
def other_model(build_model: BuildModel) -> Path:
    """Return a model that finds other things in other places."""
    return build_model(seed=3, name="other.pt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of a few frames."""
    make_frames(tmp_path / "frames", 6)
    return tmp_path / "frames"


@pytest.fixture(scope="session")
def many_frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many") / "frames"
    make_frames(folder, MANY)
    return folder


@pytest.fixture
def large(many_frames: Path, tmp_path: Path) -> Path:
    """Return a folder of many frames."""
    return Path(shutil.copytree(many_frames, tmp_path / "large"))


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    """Return a project of four frames with the usual proposals."""
    return make_project(tmp_path, [USUAL] * 4)


@pytest.fixture
def reviewed(made: MadeProject) -> MadeProject:
    """Return a project with an accepted, an edited, a rejected and an undecided frame."""
    sitting = Sitting(made).start()
    sitting.accept()
    sitting.session.objects.reject()
    sitting.accept()
    sitting.reject()
    sitting.close()
    return made


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a folder of four frames that no project knows."""
    folder = tmp_path / "photos"
    make_frames(folder, 4)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file below a folder."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def query(file: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask a project file as any other program may, without the app's own code."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as conn:
        return conn.execute(sql, values).fetchall()


def finished_runs(file: Path) -> dict[str, list[int]]:
    """Return the finished predictions of each frame, oldest first."""
    sql = (
        "SELECT f.path, rf.id FROM frame f LEFT JOIN run_frame rf ON rf.frame_id = f.id AND rf.status = 'done' "
        "ORDER BY f.sort_key, rf.id"
    )
    found: dict[str, list[int]] = {}
    for path, run_frame in query(file, sql):
        found.setdefault(path, []).extend([] if run_frame is None else [run_frame])
    return found


def predicted_unlike_once(file: Path) -> dict[str, list[int]]:
    """Return the frames that no model has predicted, or more than one run."""
    return {path: runs for path, runs in finished_runs(file).items() if len(runs) != 1}


def running_qthreads() -> list[str]:
    """Return the Qt threads that are alive in this process."""
    # By type(): some objects of torch answer isinstance() with a warning.
    threads = [each for each in gc.get_objects() if issubclass(type(each), QThread)]
    return [repr(each) for each in threads if shiboken6.isValid(each) and each.isRunning()]


def assert_let_go(file: Path) -> None:
    """Check that nothing of a closed window is left: no thread, and the project file is free."""
    import threading

    assert running_qthreads() == []
    kept = [thread.name for thread in threading.enumerate() if thread.name.startswith(("store", "decode"))]
    assert kept == []
    with Store.open(file):
        pass


def command_line(*arguments: str | Path, timeout: float = 110) -> subprocess.CompletedProcess[str]:
    """Run the program as from a terminal, in another folder than the sources."""
    command = [sys.executable, "-m", "autoanno_gui", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=os.environ["AUTOANNO_HOME"], env=environment, capture_output=True, text=True, timeout=timeout
    )


def train_on(dataset: Path, *, weights: Path, home: Path, imgsz: int = 64) -> dict[str, Any]:
    """Let Ultralytics check a dataset and train on it for one epoch, in a process and a folder of its own."""
    home.mkdir()
    command = [
        sys.executable,
        "-m",
        "tests.e2e.trainer",
        str(home),
        str(dataset / "data.yaml"),
        str(weights),
        str(imgsz),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads((home / "answer.json").read_text())


def rows_of(label_file: Path) -> np.ndarray:
    """Return the rows of a YOLO label file: (N, 5)."""
    text = label_file.read_text().split()
    return np.array(text, np.float64).reshape(-1, 5)
