"""Exports of real projects in each kind of dataset: the outlines come as they were decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ExportError
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoint, Keypoints, Skeleton, Visibility
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.records import DecisionKind
from autoanno_gui.datasets.plan import ExportFormat
from tests.unit.datasets.builders import by_source, label_of
from tests.unit.review.test_exports import Project

RING = np.array([(2.0, 2.0), (10.0, 2.0), (10.0, 10.0), (2.0, 10.0)])
POINTS = Keypoints(Box(4, 3, 12, 9), (Keypoint(8, 6, Visibility.VISIBLE), Keypoint(4, 9, Visibility.HIDDEN)))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    opened = Project(tmp_path)
    yield opened
    opened.store.close()


@pytest.mark.parametrize(
    ("format_", "outline", "key", "value", "columns"),
    [
        (ExportFormat.YOLO_SEGMENT, Mask((Part(RING, (RING / 2 + 3,)),)), "parts", None, 21),
        (ExportFormat.YOLO_OBB, OrientedBox(8, 6, 6, 2, 0.5), "obb", [8, 6, 6, 2, 0.5], 9),
        (ExportFormat.YOLO_POSE, POINTS, "keypoints", [[8, 6, 2], [4, 9, 1]], 11),
    ],
)
def test_an_outline_comes_from_the_decision_into_the_dataset(
    project: Project, format_: ExportFormat, outline: Geometry, key: str, value: list[object] | None, columns: int
) -> None:
    project.do(lambda writer: writer.set_skeleton(Skeleton(("front", "back"))))
    project.add("a.png", "b.png")
    project.decide("a.png", DecisionKind.EDITED, outline)
    project.decide("b.png")
    report, out = project.export(format=format_)
    assert (report.objects, report.backgrounds) == (1, 1)
    (thing,) = by_source(out)["a.png"]["objects"]
    assert thing[key] == value or value is None
    assert len(label_of(out, by_source(out)["a.png"]).read_text().split(" ")) == columns


def test_a_project_without_a_skeleton_has_no_pose_dataset(project: Project) -> None:
    project.add("a.png")
    project.decide("a.png", DecisionKind.EDITED, POINTS)
    with pytest.raises(ExportError, match="no skeleton"):
        project.export(format=ExportFormat.YOLO_POSE)
