"""The home folder, the settings, the index of projects and the log."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autoanno_gui.config import (
    MAX_RECENT_FOLDERS,
    AppHome,
    Settings,
    default_reviewer,
    project_file_for,
    remember_project,
)
from autoanno_gui.core.errors import KnownError
from autoanno_gui.logs import setup_logging


@pytest.fixture
def home(tmp_path: Path) -> AppHome:
    return AppHome(tmp_path / "home")


# --- home -------------------------------------------------------------------------------------------------------------
def test_the_environment_names_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOANNO_HOME", str(tmp_path / "x"))
    home = AppHome.find()
    kept = [home.settings_file, home.projects_dir, home.projects_index, home.logs_dir, home.models_dir]
    assert home.root == tmp_path / "x"
    assert len(set(kept)) == len(kept)
    assert all(path.parent == home.root for path in kept)
    assert not home.root.exists()


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUTOANNO_HOME", "here")
    assert AppHome.find().root == tmp_path / "here"


def test_without_a_name_the_home_is_the_users_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOANNO_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert AppHome.find().root.name == "autoanno_gui"
    if sys.platform == "linux":
        assert AppHome.find().root == tmp_path / "autoanno_gui"


# --- settings ---------------------------------------------------------------------------------------------------------
def test_settings_come_back_as_they_were_saved(home: AppHome) -> None:
    settings = Settings(
        theme="dark",
        reviewer="Zoë",
        idle_cap_seconds=30.0,
        recent_folders=("/a", "/b\udce9"),
        last_model="/m/yolo.pt",
        device="cpu",
        ui_scale=1.25,
        hard_links=True,
        split_fractions=(0.7, 0.2, 0.1),
        split_seed=7,
        segmenter="/m/sam2_t.pt",
        segmenter_architecture="sam2_t",
        mask_tolerance=0.5,
        object_tour=False,
        thumbnails=False,
        session_card=False,
        check_every=10,
        shortcuts={"review.next": ("N", "Right")},
    )
    assert all(getattr(settings, name) != getattr(Settings(), name) for name in Settings.__slots__)
    settings.save(home)
    assert Settings.load(home) == settings


def test_the_file_holds_only_what_differs(home: AppHome) -> None:
    Settings().save(home)
    assert json.loads(home.settings_file.read_text()) == {}
    replace(Settings(), theme="light").save(home)
    assert json.loads(home.settings_file.read_text()) == {"theme": "light"}
    Settings().save(home)
    assert json.loads(home.settings_file.read_text()) == {}


def test_keys_of_other_versions_are_kept(home: AppHome) -> None:
    home.root.mkdir()
    home.settings_file.write_text('{"brush_size": [3, 4], "theme": "dark"}')
    replace(Settings.load(home), theme="light").save(home)
    assert json.loads(home.settings_file.read_text()) == {"brush_size": [3, 4], "theme": "light"}


@pytest.mark.parametrize("content", [b"", b'{"theme": "da', b"[]", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_damaged_file_is_set_aside(home: AppHome, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    home.root.mkdir()
    home.settings_file.write_bytes(content)
    assert Settings.load(home) == Settings()
    assert not home.settings_file.exists()
    assert home.settings_file.with_name("settings.json.damaged").read_bytes() == content
    assert str(home.settings_file) in caplog.text
    assert Settings.load(home) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "pink"),
        ("theme", ["dark"]),
        ("reviewer", " "),
        ("idle_cap_seconds", 0),
        ("idle_cap_seconds", True),
        ("idle_cap_seconds", 1e400),
        ("recent_folders", "/a"),
        ("recent_folders", ["/a", 1]),
        ("last_model", None),
        ("device", ""),
        ("ui_scale", -1),
        ("hard_links", "yes"),
        ("split_fractions", [0.8, 0.2]),
        ("split_fractions", [0.8, 0.2, 0.1]),
        ("split_fractions", [1.2, -0.2, 0.0]),
        ("split_fractions", [0.0, 1.0, 0.0]),
        ("split_fractions", [10**400, 0, 0]),
        ("split_seed", 1.5),
        ("check_every", -1),
        ("check_every", True),
        ("check_every", 2.5),
        ("shortcuts", {"review.next": "N"}),
        ("shortcuts", []),
    ],
)
def test_a_value_that_does_not_fit_is_the_default(
    home: AppHome, name: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    home.root.mkdir()
    home.settings_file.write_text(json.dumps({name: value, "last_model": value if name == "last_model" else "m.pt"}))
    loaded = Settings.load(home)
    assert getattr(loaded, name) == getattr(Settings(), name)
    assert name in caplog.text
    if name != "last_model":
        assert loaded.last_model == "m.pt"


def test_a_file_with_a_byte_order_mark_is_read(home: AppHome) -> None:
    home.root.mkdir()
    home.settings_file.write_bytes(b'\xef\xbb\xbf{"theme": "dark"}')
    assert Settings.load(home).theme == "dark"


def test_a_linked_file_stays_a_link(home: AppHome, tmp_path: Path) -> None:
    home.root.mkdir()
    target = tmp_path / "kept elsewhere.json"
    target.write_text("{}")
    home.settings_file.symlink_to(target)
    replace(Settings(), theme="dark").save(home)
    assert home.settings_file.is_symlink()
    assert json.loads(target.read_text()) == {"theme": "dark"}


def test_saving_leaves_nothing_else_behind(home: AppHome) -> None:
    replace(Settings(), theme="dark").save(home)
    assert [path.name for path in home.root.iterdir()] == ["settings.json"]


def test_settings_that_cannot_be_written_say_so(home: AppHome) -> None:
    home.settings_file.mkdir(parents=True)
    with pytest.raises(KnownError, match=r"settings\.json"):
        Settings().save(home)
    home.settings_file.rmdir()
    home.root.rmdir()
    home.root.write_text("a file in the way")
    with pytest.raises(KnownError, match=r"cannot be"):
        Settings().save(home)


def test_settings_that_cannot_be_read_are_the_defaults(home: AppHome, caplog: pytest.LogCaptureFixture) -> None:
    home.settings_file.mkdir(parents=True)
    assert Settings.load(home) == Settings()
    assert str(home.settings_file) in caplog.text


def test_recent_folders_are_newest_first_and_few() -> None:
    settings = Settings()
    for number in range(MAX_RECENT_FOLDERS + 3):
        settings = settings.with_recent_folder(f"/{number}")
    settings = settings.with_recent_folder("/10")
    assert settings.recent_folders[:3] == ("/10", "/14", "/13")
    assert len(settings.recent_folders) == len(set(settings.recent_folders)) == MAX_RECENT_FOLDERS


def test_the_reviewer_is_the_login_name_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ada")
    assert Settings().reviewer == "ada"


def test_a_system_without_a_login_name_has_a_reviewer(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert default_reviewer() == "reviewer"


# --- projects ---------------------------------------------------------------------------------------------------------
def test_a_folder_keeps_its_project_file(home: AppHome, tmp_path: Path) -> None:
    root = tmp_path / "my frames"
    root.mkdir()
    file = project_file_for(home, root)
    assert file.parent == home.projects_dir
    assert home.projects_dir.is_dir()
    assert file.name.startswith("my frames-")
    assert file.suffix == ".autoanno"
    assert len(file.stem.removeprefix("my frames-")) == 8
    assert project_file_for(home, root / ".." / "my frames") == file


def test_folders_of_one_name_have_projects_of_their_own(home: AppHome, tmp_path: Path) -> None:
    assert project_file_for(home, tmp_path / "a" / "images") != project_file_for(home, tmp_path / "b" / "images")


def test_a_link_to_a_folder_has_the_folders_project(home: AppHome, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert project_file_for(home, tmp_path / "link") == project_file_for(home, tmp_path / "real")


@pytest.mark.parametrize(
    ("folder", "name"),
    [("a:b?c", "a_b_c"), ("Bilder Köln", "Bilder Köln"), ("x\ny", "x_y"), ("caf\udce9", "caf_"), ("..x. ", "x")],
)
def test_odd_folder_names_make_plain_file_names(home: AppHome, tmp_path: Path, folder: str, name: str) -> None:
    file = project_file_for(home, tmp_path / folder)
    assert file.name.rpartition("-")[0] == name
    assert project_file_for(home, tmp_path / folder) == file
    file.touch()


def test_long_and_missing_folder_names(home: AppHome, tmp_path: Path) -> None:
    file = project_file_for(home, tmp_path / ("ö" * 120))
    file.touch()
    assert file.name.startswith("ö" * 60 + "-")
    assert project_file_for(home, Path(tmp_path.anchor)).name.startswith("frames-")


def test_a_moved_project_belongs_to_its_new_root_alone(home: AppHome, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    file = project_file_for(home, old)
    remember_project(home, new, file)
    assert project_file_for(home, new) == file
    assert project_file_for(home, old) != file
    assert project_file_for(home, old).name.startswith("old-")


def test_a_project_file_may_lie_elsewhere(home: AppHome, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "mine.autoanno"
    remember_project(home, tmp_path / "frames", file)
    assert project_file_for(home, tmp_path / "frames") == file


def test_the_home_can_be_moved_as_a_whole(home: AppHome, tmp_path: Path) -> None:
    name = project_file_for(home, tmp_path / "frames").name
    home.root.rename(tmp_path / "moved")
    moved = AppHome(tmp_path / "moved")
    assert project_file_for(moved, tmp_path / "frames") == moved.projects_dir / name


def test_a_lost_index_loses_no_project(home: AppHome, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = project_file_for(home, tmp_path / "frames")
    home.projects_index.write_text("{")
    assert project_file_for(home, tmp_path / "frames") == file
    assert home.projects_index.with_name("projects.json.damaged").exists()
    assert str(home.projects_index) in caplog.text


def test_two_processes_do_not_lose_each_others_entries(home: AppHome, tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from autoanno_gui.config import AppHome, project_file_for
for number in range(40):
    project_file_for(AppHome(Path(sys.argv[1])), Path(sys.argv[2]) / str(number))
"""
    roots = [tmp_path / "a", tmp_path / "b"]
    running = [subprocess.Popen([sys.executable, "-c", code, str(home.root), str(root)]) for root in roots]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    assert len(json.loads(home.projects_index.read_text())) == 80


