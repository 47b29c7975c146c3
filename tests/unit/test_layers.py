"""The layers hold, and the contracts that watch them would notice if they did not."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "autoanno_gui"

PLANTED = {
    "core/planted_cv2.py": ("import cv2\n", "core.planted_cv2 -> cv2"),
    "core/planted_up.py": ("import autoanno_gui.imaging\n", "core.planted_up -> autoanno_gui.imaging"),
    "imaging/planted_qt.py": ("def f():\n    from PySide6.QtGui import QImage\n", "imaging.planted_qt -> PySide6"),
    "datasets/planted_sibling.py": ("import autoanno_gui.store\n", "datasets.planted_sibling -> autoanno_gui.store"),
    "review/planted_up.py": ("import autoanno_gui.ui.planted\n", "review.planted_up -> autoanno_gui.ui.planted"),
    "review/planted_model.py": ("def f():\n    import torch\n", "review.planted_model -> torch"),
    "review/planted_sql.py": ("def f():\n    import sqlite3\n", "review.planted_sql -> sqlite3"),
    "ui/planted.py": ("def f():\n    from ultralytics import YOLO\n", "ui.planted -> ultralytics"),
    "config.py": ("def planted():\n    import autoanno_gui.resources\n", "config -> autoanno_gui.resources"),
    "cli.py": ("def planted():\n    from PySide6.QtWidgets import QWidget\n", "cli -> PySide6"),
    "planted_alone.py": ("", "planted_alone"),
}
"""File -> what is added to it, and how the report names the fault."""


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run([sys.executable, "-c", code], cwd=tree, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the contracts say about a copy of the package in which every kind of fault was planted."""
    tree = tmp_path_factory.mktemp("tree")
    shutil.copytree(PACKAGE, tree / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    clean = lint_imports(tree)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    for name, (code, _) in PLANTED.items():
        with (tree / PACKAGE.name / name).open("a", encoding="utf-8") as file:
            file.write(f"\n\n{code}")
    broken = lint_imports(tree)
    assert broken.returncode == 1, broken.stdout + broken.stderr
    return broken.stdout


@pytest.mark.parametrize("fault", [fault for _, fault in PLANTED.values()])
def test_contracts_notice(report: str, fault: str) -> None:
    assert fault in report


def test_nothing_below_the_window_loads_qt_or_a_model_runtime() -> None:
    heavy = ("PySide6", "shiboken6", "torch", "torchvision", "ultralytics", "openvino", "onnx", "onnxruntime")
    code = f"""
import importlib, pkgutil, sys
import autoanno_gui
skipped = ("autoanno_gui.ui", "autoanno_gui.app", "autoanno_gui.__main__")
for module in pkgutil.walk_packages(autoanno_gui.__path__, "autoanno_gui."):
    if not module.name.startswith(skipped):
        importlib.import_module(module.name)
print(*[name for name in {heavy!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def imported(file: Path) -> set[str]:
    """Return the top-level packages that a file imports anywhere."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def test_core_imports_only_what_it_may() -> None:
    allowed = (set(sys.stdlib_module_names) - {"sqlite3", "tkinter"}) | {"numpy", "scipy", "shapely", "autoanno_gui"}
    found = {file.name: imported(file) - allowed for file in (PACKAGE / "core").rglob("*.py")}
    assert found
    assert {name: extra for name, extra in found.items() if extra} == {}


def test_init_files_of_subpackages_are_empty() -> None:
    files = list(PACKAGE.glob("*/**/__init__.py"))
    assert files
    assert [os.fspath(file) for file in files if file.stat().st_size] == []


def test_folders_beside_the_package_stay_out_of_the_way() -> None:
    # The checkout is on Python's path, and `packaging` is also the name of a library that others import.
    assert not (ROOT / "packaging" / "__init__.py").exists()
