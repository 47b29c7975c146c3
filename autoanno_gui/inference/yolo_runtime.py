"""The one place that imports Ultralytics, and undoes what the import does to the rest of the process."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Final

from autoanno_gui.core.errors import ModelError

LOGGER_NAME: Final = "ultralytics"
_lock: Final = threading.Lock()


def import_ultralytics() -> None:
    """Import Ultralytics (1 to 4 seconds the first time). `prepare_offline` must have been called.

    After the import: its messages go to the logging of the program and not to stdout; `PIL.Image.open` is Pillow's own
    again (the replacement raises ModuleNotFoundError for a file that is no image); a model file that is not on this
    computer is never looked for elsewhere; `.pt` files are opened in safe mode, also when something else had imported
    Ultralytics before the environment was prepared.

    Raises:
        ModelError: a package is missing or too old.
    """
    with _lock:
        try:
            from PIL import Image
            from ultralytics.nn import tasks
            from ultralytics.utils import LOGGER, downloads, patches
        except ImportError as e:
            raise ModelError(f"Ultralytics cannot be loaded ({e}); install the packages torch and ultralytics.") from e
        if not getattr(getattr(tasks, "_SafeLoad", None), "SUPPORTED", False):
            raise ModelError("Model files cannot be opened safely here; install a newer torch and ultralytics.")
        tasks.SAFE_LOAD = True
        # Given "yolov5n.pt" or a path with an apostrophe, the original asks GitHub for a file that is here.
        downloads.attempt_download_asset = _local_file
        Image.open = patches._image_open
        for handler in [h for h in LOGGER.handlers if type(h) is logging.StreamHandler]:
            LOGGER.removeHandler(handler)
        LOGGER.setLevel(logging.INFO)
        LOGGER.propagate = True


def _local_file(file: str | Path, *_args: object, **_options: object) -> str:
    """Stand in for Ultralytics' download: return the path of a file that is here, never ask for one that is not."""
    if not os.path.isfile(file):
        raise FileNotFoundError(f"{file} is not on this computer")
    return str(file)
