"""Keep the model runtimes off the network and off the user's own settings.

Ultralytics looks things up online when it is imported, reports usage, installs missing packages and, given an API key,
uploads training runs; OpenVINO reports that it was imported; ONNX Runtime reports the models it runs. All of that is
decided from the environment and from files that are read at the first import, so it has to be settled before.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from autoanno_gui.core.errors import ModelError

_ENVIRONMENT: Final = {
    "YOLO_OFFLINE": "1",
    "YOLO_AUTOINSTALL": "0",
    # Read `.pt` files without running what is in them.
    "ULTRALYTICS_SAFE_LOAD": "1",
    # ONNX Runtime from 1.29 on reports on every system, and keeps a device number in the user's home. The second name
    # is that of its first version.
    "ORT_DISABLE_TELEMETRY": "1",
    "ORT_TELEMETRY_DISABLED": "1",
}
_UNWANTED: Final = (
    # With a key at hand, training uploads its console and its checkpoints.
    "ULTRALYTICS_API_KEY",
    # "False" would also hide the warning that frames of a batch were given up.
    "YOLO_VERBOSE",
)
_FONTS: Final = ("Arial.ttf", "Arial.Unicode.ttf")
_OLDEST_TORCH: Final = (2, 6)


def prepare_offline(home: Path) -> None:
    """Settle everything that keeps Ultralytics, OpenVINO, ONNX Runtime and matplotlib offline and inside `home`.

    Call it before the first import of any of them; calling it again does no harm.

    Raises:
        ModelError: PyTorch is missing or older than 2.6, or `home` cannot be written.
    """
    _require_torch()
    home = Path(os.path.abspath(home))
    os.environ.update(_ENVIRONMENT, YOLO_CONFIG_DIR=str(home))
    os.environ.setdefault("MPLCONFIGDIR", str(home / "matplotlib"))
    for name in _UNWANTED:
        os.environ.pop(name, None)
    # OpenVINO reports its import through this package unless the user's home has a file that says no; where the
    # package cannot be imported, OpenVINO goes on with its own stand-in that does nothing.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    folder = home / "Ultralytics"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_settings(folder)
        _copy_fonts(folder)
    except OSError as e:
        raise ModelError(f"{folder} cannot be written ({e.strerror}); free the disk or set AUTOANNO_HOME.") from e


def _require_torch() -> None:
    """Refuse a PyTorch on which Ultralytics would silently open `.pt` files without its safe mode."""
    try:
        installed = metadata.version("torch")
    except metadata.PackageNotFoundError as e:
        raise ModelError("PyTorch is not installed; install the package torch, 2.6 or newer.") from e
    numbers = re.match(r"(\d+)\.(\d+)", installed)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < _OLDEST_TORCH:
        raise ModelError(f"PyTorch {installed} cannot open model files safely; install torch 2.6 or newer.")


def _write_settings(folder: Path) -> None:
    """Write all keys of Ultralytics' settings, with everything off that leaves this computer."""
    wanted: dict[str, str | bool] = {
        "settings_version": "0.0.8",
        "datasets_dir": str(folder / "datasets"),
        "weights_dir": str(folder / "weights"),
        "runs_dir": str(folder / "runs"),
        "uuid": "0" * 64,
        "sync": False,
        "api_key": "",
        "openai_api_key": "",
        "clearml": False,
        "comet": False,
        "dvc": False,
        "mlflow": False,
        "raytune": False,
        "tensorboard": False,
        "wandb": False,
        "vscode_msg": False,
        "openvino_msg": False,
    }
    file = folder / "settings.json"
    found = _read_settings(file)
    # A later Ultralytics may have moved the file to its own version and added keys; it keeps our values.
    if all(found.get(key) == value for key, value in wanted.items() if key != "settings_version"):
        return
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(wanted, indent=2), encoding="utf-8")
    os.replace(part, file)


def _read_settings(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _copy_fonts(folder: Path) -> None:
    """Put a font where Ultralytics would otherwise download Arial to at every start of a training."""
    missing = [name for name in _FONTS if not (folder / name).exists()]
    if not missing:
        return
    source = _any_font()
    for name in missing:
        part = folder / f"{name}.{os.getpid()}.part"
        if source is None:
            part.touch()  # Only its presence is asked for unless plots are drawn.
        else:
            shutil.copyfile(source, part)
        os.replace(part, folder / name)


def _any_font() -> Path | None:
    """Return a TrueType font that came with matplotlib or OpenCV; neither of them is imported."""
    for package, inside in (("matplotlib", "mpl-data/fonts/ttf"), ("cv2", "qt/fonts")):
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec is not None else []:
            font = Path(place, inside, "DejaVuSans.ttf")
            if font.is_file():
                return font
    return None
