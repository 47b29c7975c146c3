"""The command line: one JSON document or a sentence, the right exit code, and nothing loaded that is not needed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from autoanno_gui import __version__, app
from autoanno_gui.cli import main
from autoanno_gui.review import demo
from tests.e2e.cli_kit import report, run
from tests.e2e.conftest import ROOT
from tests.projects import MadeProject, draw_frames

VERBS = ("gui", "scan", "predict", "queue", "metrics", "tune", "agree", "export", "doctor", "demo")


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
    assert ("--project" in result.stdout) is (verb not in ("agree", "demo"))
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


def test_every_verb_is_tested() -> None:
    assert set(main.list_commands(click.Context(main))) == set(VERBS)
