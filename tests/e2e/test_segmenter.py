"""The segmenter in the window: masks of boxes and of what is clicked, and of a whole folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import kind_of
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.records import DecisionKind
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.review.project_task import write_task
from autoanno_gui.store.store_thread import Priority, Store
from tests.e2e.conftest import finished_runs, query
from tests.e2e.kinds_kit import accept, click, selected, undo_and_redo
from tests.e2e.reviewer import ledger
from tests.projects import UNSURE, USUAL, MadeProject, Proposal, make_project
from tests.ui.conftest import Open
from tests.ui.driver import CTRL, Driver, Key

pytestmark = pytest.mark.timeout(60)


RECTANGLE = Box(20, 20, 81, 81)
"""What is drawn on the frames of `make_project`."""
LOOSE = Proposal((13, 14, 90, 88), 0, 0.9)
"""A box that a detector might give it."""


def project_of(tmp_path: Path, task: Task, proposals: Sequence[Sequence[Proposal]]) -> MadeProject:
    """Make a project of a detector's boxes that collects `task`."""
    made = make_project(tmp_path, proposals)
    with Store.open(made.file, root=made.folder) as store:
        store.submit(Priority.OTHER, lambda w: write_task(w, task, None)).result()
    return made


def test_s_makes_a_mask_of_a_box(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(project_of(tmp_path, Task.SEGMENT, [[LOOSE], [LOOSE]]))
    before = selected(driver)
    assert before.geometry == Box(*LOOSE.box)
    driver.key(Key.Key_S)
    driver.wait(lambda: isinstance(selected(driver).geometry, Mask))
    after = selected(driver)
    assert isinstance(after.geometry, Mask)
    assert after.geometry.iou(Mask.of_box(RECTANGLE)) > 0.95
    assert after.class_id == before.class_id
    undo_and_redo(driver, before.id, before.geometry)
    accept(driver)
    with driver.reader() as reader:
        (decision,) = ledger(reader).values()
    assert decision.kind is DecisionKind.EDITED
    assert decision.verdicts[0].geometry == after.geometry


def test_s_tightens_a_box(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(project_of(tmp_path, Task.DETECT, [[LOOSE]]))
    before = selected(driver)
    driver.key(Key.Key_S)
    driver.wait(lambda: selected(driver).geometry != before.geometry)
    assert isinstance(selected(driver).geometry, Box)
    assert selected(driver).geometry.as_tuple() == pytest.approx(RECTANGLE.as_tuple(), abs=2)
    undo_and_redo(driver, before.id, before.geometry)


@pytest.mark.parametrize("task", [Task.SEGMENT, Task.DETECT])
def test_the_segment_tool_adds_what_is_clicked(open_window: Open, tmp_path: Path, task: Task) -> None:
    driver = open_window(project_of(tmp_path, task, [[UNSURE]]))
    driver.key(Key.Key_Escape)
    driver.key(Key.Key_2)
    driver.key(Key.Key_Q)
    click(driver, 50, 50)
    state = driver.window.canvas.state
    driver.wait(lambda: state.preview is not None)
    assert driver.roles() == {Role.CANDIDATE: 1}
    driver.key(Key.Key_Return)
    assert driver.roles() == {Role.CANDIDATE: 1, Role.CONFIRMED: 1}
    item = selected(driver)
    assert item.drawn
    assert driver.selected_class() == "dog"
    assert kind_of(item.geometry).value == ("mask" if task is Task.SEGMENT else "box")
    assert item.geometry.bounds.iou(RECTANGLE) > 0.9
    assert state.preview is None
    driver.key(Key.Key_Z, CTRL)
    assert driver.roles() == {Role.CANDIDATE: 1}


def test_boxes_to_masks_can_be_stopped_and_goes_on(open_window: Open, tmp_path: Path) -> None:
    proposals = [(LOOSE, *USUAL[1:])] * 3
    driver = open_window(project_of(tmp_path, Task.SEGMENT, proposals))
    segmenters = driver.window.segmenters
    steps: list[int] = []

    def stop(progress: Any) -> None:  # noqa: ANN401
        steps.append(progress.done)
        if progress.done == 1:
            segmenters.stop_pass()

    segmenters.pass_progressed.connect(stop)
    segmenters.start_pass()
    driver.wait(lambda: not segmenters.pass_running)
    made = masks_of(driver)
    assert 1 <= sum(bool(found) for found in made.values()) < 3
    segmenters.pass_progressed.disconnect(stop)
    segmenters.start_pass()
    driver.wait(lambda: not segmenters.pass_running)
    for path, found in masks_of(driver).items():
        # The box of 0.07 is not worth the time; all others have their mask.
        assert len(found) == 3, path
        assert found[0].iou(Mask.of_box(RECTANGLE)) > 0.95
        assert not made[path] or made[path] == found
    # Once the detector, once the segmenter: what was done before the stop was not done again.
    file = driver.session.store.file
    assert {path: len(runs) for path, runs in finished_runs(file).items()} == dict.fromkeys(driver_names(driver), 2)
    driver.decide(Key.Key_D)
    document = driver.session.document
    assert document is not None
    assert all(isinstance(item.geometry, Mask) for item in document.in_role(Role.CANDIDATE))


def driver_names(driver: Driver) -> Iterator[str]:
    yield from (row[0] for row in query(driver.session.store.file, "SELECT path FROM frame"))


def masks_of(driver: Driver) -> dict[str, list[Mask]]:
    """Return the masks among the newest predictions of each frame."""
    found: dict[str, list[Mask]] = {}
    with driver.reader() as reader:
        for block in reader.frames():
            for frame in block:
                assert frame.run_frame_id is not None
                predictions, _ = reader.predictions(frame.run_frame_id)
                outlines = (predictions.geometry(i) for i in range(len(predictions)))
                found[frame.path] = [each for each in outlines if isinstance(each, Mask)]
    return found
