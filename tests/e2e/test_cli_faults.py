"""The command line where folders, projects or models cannot be used: one sentence, and nothing left behind."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autoanno_gui.config import AppHome, project_file_for
from tests.e2e.cli_kit import refused, report, run
from tests.e2e.conftest import Open
from tests.projects import MadeProject, draw_frames


def test_folders_that_cannot_be_used(tmp_path: Path, tiny: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("no image")
    for verb in (["scan"], ["predict", "--model", tiny]):
        assert "absent is not a folder" in refused(*verb, tmp_path / "absent")
        assert "file is not a folder" in refused(*verb, file)
        assert f"There are no images in {empty}" in refused(*verb, empty)
        assert "is not a folder" in refused(*verb, tmp_path / ("n" * 300))
    assert not project_file_for(AppHome.find(), empty).exists()
    for verb in (["queue"], ["metrics"], ["doctor"], ["export", "--out", tmp_path / "out"]):
        assert "absent is not a folder" in refused(*verb, tmp_path / "absent")


@contextmanager
def forbidden(folder: Path) -> Iterator[None]:
    """Take the right to read a folder away; skip for a user whom that does not stop."""
    folder.chmod(0o000)
    try:
        if os.access(folder, os.R_OK):
            pytest.skip("this user may read everything")
        yield
    finally:
        folder.chmod(0o755)


def test_a_folder_that_may_not_be_read(photos: Path) -> None:
    inside = photos / "inside"
    inside.mkdir()
    with forbidden(photos):
        assert "cannot be read" in refused("scan", photos)
        assert "is not a folder" in refused("scan", inside)


def test_a_sub_folder_that_may_not_be_read_is_named(photos: Path) -> None:
    draw_frames(photos / "hidden", ["a.jpg"])
    with forbidden(photos / "hidden"):
        result = run("scan", photos)
    assert result.exit_code == 0
    assert "hidden was left out" in result.stderr


def test_a_home_that_cannot_be_written(
    made: MadeProject, open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("AUTOANNO_HOME", str(tmp_path / "file" / "home"))
    assert "set AUTOANNO_HOME to another folder" in refused("scan", made.folder)
    assert "set AUTOANNO_HOME to another folder" in refused("demo")
    # What needs nothing of it works.
    assert report("scan", made.folder, "--project", made.file)["frames"]
    window = open_window(arguments=[str(made.folder)])
    window.wait(lambda: "AUTOANNO_HOME" in window.window.notice.text)
    assert window.window.presenter is None
    window.close()
    window = open_window(made)
    assert window.frame == "frame_0.jpg"
    assert "AUTOANNO_HOME" in window.window.notice.text


def break_project(file: Path, how: str) -> None:
    if how == "absent":
        file.unlink()
    elif how == "folder":
        file.unlink()
        file.mkdir()
    elif how == "text":
        file.write_text("not a database\n" * 50)
    elif how == "empty":
        file.write_bytes(b"")
    elif how == "damaged":
        content = file.read_bytes()
        file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    else:
        conn = sqlite3.connect(file)
        with conn:
            conn.execute("PRAGMA application_id = 7" if how == "foreign" else "PRAGMA user_version = 9999")
        conn.close()


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("absent", "There is no project file"),
        ("folder", "is a folder, not a project file"),
        ("text", "is not a project of this program"),
        ("empty", "is empty and not a project"),
        ("foreign", "is not a project of this program"),
        ("newer", "was made by a newer version of this program"),
        ("damaged", "is damaged"),
    ],
)
def test_project_files_that_cannot_be_used(how: str, sentence: str, reviewed: MadeProject, tmp_path: Path) -> None:
    break_project(reviewed.file, how)
    before = reviewed.file.read_bytes() if reviewed.file.is_file() else None
    for verb in ("queue", "metrics", "doctor"):
        assert sentence in refused(verb, "--project", reviewed.file), verb
    assert sentence in refused("export", "--project", reviewed.file, "--out", tmp_path / "out")
    if how not in ("absent", "empty"):  # there a scan makes a new project
        assert sentence in refused("scan", reviewed.folder, "--project", reviewed.file)
    after = reviewed.file.read_bytes() if reviewed.file.is_file() else None
    assert after == before
    assert not (tmp_path / "out").exists()


def test_a_project_of_another_folder(made: MadeProject, photos: Path) -> None:
    for verb in ("scan", "queue", "metrics", "doctor"):
        sentence = refused(verb, photos, "--project", made.file)
        assert f"is the project of {made.folder} and not of {photos}" in sentence


def test_a_project_whose_folder_may_not_be_written(made: MadeProject, tmp_path: Path) -> None:
    assert "does not exist" in refused("scan", made.folder, "--project", tmp_path / "absent" / "p.autoanno")


def unusable_models(folder: Path) -> dict[str, Path]:
    """Make models that cannot be used; return each by a part of what must be said of it."""
    import torch

    garbage = folder / "garbage.pt"
    garbage.write_bytes(b"\x00garbage" * 100)
    other = folder / "other.pt"
    torch.save({"weights": torch.zeros(3)}, other)
    text = folder / "notes.txt"
    text.write_text("no model")
    onnx = folder / "cut.onnx"
    onnx.write_bytes(b"\x08\x07")
    classify = folder / "cls_openvino_model"
    classify.mkdir()
    (classify / "cls.xml").write_text("<net/>")
    (classify / "cls.bin").touch()
    (classify / "metadata.yaml").write_text("task: classify\nnames: {0: a}\nimgsz: [64, 64]\nbatch: 1\nstride: 32\n")
    return {
        "There is no": folder / "absent.pt",
        "garbage.pt": garbage,
        "other.pt": other,
        "is not a kind of model": text,
        "cut.onnx": onnx,
        "is a classify model": classify,
        "is a folder without a model": folder,
    }


def test_models_that_cannot_be_used(photos: Path, tmp_path: Path, app_home: Path, tiny: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for part, model in unusable_models(folder).items():
        sentence = refused("predict", photos, "--model", model)
        assert part in sentence
        assert str(model) in sentence
    assert "cannot be used" in refused("predict", photos, "--model", tiny, "--device", "cuda:7")
    assert not project_file_for(AppHome.find(), photos).exists()
