"""What a page of the contact sheet shows of each object, for every kind of object."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.outlines import KeypointSets, Masks, Outlines
from autoanno_gui.core.predictions import FrameResult, RunSettings
from autoanno_gui.core.review_objects import Mark, Role
from autoanno_gui.core.task import Task
from autoanno_gui.imaging.crops import crop_around
from autoanno_gui.review.sheet_reader import REPLACED
from autoanno_gui.store.store_thread import Priority
from tests.projects import (
    MODEL,
    USUAL,
    MadeProject,
    make_project,
    predictions,
)
from tests.unit.review.sheet_kit import (
    class_of,
    crops,
    drafts,
    record,
    sheet_of,
)
from tests.unit.review.sitting import Sitting


# ------------------------------------------------------------------------------------------------ crops
def test_a_crop_shows_the_object_with_a_margin(sitting: Sitting) -> None:
    (item,) = sheet_of(sitting).shown[:1]
    found = crops(sitting, [item])[item]
    assert found.fault == ""
    assert found.choices == (class_of(sitting, "cat"),)
    height, width = found.crop.pixels.shape[:2]
    assert (width, height) == (120, 100)
    x1, y1, x2, y2 = found.crop.box
    assert 0 < x1 < x2 < width
    assert 0 < y1 < y2 < height
    middle = found.crop.pixels[int((y1 + y2) / 2), int((x1 + x2) / 2)]
    assert middle[2] > 150 > middle[1], "the red square"


@pytest.mark.parametrize("task", list(Task))
def test_a_crop_comes_with_the_outline_that_is_judged(sitting: Sitting, task: Task) -> None:
    sitting.done(sitting.session.set_task(task, None))
    (item,) = sheet_of(sitting).shown[:1]
    found = crops(sitting, [item])[item]
    x1, y1, x2, y2 = found.crop.box
    if task is Task.OBB:
        (outline,) = found.outlines
        assert outline.min(axis=0).tolist() == pytest.approx([x1, y1])
        assert outline.max(axis=0).tolist() == pytest.approx([x2, y2])
    else:
        assert found.outlines == (), "the box is all that the model said"
    assert found.points.shape == (0, 2), "no model has placed any"


def propose(sitting: Sitting, outlines: Outlines) -> SheetItem:
    """Let a model find the usual objects of the first frame with these outlines. Returns the first object."""
    frame_id, found = sitting.ids[0], replace(predictions(USUAL), outlines=outlines)
    settings = RunSettings(MODEL, (640, 640))
    run = sitting.store.submit(Priority.OTHER, lambda w: w.start_run(settings, device="cpu")).result()
    sitting.store.submit(Priority.OTHER, lambda w: w.record_results(run, [FrameResult(frame_id, found)])).result()
    with sitting.store.reader() as reader:
        run_frame_id = reader.frame(frame_id).run_frame_id
    assert run_frame_id is not None
    return SheetItem(frame_id, run_frame_id, 0)


def test_a_mask_and_keypoints_are_on_the_crop(sitting: Sitting) -> None:
    sitting.done(sitting.session.set_task(Task.SEGMENT, None))
    outer, hole = [(20, 20), (80, 20), (20, 80)], [(25, 25), (30, 25), (25, 30)]
    mask = Mask((Part(np.array(outer, np.float64), (np.array(hole, np.float64),)),))
    item = propose(sitting, Masks.of([mask, None, None, None]))
    found = crops(sitting, [item])[item]
    assert [len(ring) for ring in found.outlines] == [3, 3]
    assert found.outlines[0].min(axis=0).tolist() == pytest.approx(found.crop.box[:2])
    placed, unseen = (40.0, 50.0, 0.9), (0.0, 0.0, 0.1)
    sitting.done(sitting.session.set_task(Task.POSE, Skeleton(("nose", "tail"))))
    item = propose(sitting, KeypointSets(np.array([[placed, unseen]] * 4, np.float32)))
    found = crops(sitting, [item])[item]
    assert found.outlines == ()
    assert found.points.tolist() == [pytest.approx(found.crop.placed(np.array([placed[:2]]))[0].tolist())]


def test_points_of_a_picture_have_places_on_its_crop() -> None:
    found = crop_around(np.zeros((240, 320, 3), np.uint8), Box(100, 60, 160, 120), width=120, height=100)
    corners = np.array([(100.0, 60.0), (160.0, 120.0)])
    assert found.placed(corners).ravel().tolist() == pytest.approx(found.box)


@pytest.mark.parametrize("box", [Box(-20, -20, 30, 30), Box(300, 220, 340, 260), Box(0, 0, 320, 240), Box(5, 5, 5, 5)])
def test_a_crop_at_the_edge_stays_inside_the_picture(box: Box) -> None:
    pixels = np.full((240, 320, 3), 200, np.uint8)
    found = crop_around(pixels, box, width=120, height=100)
    assert found.pixels.shape[0] <= 100
    assert found.pixels.shape[1] <= 120
    assert (found.pixels[..., :3] > 190).all()


def test_a_tiny_picture_and_a_thin_one_have_crops() -> None:
    for shape in ((1, 1, 3), (1, 400, 3), (400, 1, 3)):
        found = crop_around(np.zeros(shape, np.uint8), Box(0, 0, 1, 1), width=120, height=100)
        assert 1 <= found.pixels.shape[0] <= 100
        assert 1 <= found.pixels.shape[1] <= 120


def test_a_damaged_or_replaced_file_gives_no_crop(sitting: Sitting, made: MadeProject) -> None:
    first, second, *_ = sheet_of(sitting).shown
    (made.folder / made.names[0]).write_bytes(b"nothing")
    found = crops(sitting, [first])[first]
    assert found.crop is None
    assert found.fault
    sitting.session.note_size(second.frame_id, width=10, height=10)
    assert crops(sitting, [second])[second].fault == REPLACED


# ------------------------------------------------------------------------------------------------ other tasks
def test_the_verdict_survives_a_restart(tmp_path: Path) -> None:
    made = make_project(tmp_path, [USUAL] * 2)
    first = Sitting(made).start()
    sheet = sheet_of(first)
    sheet.toggle_wrong(sheet.shown[0])
    first.done(record(first, sheet, sheet.shown))
    first.close()
    second = Sitting(made).start()
    try:
        assert len(sheet_of(second)) == 0
        item = second.document.get(0)
        assert item is not None
        assert item.mark is Mark.REJECTED
    finally:
        second.close()


@pytest.mark.parametrize("task", [Task.SEGMENT, Task.OBB, Task.POSE])
def test_objects_of_every_kind_are_judged_and_taken_back(sitting: Sitting, task: Task) -> None:
    sitting.done(sitting.session.set_task(task, None))
    sheet = sheet_of(sitting)
    assert crops(sitting, sheet.shown[:1])[sheet.shown[0]].crop is not None
    sheet.toggle_wrong(sheet.shown[0])
    sitting.done(record(sitting, sheet, sheet.shown))
    cat = class_of(sitting, "cat")
    assert drafts(sitting) == [{0: ("rejected", cat)}, *[{0: ("accepted", cat)}] * 3]
    sitting.undo()
    assert drafts(sitting) == [{}, {}, {}, {}]
    assert sitting.in_role(Role.CANDIDATE) == 2
