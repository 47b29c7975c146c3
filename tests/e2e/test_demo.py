"""The bundled demo, from its first start to a training, and starting over."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from autoanno_gui.config import AppHome
from autoanno_gui.core.records import FrameState
from autoanno_gui.imaging.scan import natural_key
from autoanno_gui.resources import resource
from autoanno_gui.review.demo import Demo, prepare_demo
from tests.e2e.conftest import assert_let_go, hashes, predicted_unlike_once, train_on
from tests.e2e.reviewer import (
    Reviewer,
    check_export,
    check_ledger,
    check_training,
    export,
    labels_equal_decisions,
)
from tests.projects import make_project
from tests.ui.conftest import Open
from tests.ui.driver import Driver, Key

FRAMES = 24
BUNDLED = resource("demo")


def arguments(demo: Demo) -> list[str]:
    """Return what `autoanno demo` opens."""
    return [str(demo.frames), "--project", str(demo.project), "--model", str(demo.model)]


def names_in(folder: Path) -> list[str]:
    names = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]
    return sorted(names, key=natural_key)


def wait_for_proposals(driver: Driver) -> None:
    driver.wait(lambda: len(driver.session.frames) == FRAMES)
    driver.wait(lambda: all(frame.run_frame_id is not None for frame in driver.session.frames))
    driver.wait(lambda: not driver.window.models.job_running)


def decided(driver: Driver) -> int:
    with driver.reader() as reader:
        return sum(count for state, count in reader.counts().items() if state.decided)


@pytest.mark.timeout(200)
def test_the_demo_is_reviewed_exported_and_trained_on(open_window: Open, tmp_path: Path) -> None:
    bundled = hashes(BUNDLED)
    demo = prepare_demo(AppHome.find())
    names = names_in(demo.frames)
    assert len(names) == FRAMES
    assert hashes(demo.frames) == hashes(BUNDLED / "frames")
    driver = open_window(arguments=arguments(demo))
    driver.wait_for_frame(0)
    wait_for_proposals(driver)
    reviewer = Reviewer(driver)
    reviewer.review_all(FRAMES)
    assert sorted(reviewer.expected, key=natural_key) == names
    assert set(reviewer.acts) >= {"accept", "reject_one", "change_class", "draw_missing", "undo_the_decision"}
    check_ledger(reviewer)
    out = tmp_path / "dataset"
    report = export(driver, out)
    with driver.reader() as reader:
        check_export(reader, out, report)
        labels_equal_decisions(reader, out)
        assert [record.name for record in reader.classes()]
        assert {record.name for record in reader.classes()} <= set((BUNDLED / "classes.txt").read_text().split())
    file = driver.session.store.file
    driver.close()
    assert_let_go(file)
    check_training(train_on(out, weights=demo.model, home=tmp_path / "trainer", imgsz=96), report)
    assert hashes(BUNDLED) == bundled
    assert hashes(demo.frames) == hashes(BUNDLED / "frames")


def test_the_demo_comes_back_as_it_was_left(open_window: Open) -> None:
    demo = prepare_demo(AppHome.find())
    driver = open_window(arguments=arguments(demo))
    driver.wait_for_frame(0)
    wait_for_proposals(driver)
    reviewer = Reviewer(driver)
    for _ in range(3):
        reviewer.accept()
    driver.close()
    assert prepare_demo(AppHome.find()) == demo
    again = open_window(arguments=arguments(demo))
    again.wait_for_frame(0)
    assert decided(again) == 3
    assert again.frame in names_in(demo.frames)
    assert again.frame not in reviewer.expected
    assert predicted_unlike_once(demo.project) == {}


def test_reset_starts_the_demo_over_and_nothing_else(open_window: Open, tmp_path: Path) -> None:
    other = make_project(tmp_path)
    mine = open_window(other)
    mine.decide(Key.Key_Space)
    mine.close()
    home = AppHome.find()
    demo = prepare_demo(home)
    driver = open_window(arguments=arguments(demo))
    driver.wait_for_frame(0)
    wait_for_proposals(driver)
    Reviewer(driver).accept()
    assert decided(driver) == 1
    driver.close()
    (demo.frames / names_in(demo.frames)[0]).unlink()
    (demo.frames / "mine.jpg").write_bytes(b"not of the demo")
    kept = hashes(other.folder) | hashes(other.file.parent)
    assert prepare_demo(home, reset=True) == demo
    assert not demo.project.exists()
    assert hashes(demo.frames) == hashes(BUNDLED / "frames")
    assert hashes(other.folder) | hashes(other.file.parent) == kept
    again = open_window(arguments=arguments(demo))
    again.wait_for_frame(0)
    wait_for_proposals(again)
    assert decided(again) == 0
    assert Counter(frame.state for frame in again.session.frames) == {FrameState.UNDECIDED: FRAMES}
    again.close()
    back = open_window(other)
    assert decided(back) == 1
