"""The documents of the frames that were opened, as long as a step of the history refers to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from autoanno_gui.core.document import Document
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.records import ClassRecord, Frame, PresentationMode, Thresholds
from autoanno_gui.core.review_objects import MappedPredictions
from autoanno_gui.core.task import Task
from autoanno_gui.review.document_source import DocumentSource
from autoanno_gui.store.reader import Reader


class Documents:
    """Gives the document of a frame as it was left in this sitting, else as the project file has it."""

    def __init__(self, reader: Reader) -> None:
        self._source: Final = DocumentSource(reader)
        self._kept: dict[int, Document] = {}

    @property
    def classes(self) -> Mapping[int, ClassRecord]:
        """The living classes by id."""
        return self._source.classes

    @property
    def task(self) -> Task:
        return self._source.task

    @property
    def skeleton(self) -> Skeleton | None:
        return self._source.skeleton

    def of(self, frame: Frame, *, thresholds: Thresholds, model_active: bool) -> Document:
        """Return a frame's document; a kept one still has the thresholds that it was left with.

        Args:
            frame: from the frame list.
            thresholds: the display thresholds of now.
            model_active: whether a frame without predictions waits for them; else it is labelled by hand.
        """
        kept = self.left(frame)
        return kept or self._source.document(frame, thresholds=thresholds, model_active=model_active)

    def left(self, frame: Frame) -> Document | None:
        """Return the document as it was left in this sitting; None without one, or when it holds nothing but proposals
        that no longer stand."""
        document = self._kept.get(frame.id)
        if document is None or document.run_frame_id == frame.run_frame_id:
            return document
        return document if frame.state.decided or document.has_traces else None

    def end_waiting(self, document: Document, frame: Frame, *, model_active: bool) -> bool:
        """Give a frame that was left while it waited what came since; without a model it is labelled by hand.

        Returns:
            Whether it has its first predictions now, which nobody has seen.
        """
        if document.predictions is not None or document.mode is not PresentationMode.NORMAL:
            return False
        if frame.run_frame_id is not None:
            self.take_predictions(document, frame.run_frame_id)
            return True
        if not model_active:
            document.start_by_hand()
        return False

    def predictions(self, run_frame_id: int) -> MappedPredictions:
        """Return stored predictions with the project's classes."""
        return self._source.predictions(run_frame_id)

    def take_predictions(self, document: Document, run_frame_id: int) -> None:
        """Give a document these stored predictions."""
        document.replace_predictions(self.predictions(run_frame_id))

    def living_class(self, class_id: int) -> int:
        """Return the class that stands for one of the ledger today."""
        return self._source.merged.get(class_id, class_id)

    def keep(self, document: Document, *, others: Collection[int]) -> None:
        """Keep a document, and of the earlier ones only those of the frames in `others`."""
        self._kept = {frame_id: kept for frame_id, kept in self._kept.items() if frame_id in others}
        self._kept[document.frame_id] = document

    def drop(self, frame_id: int) -> None:
        """Forget a frame's document: the next one comes from the project file."""
        self._kept.pop(frame_id, None)

    def drop_untouched(self, *, but: Document | None) -> None:
        """Forget the documents without any trace of the reviewer, except one."""
        self._kept = {key: kept for key, kept in self._kept.items() if kept is but or kept.has_traces}

    def reload_classes(self) -> None:
        """Read classes and class maps again, after any of them changed."""
        self._source.reload_classes()
        for document in self._kept.values():
            document.follow_merges(self._source.merged)

    def follow_merges(self, document: Document) -> None:
        """Let a document that is not kept here follow merged classes, too."""
        document.follow_merges(self._source.merged)

    def reload_task(self) -> bool:
        """Read again what the project collects. Returns whether that is another kind of object now; then all documents
        are forgotten, since they hold the former kind."""
        before = self._source.task, self._source.keypoints
        self._source.reload_task()
        if before == (self._source.task, self._source.keypoints):
            return False
        self._kept.clear()
        return True