def test_an_index_that_cannot_be_written_says_so(home: AppHome, tmp_path: Path) -> None:
    home.root.write_text("a file in the way")
    with pytest.raises(KnownError, match="cannot be"):
        project_file_for(home, tmp_path / "frames")


# --- log --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """Leave the logger of the process as it was."""
    logger = logging.getLogger()
    handlers, level = list(logger.handlers), logger.level
    yield logger
    for handler in [each for each in logger.handlers if each not in handlers]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


@pytest.mark.usefixtures("root_logger")
def test_the_log_takes_info_and_odd_names(home: AppHome) -> None:
    file = setup_logging(home)
    assert file is not None
    assert file.parent == home.logs_dir
    logging.getLogger("autoanno_gui.test").info("opened %s", "caf\udce9")
    logging.getLogger("autoanno_gui.test").debug("not this")
    content = file.read_text(encoding="utf-8")
    assert "INFO autoanno_gui.test: opened caf\\udce9" in content
    assert "not this" not in content


def test_a_second_call_moves_the_log(home: AppHome, tmp_path: Path, root_logger: logging.Logger) -> None:
    before = len(root_logger.handlers)
    first = setup_logging(home)
    second = setup_logging(AppHome(tmp_path / "other"))
    assert first is not None
    assert second is not None
    assert len(root_logger.handlers) == before + 1
    logging.getLogger("autoanno_gui.test").warning("once")
    assert first.read_text() == ""
    assert second.read_text().count("once") == 1


def test_a_log_that_cannot_be_written_stops_nothing(
    home: AppHome, root_logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(root_logger.handlers)
    home.root.write_text("a file in the way")
    assert setup_logging(home) is None
    assert "no log is kept" in caplog.text
    assert len(root_logger.handlers) == before
