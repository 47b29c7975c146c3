"""The bundled demo project, put where it can be worked on."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from autoanno_gui.config import PROJECT_SUFFIX, AppHome
from autoanno_gui.core.errors import FolderError
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

    Raises:
        FolderError: the folder cannot be written.
    """
    folder = home.root / "demo"
    frames = folder / "frames"
    try:
        if reset and folder.exists():
            shutil.rmtree(folder)
        if not frames.is_dir():
            # Under another name until it is whole, so that a copy that was cut off is not taken for the demo.
            part = folder / "frames.part"
            if part.exists():
                shutil.rmtree(part)
            shutil.copytree(resource("demo/frames"), part)
            os.rename(part, frames)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FolderError(
            f"The demo cannot be put into {folder} ({reason}); make room, or set AUTOANNO_HOME to another folder."
        ) from error
    return Demo(frames, folder / f"demo{PROJECT_SUFFIX}", resource("demo/sky.pt"))
