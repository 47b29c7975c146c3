"""Files that come with the program: found in every kind of installation, and sound in themselves."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtSvg import QSvgRenderer

from autoanno_gui.resources import resource

ROOT = Path(__file__).resolve().parents[2]
SHORTCUTS: dict[str, dict[str, Any]] = tomllib.loads(resource("shortcuts.toml").read_text(encoding="utf-8"))
ICONS = sorted(resource("icons").glob("*.svg"))


# --- where they are found ---------------------------------------------------------------------------------------------
def test_a_checkout_has_them_beside_the_package() -> None:
    assert resource("shortcuts.toml") == ROOT / "resources" / "shortcuts.toml"


def test_a_missing_one_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"icons/nothing\.svg"):
        resource("icons/nothing.svg")


def test_a_frozen_program_has_them_in_its_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "autoanno_gui" / "_resources" / "shortcuts.toml"
    inside.parent.mkdir(parents=True)
    inside.touch()
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert resource("shortcuts.toml") == inside


def test_an_installed_wheel_carries_them(tmp_path: Path) -> None:
    python = [sys.executable, "-m"]
    subprocess.run([*python, "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    pip = ["pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, wheel]
    subprocess.run([*python, *pip], cwd=tmp_path, check=True)

    code = "from autoanno_gui.resources import resource; print(resource('shortcuts.toml').parent)"
    environment = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    carried = Path(done.stdout.strip())
    assert carried == site / "autoanno_gui" / "_resources"
    assert files_of(carried) == files_of(ROOT / "resources")
    assert (site / "share" / "applications" / "autoanno.desktop").is_file()
    assert (site / "bin" / "autoanno").is_file()


def files_of(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


# --- the table of keys ------------------------------------------------------------------------------------------------
def portable(key: str) -> str:
    """Return the one spelling of a key that has several, such as Delete and Del; empty for what is no key."""
    return QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText).toString(
        QKeySequence.SequenceFormat.PortableText
    )


def test_no_two_commands_share_a_key() -> None:
    # The canvas is inside the window and the window inside the application, so every two contexts overlap.
    uses = Counter(portable(key) for entry in SHORTCUTS.values() for key in entry["keys"])
    assert [key for key, count in uses.items() if count > 1] == []


@pytest.mark.parametrize("action", SHORTCUTS)
def test_an_entry_is_complete(action: str) -> None:
    entry = SHORTCUTS[action]
    assert set(entry) <= {"text", "tip", "keys", "context", "menu", "group", "repeat", "hold"}
    assert action.count(".") == 1
    assert entry["text"]
    assert entry["tip"].endswith(".")
    assert entry["context"] in {"window", "canvas", "application"}
    if "menu" in entry:
        assert entry["menu"] in {"file", "edit", "review", "object", "view", "model", "tools", "help"}
        assert entry["group"]
    assert entry["keys"] or "menu" in entry, "neither a key nor a menu leads here"
    assert all(portable(key) for key in entry["keys"])
    assert not (entry.get("repeat") and entry.get("hold"))


def test_access_keys_are_unique_within_a_menu() -> None:
    letters = Counter(
        (entry["menu"], entry["text"][entry["text"].index("&") + 1].lower())
        for entry in SHORTCUTS.values()
        if "menu" in entry
    )
    assert [place for place, count in letters.items() if count > 1] == []


def test_keys_that_move_the_focus_or_edit_lists_belong_to_the_canvas() -> None:
    robbed = {"Tab", "Shift+Tab", "Return", "Enter", "Delete", "Backspace", "Esc", "Left", "Right", "Up", "Down"}
    elsewhere = {action for action, entry in SHORTCUTS.items() if entry["context"] != "canvas"}
    assert [action for action in elsewhere if robbed & {key.split("+")[-1] for key in SHORTCUTS[action]["keys"]}] == []


def test_a_held_key_never_decides() -> None:
    deciding = ["review.accept_frame", "review.reject_frame", "review.defer_frame", "object.accept", "object.reject"]
    assert [action for action in deciding if SHORTCUTS[action].get("repeat")] == []
    assert SHORTCUTS["review.next"]["repeat"]
    assert SHORTCUTS["review.previous"]["repeat"]


# --- icons ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("icon", ICONS, ids=lambda icon: icon.stem)
def test_an_icon_can_be_drawn(icon: Path) -> None:
    assert QSvgRenderer(str(icon)).isValid()


@pytest.mark.parametrize("icon", [icon for icon in ICONS if icon.stem != "autoanno"], ids=lambda icon: icon.stem)
def test_a_line_icon_can_be_tinted(icon: Path) -> None:
    elements = list(ET.parse(icon).iter())
    assert elements[0].get("viewBox") == "0 0 24 24"
    colours = {element.get(name) for element in elements for name in ("fill", "stroke")} - {None}
    assert colours <= {"#000", "none"}
