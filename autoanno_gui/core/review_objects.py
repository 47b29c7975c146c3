"""The plain parts of a frame under review: its objects, what the reviewer did to them, and its predictions.

All are immutable; `core.document` holds those of one frame and has the verbs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from autoanno_gui.core.geometry import Geometry, as_task, kind_of, overlap
from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.core.task import Task

SAME_GEOMETRY_IOU: Final = 0.98
"""From this overlap with its prediction on, an outline counts as unchanged."""
FIRST_DRAWN_ID: Final = 1_000_000
"""Ids of drawn objects start here, out of the way of prediction indices that may arrive later."""


class Mark(StrEnum):
    """What the reviewer did explicitly about one object."""

    NONE = "none"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Role(StrEnum):
    """How an object takes part in the frame at the present thresholds."""

    CANDIDATE = "candidate"
    GHOST = "ghost"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class ReviewObject:
    """One object of a frame.

    Attributes:
        id: unique in the document; for a predicted object the index of its prediction.
        geometry: float pixels of the upright image.
        class_id: project class.
        confidence: of the prediction; None for a drawn object.
        mark: the explicit act of the reviewer.
        promoted: it was a ghost when it was confirmed.
    """

    id: int
    geometry: Geometry
    class_id: int
    confidence: float | None = None
    mark: Mark = Mark.NONE
    promoted: bool = False

    @property
    def drawn(self) -> bool:
        return self.confidence is None

    def same_outline(self, other: ReviewObject) -> bool:
        """Whether two outlines count as the same: of one kind, and nearly in the same place."""
        mine, theirs = self.geometry, other.geometry
        return mine == theirs or (kind_of(mine) is kind_of(theirs) and overlap(mine, theirs) >= SAME_GEOMETRY_IOU)


@dataclass(frozen=True, slots=True)
class Change:
    """A reversible step of one document: the objects it touched, before and after (None: not there)."""

    name: str
    before: Mapping[int, ReviewObject | None]
    after: Mapping[int, ReviewObject | None]

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(self.after)


@dataclass(frozen=True, slots=True)
class MappedPredictions:
    """Predictions of a frame with the project's classes put in place of the model's.

    Attributes:
        raw: as stored.
        run_frame_id: where they are stored.
        class_ids: for each prediction the project class, or None when its class is not mapped.
        class_map: model class -> project class, for second choices.
        task: what the project collects: the outlines are shown as that.
        keypoints: how many the project's skeleton has.
    """

    raw: FramePredictions
    run_frame_id: int
    class_ids: tuple[int | None, ...]
    class_map: Mapping[int, int | None]
    task: Task = Task.DETECT
    keypoints: int = 0

    @classmethod
    def of(
        cls,
        raw: FramePredictions,
        *,
        run_frame_id: int,
        class_map: Mapping[int, int | None],
        task: Task = Task.DETECT,
        keypoints: int = 0,
    ) -> MappedPredictions:
        """Map model classes to project classes; a class absent from the map is unmapped."""
        class_ids = tuple(map(class_map.get, raw.classes.tolist()))
        return cls(raw, run_frame_id, class_ids, class_map, task, keypoints)

    def geometry(self, index: int) -> Geometry:
        """Return the outline of a prediction as the project keeps it."""
        if self.task is Task.DETECT:
            return self.raw.box(index)
        return as_task(self.raw.geometry(index), self.task, keypoints=self.keypoints)

    def choices(self, index: int) -> list[tuple[int, float]]:
        """Return (project class, score) of the model's best classes for a prediction, best first, mapped ones only."""
        found: dict[int, float] = {}
        for model_class, score in zip(self.raw.top_classes[index], self.raw.top_scores[index], strict=True):
            class_id = self.class_map.get(int(model_class))
            if class_id is not None:
                found.setdefault(class_id, float(score))
        return list(found.items())
