"""What the program runs on: versions, device, Qt platform."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from typing import Any, Final

from autoanno_gui import __version__
from autoanno_gui.config import AppHome
from autoanno_gui.core.errors import ModelError
from autoanno_gui.inference.registry import best_device

_PACKAGES: Final = (
    "PySide6",
    "ultralytics",
    "torch",
    "torchvision",
    "openvino",
    "onnxruntime",
    "opencv-python",
    "numpy",
    "pillow",
    "sqlite-utils",
)
_ASK_QT: Final = "from PySide6.QtGui import QGuiApplication; print(QGuiApplication([]).platformName())"
_ASK_QT_SECONDS: Final = 20


def environment_report(home: AppHome) -> dict[str, Any]:
    """Return versions, the device that a model would run on, and the Qt platform."""
    try:
        device, reason = best_device(home.models_dir)
    except ModelError as error:
        device, reason = "none", str(error)
    return {
        "versions": {"autoanno": __version__, "python": platform.python_version(), "os": platform.platform()}
        | {name: version for name in _PACKAGES if (version := _version(name)) is not None},
        "device": device,
        "device_reason": reason,
        "qt_platform": _qt_platform(),
        "home": str(home.root),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _qt_platform() -> str:
    """Ask Qt in a process of its own: without a screen it would end this one."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("QT_QPA_FONTDIR")}
    try:
        asked = subprocess.run(
            [sys.executable, "-c", _ASK_QT], capture_output=True, text=True, timeout=_ASK_QT_SECONDS, env=environment
        )
    except subprocess.TimeoutExpired:
        return "does not answer"
    return asked.stdout.strip() or "none: no screen, or a library is missing"
