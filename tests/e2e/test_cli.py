"""The command line: one JSON document or a sentence, the right exit code, and nothing loaded that is not needed."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from autoanno_gui import __version__, app
from autoanno_gui.cli import main
from autoanno_gui.config import AppHome, project_file_for
from autoanno_gui.imaging.paths import escape_path
from autoanno_gui.imaging.scan import natural_key
from autoanno_gui.review import demo
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.store_thread import Store, open_report
from tests.e2e.conftest import ROOT, Open, command_line, finished_runs, hashes, make_frames
from tests.projects import USUAL, MadeProject, draw_frames, make_project
from tests.unit.review.sitting import Sitting

VERBS = ("gui", "scan", "predict", "queue", "metrics", "tune", "export", "doctor", "demo")
Json = dict[str, Any]


def run(*arguments: str | Path) -> Result:
    """Run a verb in this process; a bug of ours is raised."""
    result = CliRunner().invoke(main, [os.fspath(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def report(*arguments: str | Path) -> Json:
    """Return the one JSON document of a verb that must succeed."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refused(*arguments: str | Path) -> str:
    """Return the sentence with which a verb gives up."""
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    last = result.stderr.splitlines()[-1]
    assert last.startswith("autoanno: "), result.stderr
    assert "Traceback" not in result.stderr
    # Before it there is nothing but progress.
    assert not re.sub(r"(Reading|Predicting|Exporting)[^\r\n]*|\s", "", result.stderr.removesuffix(last + "\n"))
    return last.removeprefix("autoanno: ")


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    return make_project(tmp_path, [USUAL] * 4)


@pytest.fixture
def reviewed(made: MadeProject) -> MadeProject:
    """Accepted, edited and rejected, and one that is still undecided."""
    sitting = Sitting(made).start()
    sitting.accept()
    sitting.session.objects.reject()
    sitting.accept()
    sitting.reject()
    sitting.close()
    return made


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    make_frames(folder, 4)
    return folder


