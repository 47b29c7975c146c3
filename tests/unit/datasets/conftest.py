"""A folder of frames, a plan to export it, and a place to export to."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoanno_gui.datasets.plan import ExportPlan
from tests.unit.datasets.builders import make_frames, make_plan


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "exports" / "first"


@pytest.fixture
def plan(root: Path) -> ExportPlan:
    return make_plan(make_frames(root, [f"clip/{number}.png" for number in range(6)]))
