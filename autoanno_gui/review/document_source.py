"""Makes the document of a frame from what the project file holds of it."""

from __future__ import annotations

from collections.abc import Mapping

from autoanno_gui.core.classes import living_class
from autoanno_gui.core.document import Document
from autoanno_gui.core.draft import draft_mode, draft_run_frame, restore_draft
from autoanno_gui.core.keypoints import COCO_PERSON, Skeleton
from autoanno_gui.core.records import (
    ClassRecord,
    Decision,
    DecisionKind,
    Frame,
    FrameState,
    PresentationMode,
    Thresholds,
)
from autoanno_gui.core.review_objects import FIRST_DRAWN_ID, MappedPredictions
from autoanno_gui.core.task import Task
from autoanno_gui.core.verdicts import object_from_verdict
from autoanno_gui.store.reader import Reader


class DocumentSource:
    """Reads predictions, drafts and decisions of single frames, and maps the models' classes to the project's.

    Attributes:
        task: what the project collects; all outlines are given as that.
        skeleton: what its keypoints are; a pose project always has one.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.task: Task = Task.DETECT
        self.skeleton: Skeleton | None = None
        self.reload_task()
        self.classes: Mapping[int, ClassRecord] = {}
        self.merged: Mapping[int, int] = {}
        """Merged class -> the class that stands for it today."""
        self.reload_classes()

    def reload_task(self) -> None:
        """Read again what the project collects."""
        self.task = self._reader.project_task()
        stored = self._reader.skeleton()
        self.skeleton = COCO_PERSON if stored is None and self.task is Task.POSE else stored

    @property
    def keypoints(self) -> int:
        """How many points an object of the project has; 0 unless it collects keypoints."""
        return len(self.skeleton) if self.task is Task.POSE and self.skeleton is not None else 0

    def reload_classes(self) -> None:
        """Read the classes again, after any of them changed."""
        all_classes = {record.id: record for record in self._reader.classes()}
        self.classes = {record.id: record for record in all_classes.values() if record.merged_into is None}
        self.merged = {
            record.id: living_class(record.id, all_classes)
            for record in all_classes.values()
            if record.merged_into in all_classes
        }

    def predictions(self, run_frame_id: int) -> MappedPredictions:
        """Return stored predictions with the project's classes."""
        raw, weights_hash = self._reader.predictions(run_frame_id)
        # Read anew each time: a running prediction may have brought a class that did not occur before.
        class_map = self._reader.class_map(weights_hash)
        if any(class_id is not None and class_id not in self.classes for class_id in class_map.values()):
            self.reload_classes()
        return MappedPredictions.of(
            raw, run_frame_id=run_frame_id, class_map=class_map, task=self.task, keypoints=self.keypoints
        )

    def document(self, frame: Frame, *, thresholds: Thresholds, model_active: bool) -> Document:
        """Return the frame as it was left: over its draft, else its decision, else its newest predictions.

        Args:
            frame: from the frame list.
            thresholds: the display thresholds of now.
            model_active: whether a frame without predictions waits for them; else it is labelled by hand.
        """
        draft = self._reader.draft(frame.id)
        decision = self._reader.decision(frame.id) if frame.state.decided else None
        run_frame_id = frame.run_frame_id
        if draft is not None:
            run_frame_id = draft_run_frame(draft)
        elif decision is not None:
            run_frame_id = decision.run_frame_id
        predictions = self.predictions(run_frame_id) if run_frame_id is not None else None
        by_hand = frame.state in (FrameState.REJECTED, FrameState.HAND_LABELLED)
        by_hand = by_hand or (predictions is None and not model_active)
        mode = PresentationMode.HAND if by_hand else PresentationMode.NORMAL
        blind = (PresentationMode.BLIND, PresentationMode.SETTLE)
        if decision is not None and decision.mode in blind and decision.kind.state.labelled:
            # Labelled blind, so that there is nothing to hide any more; whether all is settled only the reviewer knows.
            mode = PresentationMode.SETTLE
        if draft is not None and mode is not PresentationMode.SETTLE:
            # From the start: what was hidden then must not count as shown.
            mode = draft_mode(draft)
        document = Document(
            frame_id=frame.id,
            width=frame.width,
            height=frame.height,
            predictions=predictions,
            thresholds=thresholds,
            mode=mode,
            task=self.task,
            keypoints=self.keypoints,
        )
        document.follow_merges(self.merged)
        if decision is not None and decision.width:
            document.made_on = decision.width, decision.height
        elif predictions is not None:
            document.made_on = document.size
        if draft is not None:
            restore_draft(document, draft)
            document.mode = mode
        elif decision is not None and decision.kind is not DecisionKind.REJECTED:
            _restore_decision(document, decision)
        return document


def _restore_decision(document: Document, decision: Decision) -> None:
    drawn_id = FIRST_DRAWN_ID
    objects = []
    for verdict in decision.verdicts:
        if verdict.prediction is None:
            objects.append(object_from_verdict(verdict, object_id=drawn_id, origin=None))
            drawn_id += 1
        else:
            origin = document.origin(verdict.prediction)
            objects.append(object_from_verdict(verdict, object_id=verdict.prediction, origin=origin))
    document.restore([item for item in objects if item is not None], shown=decision.shown)