# ------------------------------------------------------------------------------------------------ help and usage
def test_the_version_and_the_verbs() -> None:
    assert run("--version").stdout == f"autoanno, version {__version__}\n"
    text = run("--help").stdout
    assert run("-h").stdout == text
    assert all(re.search(rf"^  {verb} ", text, re.MULTILINE) for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    result = run(verb, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f" {verb} " in result.stdout.splitlines()[0]
    assert ("--project" in result.stdout) is (verb != "demo")
    assert ("--json" in result.stdout) is (verb not in ("gui", "demo"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["scan", "a", "b"],
        ["scan", "a", "--no-such-option"],
        ["predict", "a"],
        ["predict", "a", "--model", "m.pt", "--imgsz", "big"],
        ["predict", "a", "--model", "m.pt", "--task", "classify"],
        ["queue"],
        ["metrics", "--json"],
        ["export", "--out", "x"],
        ["export", "a"],
        ["export", "a", "--out", "x", "--val", "0.6", "--test", "0.6"],
        ["gui", "--checks", "maybe"],
        ["--no-such-option"],
        ["one", "two"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage:" in result.stderr


# ------------------------------------------------------------------------------------------------ the way to the window
@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], app.GuiOptions()),
        (["gui"], app.GuiOptions()),
        (["photos"], app.GuiOptions(Path("photos"))),
        (["gui", "scan"], app.GuiOptions(Path("scan"))),
        (["photos", "--checks", "off"], app.GuiOptions(Path("photos"), checks=False)),
        (["--model", "m.pt", "photos"], app.GuiOptions(Path("photos"), model=Path("m.pt"))),
        (["--project", "p.autoanno"], app.GuiOptions(project=Path("p.autoanno"))),
        (["--project=p.autoanno", "photos"], app.GuiOptions(Path("photos"), Path("p.autoanno"))),
        (["--", "-photos"], app.GuiOptions(Path("-photos"))),
        (["gui", "--project", "-p", "--model", "-m", "--", "-x"], app.GuiOptions(Path("-x"), Path("-p"), Path("-m"))),
    ],
)
def test_what_is_no_verb_is_for_the_window(
    arguments: list[str], wanted: app.GuiOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[app.GuiOptions] = []

    def window(argv: list[str]) -> int:
        opened.append(app.parse_arguments(argv))
        return 0

    monkeypatch.setattr(app, "run", window)
    assert run(*arguments).exit_code == 0
    assert opened == [wanted]


def test_the_demo_opens_in_the_window(tmp_path: Path, app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_frames(tmp_path / "demo" / "frames", ["sky.jpg"])
    opened: list[app.GuiOptions] = []
    monkeypatch.setattr(app, "run", lambda argv: opened.append(app.parse_arguments(argv)) or 3)
    monkeypatch.setattr(demo, "resource", lambda name: tmp_path / name)
    assert run("demo").exit_code == 3
    (options,) = opened
    assert options.folder is not None
    assert options.folder.is_relative_to(app_home)
    assert (options.folder / "sky.jpg").exists()
    assert options.model == tmp_path / "demo" / "sky.pt"


def test_the_project_may_stand_anywhere(made: MadeProject) -> None:
    wanted = report("queue", "--project", made.file)
    assert report("--project", made.file, "queue") == wanted
    assert report(f"--project={made.file}", "queue", made.folder) == wanted
    assert report("queue", made.folder, f"--project={made.file}") == wanted


# ------------------------------------------------------------------------------------------------ what is loaded
def loaded_by(*arguments: str | Path, screen: bool = True) -> tuple[set[str], str, int]:
    """Run a verb in a new process; return which heavy modules it loaded, its stderr and exit code."""
    heavy = ("PySide6", "shiboken6", "torch", "torchvision", "ultralytics", "openvino", "onnx", "onnxruntime")
    code = f"""
import atexit, sys
from autoanno_gui.cli import main
atexit.register(lambda: print("loaded:", *[name for name in {heavy!r} if name in sys.modules]))
main(sys.argv[1:])
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if not screen:
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            environment.pop(name, None)
    command = [sys.executable, "-c", code, *map(os.fspath, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    last = done.stdout.splitlines()[-1]
    assert last.startswith("loaded:")
    return set(last.split()[1:]), done.stderr, done.returncode


@pytest.mark.parametrize("arguments", [["--help"], ["gui", "--help"], ["scan"], ["queue"], ["metrics"]])
def test_no_window_and_no_model_runtime_where_neither_is_needed(arguments: list[str], made: MadeProject) -> None:
    names = [] if "--help" in arguments else [made.folder, "--project", made.file]
    modules, errors, code = loaded_by(*arguments, *names, screen=False)
    assert (modules, code) == (set(), 0), errors


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there a screen is named by variables")
def test_without_a_screen_the_window_says_so(made: MadeProject) -> None:
    modules, errors, code = loaded_by(made.folder, screen=False)
    assert (modules, code) == (set(), 1)
    assert errors.startswith("autoanno: There is no screen")
    assert errors.count("\n") == 1


# ------------------------------------------------------------------------------------------------ scan
@pytest.fixture(scope="module")
def hard_frames(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = shared / "hard_frames" / "make_hard_frames.py"
    if not script.is_file():
        pytest.skip("the generator of awkward frames is not in the shared folder")
    out = tmp_path_factory.mktemp("hard") / "set"
    command = [sys.executable, str(script), "--set", "dev", "--special", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    return out


def test_awkward_frames_are_listed_as_their_manifest_says(hard_frames: Path) -> None:
    manifest = json.loads((hard_frames / "manifest.json").read_text())
    expected = {}
    for entry in manifest["entries"]:
        raw = os.fsdecode(bytes.fromhex(entry["path_bytes_hex"])) if "path_bytes_hex" in entry else entry["path"]
        if entry["listed_as_frame"]:
            expected[escape_path(raw)] = entry
    found = report("scan", hard_frames / "frames")
    assert found["root"] == str(hard_frames / "frames")
    names = [row["frame"] for row in found["frames"]]
    assert sorted(names) == sorted(expected)
    assert names == sorted(names, key=natural_key)
    wrong = {}
    for row in found["frames"]:
        entry = expected[row["frame"]]
        opens = (entry.get("displayed_width"), entry.get("displayed_height"), "undecided", None)
        fails = (None, None, "failed", entry.get("error", {}).get("code"))
        allowed = {True: [opens], False: [fails], None: [opens, fails]}[entry["must_open"]]
        got = (row["width"], row["height"], row["state"], row["error"])
        if got not in allowed or set(row) != {"frame", "width", "height", "state", "error", "flags"}:
            wrong[row["frame"]] = (got, allowed)
    assert wrong == {}
    assert len(names) > 80


def test_a_scan_for_people(photos: Path) -> None:
    (photos / "frame_1.png").write_bytes(b"")
    result = run("scan", photos)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"4 frames in {photos}, 1 cannot be used",
        "  frame_1.png: empty_file",
    ]
    assert "Reading" in result.stderr


def test_a_quick_scan_reads_nothing(photos: Path) -> None:
    rows = report("scan", photos, "--quick")["frames"]
    assert [row["frame"] for row in rows] == [f"frame_{number}.png" for number in range(4)]
    assert all(row["width"] is None for row in rows)
    assert all(row["width"] == 320 for row in report("scan", photos)["frames"])
    assert all(row["width"] == 320 for row in report("scan", photos, "--quick")["frames"])


def test_a_scan_shows_what_was_decided(reviewed: MadeProject) -> None:
    (reviewed.folder / "frame_3.jpg").unlink()
    rows = report("scan", reviewed.folder, "--project", reviewed.file)["frames"]
    assert [(row["state"], row["error"]) for row in rows] == [
        ("accepted", None),
        ("edited", None),
        ("rejected", None),
        ("failed", "missing"),
    ]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
def test_names_that_are_not_unicode(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    draw_frames(folder, [os.fsdecode(b"b\xff.jpg"), "车辆.jpg"])
    found = report("scan", folder)
    assert [row["frame"] for row in found["frames"]] == ["b\\xff.jpg", "车辆.jpg"]
    assert os.fsencode(found["root"]) == os.fsencode(folder)
    done = command_line("scan", folder)
    assert done.returncode == 0
    assert "2 frames in" in done.stdout
    done = command_line("metrics", tmp_path / os.fsdecode(b"gone\xe9"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "is not a folder" in done.stderr


# ------------------------------------------------------------------------------------------------ reports
def test_the_queue(reviewed: MadeProject) -> None:
    found = report("queue", "--project", reviewed.file)
    assert found["order"] == "natural"
    assert [(row["frame"], row["reason"], row["state"]) for row in found["frames"]] == [
        ("frame_3.jpg", "coverage", "undecided"),
        ("frame_2.jpg", "rejected", "rejected"),
        ("frame_0.jpg", "decided", "accepted"),
        ("frame_1.jpg", "decided", "edited"),
    ]
    assert all(isinstance(row["score"], float) for row in found["frames"])
    lines = run("queue", "--project", reviewed.file).stdout.splitlines()
    assert lines[0].split() == ["1", "undecided", "coverage", "frame_3.jpg"]


def test_the_figures(reviewed: MadeProject) -> None:
    found = report("metrics", "--project", reviewed.file)
    counts = {
        "frames_total": 4,
        "frames_predicted": 4,
        "frames_failed": 0,
        "frames_decided": 3,
        "frames_accepted": 1,
        "frames_edited": 1,
        "frames_rejected": 1,
        "frames_hand_labelled": 0,
        "frames_deferred": 0,
        "candidates_shown": 4,
        "candidates_accepted": 3,
        "candidates_edited": 0,
        "candidates_rejected": 1,
        "annotations_promoted": 0,
        "annotations_added": 0,
    }
    assert {key: found[key] for key in counts} == counts
    assert (found["edit_rate"], found["miss_rate"]) == (0.25, 0.0)
    assert found["reject_rate"] == pytest.approx(1 / 3)
    for rate in ("edit_rate", "reject_rate", "miss_rate", "median_seconds_per_frame"):
        low, high = found[f"{rate}_interval"]
        assert low <= found[rate] <= high
    for table in ("by_class", "by_model", "by_reviewer", "by_confidence"):
        assert found[table], table
    text = run("metrics", "--project", reviewed.file).stdout
    assert re.search(r"^edit_rate +0\.250  \(", text, re.MULTILINE)


def test_figures_of_nothing_are_null(made: MadeProject) -> None:
    found = report("metrics", "--project", made.file)
    assert found["frames_decided"] == 0
    assert found["edit_rate"] is found["edit_rate_interval"] is found["reject_rate"] is None
    assert re.search(r"^edit_rate +–$", run("metrics", "--project", made.file).stdout, re.MULTILINE)


def test_the_doctor(made: MadeProject) -> None:
    assert report("doctor")["project"] is None
    (made.folder / "frame_0.jpg").unlink()
    os.utime(made.folder / "frame_2.jpg", ns=(5, 5))
    found = report("doctor", made.folder, "--project", made.file)
    assert {"versions", "device", "qt_platform", "project"} <= found.keys()
    assert found["versions"]["autoanno"] == __version__
    project = found["project"]
    assert (project["integrity"], project["frames"]) == ("ok", 4)
    assert (project["missing"], project["changed"]) == (["frame_0.jpg"], ["frame_2.jpg"])
    text = run("doctor", "--project", made.file).stdout
    assert "  integrity: ok" in text


def test_the_doctor_repairs_what_is_derived(reviewed: MadeProject) -> None:
    conn = sqlite3.connect(reviewed.file)
    with conn:
        conn.execute("UPDATE frame_state SET state = 'undecided', decision_id = NULL")
    conn.close()
    assert report("metrics", "--project", reviewed.file)["frames_accepted"] == 0
    report("doctor", "--project", reviewed.file, "--repair")
    states = [row["state"] for row in report("queue", "--project", reviewed.file)["frames"]]
    assert states == ["undecided", "rejected", "accepted", "edited"]


def test_reports_work_while_another_process_has_the_project_open(reviewed: MadeProject, tmp_path: Path) -> None:
    before = report("metrics", "--project", reviewed.file)
    with Store.open(reviewed.file) as store:
        session = ReviewSession(store, reviewer="ann")
        done = command_line("metrics", "--project", reviewed.file, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == before
        assert report("queue", "--project", reviewed.file)["frames"]
        assert report("doctor", "--project", reviewed.file)["project"]["integrity"] == "ok"
        done = command_line("scan", reviewed.folder, "--project", reviewed.file)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "is open in another window" in done.stderr
        for verb in (["export", "--out", tmp_path / "out"], ["doctor", "--repair"]):
            assert "is open in another window" in refused(*verb, "--project", reviewed.file)
        session.close()


# ------------------------------------------------------------------------------------------------ export
def test_an_export(reviewed: MadeProject, tmp_path: Path) -> None:
    before = hashes(reviewed.folder)
    found = report("export", "--project", reviewed.file, "--out", tmp_path / "out", "--val", "0.5", "--seed", "3")
    assert found["out"] == str(tmp_path / "out")
    assert set(found["frames"]) == {"train", "val", "test"}
    assert (sum(found["frames"].values()), found["objects"], found["backgrounds"]) == (2, 3, 0)
    assert found["left_out"] == {"undecided": 1, "rejected": 1, "deferred": 0, "failed": 0}
    assert found["notes"]
    labels = [file for file in (tmp_path / "out").rglob("*.txt") if file.parent.parent.name == "labels"]
    assert len(labels) == 2
    assert hashes(reviewed.folder) == before
    text = run("export", "--project", reviewed.file, "--out", tmp_path / "again", "--link").stdout
    assert text.splitlines()[0] == f"2 frames, 3 objects in {tmp_path / 'again'}"


def test_an_export_never_overwrites(reviewed: MadeProject, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report("export", "--project", reviewed.file, "--out", out)
    before = hashes(out)
    assert "exists already and is never overwritten" in refused("export", "--project", reviewed.file, "--out", out)
    assert hashes(out) == before
    inside = reviewed.folder / "out"
    assert "lies inside the folder of frames" in refused("export", "--project", reviewed.file, "--out", inside)


def test_nothing_to_export_yet(made: MadeProject, photos: Path, tmp_path: Path, app_home: Path) -> None:
    out = tmp_path / "out"
    assert "No frame is labelled yet" in refused("export", "--project", made.file, "--out", out)
    # Asking about a folder that has no project makes none.
    for verb in (["export", "--out", out], ["queue"], ["metrics"], ["doctor", "--repair"]):
        assert "has no project yet" in refused(*verb, photos)
    assert not project_file_for(AppHome.find(), photos).exists()
    assert not out.exists()


# ------------------------------------------------------------------------------------------------ what cannot be used
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


# ------------------------------------------------------------------------------------------------ predict
def damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:500])


def test_a_prediction(photos: Path, tiny: Path, tmp_path: Path) -> None:
    damage(photos / "frame_1.png")
    before = hashes(photos)
    found = report("predict", photos, "--model", tiny, "--device", "cpu")
    objects = found["predictions"]
    assert objects > 0
    rate = found["frames_per_second"]
    assert rate == pytest.approx(4 / found["seconds"], rel=0.05)
    assert found == {
        "frames_predicted": 3,
        "frames_predicted_now": 3,
        "frames_failed": 1,
        "failures": [{"frame": "frame_1.png", "error": "damaged"}],
        "predictions": objects,
        "seconds": found["seconds"],
        "frames_per_second": rate,
        "device": "cpu",
        "backend": "torch",
    }
    again = report("predict", photos, "--model", tiny, "--device", "cpu")
    assert (again["frames_predicted"], again["frames_predicted_now"], again["predictions"]) == (3, 0, objects)
    file = project_file_for(AppHome.find(), photos)
    assert [len(runs) for runs in finished_runs(file).values()] == [1, 0, 1, 1]
    assert hashes(photos) == before
    assert [row["reason"] for row in report("queue", photos)["frames"]] == ["coverage"] * 3 + ["failed"]

    masked = report("predict", photos, "--model", tiny, "--device", "cpu", "--segmenter", "grabcut")
    assert (masked["frames_masked_now"], masked["frames_predicted"], masked["predictions"]) == (3, 3, objects)
    again = report("predict", photos, "--model", tiny, "--device", "cpu", "--segmenter", "GrabCut")
    assert again["frames_masked_now"] == 0
    result = run("predict", photos, "--model", tiny, "--segmenter", tmp_path / "gone_sam2_t.pt")
    assert result.exit_code == 1
    assert "gone_sam2_t.pt" in result.stderr
    fresh = tmp_path / "masks.autoanno"
    report("predict", photos, "--project", fresh, "--model", tiny, "--device", "cpu", "--segmenter", "grabcut")
    with closing(sqlite3.connect(fresh)) as conn:
        assert conn.execute("SELECT value FROM setting WHERE key = 'task'").fetchone() == ("segment",)
        assert {kind for (kind,) in conn.execute("SELECT outline_kind FROM prediction")} == {"", "mask"}

    result = run("predict", photos, "--model", tiny, "--device", "cpu")
    assert result.stdout == f"0 frames predicted now, 3 in all, 1 failed, {objects} objects, 0.0 frames/s\n"
    assert "tiny.pt on cpu" in result.stderr


def test_progress_goes_to_stderr_with_speed_and_time_left(photos: Path, tiny: Path) -> None:
    damage(photos / "frame_2.png")
    result = run("predict", photos, "--model", tiny, "--json")
    json.loads(result.stdout)
    assert "frame_2.png: The file is damaged" in result.stderr
    assert re.search(r"Predicting: 100%.*4/4 \[\d\d:\d\d<\d\d:\d\d, +[\d.]+ ?frame/s\]", result.stderr)


def interrupt_after(command: list[str], *, frames: int) -> tuple[int, str, str]:
    """Send Ctrl+C to a prediction once this many frames are done; return exit code, stdout and stderr."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stderr is not None
    said = b""
    while not (done := re.findall(rb"(\d+)/\d+ \[", said)) or int(done[-1]) < frames:
        byte = process.stderr.read(1)
        assert byte, f"it ended too early: {said.decode()}"
        said += byte
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=60)
    return process.returncode, out.decode(), (said + rest).decode()


def stop_and_go_on(folder: Path, model: Path, *options: str, total: int, frames: int) -> None:
    arguments = ["predict", str(folder), "--model", str(model), "--json", *options]
    code, out, errors = interrupt_after([sys.executable, "-m", "autoanno_gui", *arguments], frames=frames)
    assert (code, out) == (1, ""), errors
    assert "Traceback" not in errors
    last = errors.splitlines()[-1]
    file = project_file_for(AppHome.find(), folder)
    with open_report(file) as reader:
        assert reader.integrity() == []
        before, _ = reader.prediction_totals()
    assert last == f"autoanno: Stopped; {before} frames are predicted. Run the same command again to go on."
    assert frames <= before < total
    found = report("predict", folder, "--model", model, *options)
    assert (found["frames_predicted"], found["frames_predicted_now"]) == (total, total - before)
    assert found["frames_failed"] == 0
    assert [len(runs) for runs in finished_runs(file).values()] == [1] * total


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process there")
def test_an_interrupted_prediction_goes_on_where_it_was(tmp_path: Path, tiny: Path) -> None:
    folder = tmp_path / "photos"
    make_frames(folder, 60)
    stop_and_go_on(folder, tiny, "--imgsz", "640", "--device", "cpu", total=60, frames=5)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process there")
def test_real_photos_interrupted_and_taken_up_again(shared: Path) -> None:
    folder = shared / "data" / "coco128" / "images" / "train2017"
    model = shared / "models" / "yolov8n_int8_openvino_model"
    if not folder.is_dir() or not model.is_dir():
        pytest.skip("the photos of coco128 or the OpenVINO model are not in the shared folder")
    if find_spec("openvino") is None:
        pytest.skip("the package openvino is not installed")
    stop_and_go_on(folder, model, total=128, frames=20)


def test_every_verb_is_tested() -> None:
    assert set(main.list_commands(click.Context(main))) == set(VERBS)
