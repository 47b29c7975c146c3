"""Labels of every kind, altered, as a reviewer gets them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import strategies as st

from autoanno_gui.core.box import Box
from autoanno_gui.core.check_outcome import Outcome, final_labels, judge
from autoanno_gui.core.document import Document
from autoanno_gui.core.geometry import Geometry, overlap
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.planted_predictions import to_predictions
from autoanno_gui.core.planting import Alteration, Label, Planted, alter
from autoanno_gui.core.records import PresentationMode, Thresholds
from autoanno_gui.core.review_objects import MappedPredictions, Role
from autoanno_gui.core.task import Task
from tests.unit.core.builders import HEIGHT, WIDTH, boxes

CAR, BIKE = 10, 11
LEFT, MIDDLE, RIGHT = Box(10, 20, 50, 60), Box(80, 20, 120, 60), Box(150, 20, 190, 60)
LABELS: tuple[Label, ...] = ((CAR, LEFT), (BIKE, MIDDLE), (CAR, RIGHT))
POINTS = 2


# ---------------------------------------------------------------------------------------------------- strategies
def pose_of(box: Box) -> Keypoints:
    """Return a visible and a hidden point in a box."""
    cx, cy = box.centre
    return Keypoints(box, (Keypoint(box.x1, box.y1, Visibility.VISIBLE), Keypoint(cx, cy, Visibility.HIDDEN)))


def ring_of(box: Box) -> Mask:
    """Return a box with a hole of half its size."""
    quarter_w, quarter_h = box.width / 4, box.height / 4
    inner = Box(box.x1 + quarter_w, box.y1 + quarter_h, box.x2 - quarter_w, box.y2 - quarter_h)
    outer, hole = Mask.of_box(box).parts[0].outer, Mask.of_box(inner).parts[0].outer
    return Mask((Part(outer, (hole,)),))


def turned_in(box: Box) -> OrientedBox:
    """Return a turned box about in the middle of a box."""
    cx, cy = box.centre
    return OrientedBox(cx, cy, box.width * 0.7, box.height * 0.5, math.pi / 7)


FORMS: dict[Task, Callable[[Box], Geometry]] = {
    Task.DETECT: lambda box: box,
    Task.OBB: turned_in,
    Task.SEGMENT: ring_of,
    Task.POSE: pose_of,
}
tasks = st.sampled_from(list(FORMS))
every_task = pytest.mark.parametrize("task", list(FORMS))


@st.composite
def frames(draw: st.DrawFn) -> tuple[Task, tuple[Label, ...]]:
    """Frames with labels of one kind, some across each other."""
    task = draw(tasks)
    label = st.tuples(st.sampled_from([CAR, BIKE]), boxes(low=4).map(FORMS[task]))
    return task, tuple(draw(st.lists(label, min_size=1, max_size=5)))


def altered(labels: tuple[Label, ...], seed: int, *, classes: tuple[int, ...] = (CAR, BIKE)) -> Planted:
    found = alter(labels, width=WIDTH, height=HEIGHT, class_ids=classes, rng=np.random.default_rng(seed))
    assert found is not None
    return found


def one_of_each(task: Task = Task.DETECT) -> dict[Alteration, Planted]:
    """Return each alteration of the three labels."""
    labels = tuple((class_id, FORMS[task](outline.bounds)) for class_id, outline in LABELS)
    found = {planted.alteration: planted for planted in (altered(labels, seed) for seed in range(40))}
    assert len(found) == len(Alteration)
    return found


def shown_document(
    planted: Planted, task: Task = Task.DETECT, *, original: MappedPredictions | None = None
) -> Document:
    """Return the document that a reviewer gets of a check."""
    found = to_predictions(
        planted,
        thresholds=Thresholds(),
        rng=np.random.default_rng(0),
        original=original,
        task=task,
        keypoints=POINTS if task is Task.POSE else 0,
    )
    return Document(
        frame_id=1,
        width=WIDTH,
        height=HEIGHT,
        predictions=found,
        mode=PresentationMode.PLANTED,
        task=task,
        keypoints=POINTS if task is Task.POSE else 0,
    )


def object_at(document: Document, geometry: Geometry) -> int:
    """Return the object that lies where an outline is."""
    return max(document.in_role(Role.CANDIDATE), key=lambda item: overlap(item.geometry, geometry)).id


def outcome_of(planted: Planted, document: Document) -> Outcome:
    return judge(planted, final_labels(document.verdicts()))
