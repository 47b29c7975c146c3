"""The bundled demo project, put where it can be worked on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from autoanno_gui.config import PROJECT_SUFFIX, AppHome
from autoanno_gui.resources import resource


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo is on this computer."""

    frames: Path
    project: Path
    model: Path


def prepare_demo(home: AppHome, *, reset: bool = False) -> Demo:
    """Copy the demo's frames into the program's own folder, on first use or to start over.

    Args:
        home: the program's own folder.
        reset: whether decisions made before are dropped (the demo's only; no other project is touched).
    """
    folder = home.root / "demo"
    if reset and folder.exists():
        shutil.rmtree(folder)
    frames = folder / "frames"
    if not frames.is_dir():
        shutil.copytree(resource("demo/frames"), frames)
    return Demo(frames, folder / f"demo{PROJECT_SUFFIX}", resource("demo/sky.pt"))
