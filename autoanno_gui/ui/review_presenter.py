"""Joins the review session with what is on the screen: every key and every mouse act goes through here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from autoanno_gui.core.errors import KnownError, ProjectError
from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.predictions import ModelInfo
from autoanno_gui.core.records import Frame
from autoanno_gui.core.task import Task
from autoanno_gui.review.outcome import Outcome, Step
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui.bridge import GuiThreadBridge
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.class_editor import ClassEditor
from autoanno_gui.ui.frame_display import FrameDisplay, KeyOf
from autoanno_gui.ui.object_acts import ObjectActs
from autoanno_gui.ui.object_tour import ObjectTour
from autoanno_gui.ui.prefetch import Prefetcher
from autoanno_gui.ui.review_news import ReviewNews
from autoanno_gui.ui.threshold_acts import ThresholdActs

DRAFT_DELAY_MS: Final = 1000


class ReviewPresenter(QObject):
    """Shows what the session says, and tells the session what was painted, acknowledged, pressed and drawn."""

    frame_shown = Signal(object)
    """The frame's escaped path: it is painted and the decision before it is acknowledged."""
    queue_finished = Signal()
    frame_opened = Signal()
    """Another frame became the open one."""
    objects_changed = Signal()
    predictions_changed = Signal(list)
    """Ids of frames that have newer predictions, or none any more."""
    decisions_changed = Signal(list)
    """Ids of frames whose adopted decision changed, as the project file has it."""
    class_maps_changed = Signal()
    """Predictions may mean other classes than before."""
    thresholds_changed = Signal()
    states_changed = Signal(list)
    """Ids of frames whose state or prediction changed."""
    classes_changed = Signal()
    task_changed = Signal()
    """The project collects another kind of object, or its skeleton changed."""
    said = Signal(str)
    """One line for the status bar."""
    failed = Signal(str)
    """A sentence that must not be overlooked: something was not saved, or a picture was replaced."""
    prediction_wanted = Signal(object)
    """The open frame has no prediction yet."""
    class_wanted = Signal()
    """An object was drawn, but there is no class yet to give it."""

    def __init__(
        self, session: ReviewSession, canvas: CanvasView, prefetcher: Prefetcher, *, key_of: KeyOf, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.session: Final = session
        self.display: Final = FrameDisplay(session, canvas, prefetcher, key_of=key_of, parent=self)
        self.classes: Final = ClassEditor(session.store, self)
        self.objects: Final = ObjectActs(session, canvas, apply=self.apply, ask_for_class=self.class_wanted.emit)
        self.thresholds: Final = ThresholdActs(session, show=self._show_thresholds, parent=self)
        self.tour: Final = ObjectTour(session, canvas)
        self.news: Final = ReviewNews(session, show_again=self._show_objects_again, parent=self)
        self._canvas = canvas
        self._key_of = key_of
        self._bridge = GuiThreadBridge(self)
        self._closed = False
        self._announced = True
        self._draft_timer = QTimer(self, singleShot=True, interval=DRAFT_DELAY_MS)
        self._draft_timer.timeout.connect(session.save_draft)
        session.on_write = lambda future: self._bridge.when_done(future, self._on_written)
        self.display.painted.connect(self._on_painted)
        self.display.states_changed.connect(self.states_changed)
        self.display.predictions_lost.connect(self.predictions_changed)
        self.news.predictions_changed.connect(self.predictions_changed)
        self.news.states_changed.connect(self.states_changed)
        self.news.classes_changed.connect(self.classes_changed)
        self.news.class_maps_changed.connect(self.class_maps_changed)
        self.news.prediction_wanted.connect(self.prediction_wanted)
        self.classes.changed.connect(self.news.reload_classes)
        self.classes.failed.connect(self.failed)
        # The canvas outlives the project: what is drawn on the next one is none of this presenter's business.
        self._from_canvas: Final = (
            canvas.object_picked.connect(lambda object_id: self.apply(session.objects.select(object_id))),
            canvas.object_toggled.connect(lambda object_id: self.apply(session.objects.toggle(object_id))),
            canvas.objects_banded.connect(lambda ids: self.apply(session.objects.select_several(ids))),
            canvas.shape_drawn.connect(self.objects.draw),
            canvas.geometries_edited.connect(lambda outlines: self.apply(session.objects.set_geometries(outlines))),
            canvas.said.connect(self.said),
            canvas.view_changed.connect(self.tour.note),
            canvas.ghost_adopted.connect(lambda object_id: self.apply(session.objects.adopt(object_id))),
        )

    # ------------------------------------------------------------------------------------------------ showing
    def show_open_frame(self) -> None:
        """Show the session's open frame; `frame_shown` follows."""
        self._announced = False
        self.tour.reset()
        self.objects.drop_pending()
        self.display.show()

    @Slot(object)
    def _on_painted(self, frame: Frame) -> None:
        self.session.frame_painted()
        self.tour.note()
        if self.session.document is not None and self.session.document.unsaved:
            # An undone decision brought it back: its edits are nowhere else now.
            self._draft_timer.start()
        if self.session.waiting:
            self.prediction_wanted.emit(frame)
        self._announce()

    def _announce(self) -> None:
        """Tell that the frame is shown once it is painted and the decision before it is acknowledged."""
        frame = self.session.frame
        if frame is None or self._announced or not self.session.can_move:
            return
        if self.session.fault is None and not self.session.objects.enabled:
            return
        self._announced = True
        if (was := self.session.size_changed) is not None:
            self.failed.emit(
                f"{frame.path} was replaced by a picture of another size (was {was[0]} x {was[1]}, is {frame.width} x "
                f"{frame.height}): check its boxes."
            )
        self.frame_shown.emit(frame.path)
        # Panels and look-ahead come last: nothing stands between the key, the picture and the store's word.
        self.frame_opened.emit()
        self.display.prefetch()

    # ------------------------------------------------------------------------------------------------ outcomes
    def apply(self, outcome: Outcome, *, paint_now: bool = False) -> None:
        """Show what a verb did; `paint_now` has the objects on the screen before the panels follow."""
        self.thresholds.note_act()
        if outcome.commit is not None:
            self._bridge.when_done(outcome.commit, self._on_commit)
        if outcome.text:
            self.said.emit(outcome.text)
        if outcome.step is Step.OBJECTS:
            self.display.redraw(outcome.ids)
            if paint_now:
                self._canvas.paint_now()
            if self.session.document is not None and self.session.document.unsaved:
                self._draft_timer.start()
            self.objects_changed.emit()
        elif outcome.step is Step.FRAME:
            self.show_open_frame()
        elif outcome.step in (Step.ASK_EMPTY, Step.ASK_UNSEEN, Step.FINISHED):
            self.display.update_banner()
        if outcome.step is Step.FINISHED and outcome.commit is None:
            self.queue_finished.emit()

    def _on_commit(self, future: Future[Any]) -> None:
        if self._closed:
            return
        error = future.exception()
        if error is None:
            finished = self.session.finished
            decided = self.session.committed()
            self.states_changed.emit([decided] if decided is not None else [])
            self.decisions_changed.emit([decided] if decided is not None else [])
            if finished:
                self.queue_finished.emit()
            self.apply(self.session.reveal())
            self._announce()
            return
        outcome = self.session.commit_failed()
        self.apply(replace(outcome, text=""))
        if not isinstance(error, KnownError):
            raise error
        self.failed.emit(f"{outcome.text} {error}")

    def _on_written(self, future: Future[None]) -> None:
        error = future.exception()
        if isinstance(error, KnownError):
            self.failed.emit(str(error))
        elif error is not None:
            raise error

    # ------------------------------------------------------------------------------------------------ keys
    def _leave(self, verb: Callable[[], Outcome]) -> Outcome:
        """Do something that leaves the frame, unless that would drop what is half drawn on it."""
        if self._canvas.busy:
            outcome = Outcome(Step.NOTHING, text="Something is half drawn: finish it, or drop it with Esc.")
        else:
            outcome = verb()
        self.apply(outcome)
        return outcome

    def open_frame(self, frame_id: int) -> None:
        self._leave(lambda: self.session.open(frame_id))

    def accept_frame(self) -> None:
        if not self._canvas.overlay_visible:
            self.said.emit("The objects are hidden: let go of the key that hides them, then accept what you see.")
            return
        outcome = self._leave(lambda: self.session.accept_frame(unseen=self.tour.unseen()))
        if outcome.step is Step.NOTHING and self.session.waiting:
            by_hand = self._key_of("review.label_by_hand")
            self.said.emit(f"The model has not looked at this frame yet. Wait, or press {by_hand} to label it by hand.")

    def reject_frame(self) -> None:
        self._leave(self.session.reject_frame)

    def defer_frame(self) -> None:
        self._leave(self.session.defer_frame)

    def next_frame(self) -> None:
        self._leave(self.session.next)

    def previous_frame(self) -> None:
        self._leave(self.session.previous)

    def undo(self) -> None:
        self.apply(self.session.undo())

    def redo(self) -> None:
        self.apply(self.session.redo())

    def label_by_hand(self) -> None:
        self.apply(self.session.label_by_hand())
        if self.session.waiting:
            self.prediction_wanted.emit(self.session.frame)

    def select_next(self, by: int = 1) -> None:
        self.apply(self.session.objects.select_next(by))
        self.tour.visit(self.session.objects.selected)

    def select(self, object_id: int | None) -> None:
        self.apply(self.session.objects.select(object_id))

    def accept_object(self) -> None:
        if self._canvas.overlay_visible:
            self.apply(self.session.objects.accept())

    def reject_object(self) -> None:
        self.apply(self.session.objects.reject())

    def swap_class(self) -> None:
        self.apply(self.session.objects.swap_class())

    def select_all(self) -> None:
        self.apply(self.session.objects.select_all())

    def repair_outline(self) -> None:
        self.apply(self.session.objects.repair())

    def copy(self) -> None:
        self.apply(self.session.objects.copy())

    def paste(self) -> None:
        self.apply(self.session.objects.paste())

    def duplicate(self) -> None:
        self.apply(self.session.objects.duplicate())

    def copy_from_previous(self) -> None:
        self.apply(self.session.copy_from_previous())

    def toggle_ghosts(self) -> None:
        self.apply(self.session.objects.toggle_ghosts())

    def set_class_slot(self, slot: int) -> None:
        """Give the selected object the class of a digit."""
        for record in self.session.classes.values():
            if record.slot == slot:
                self.objects.set_class(record.id)
                return
        pick = self._key_of("object.pick_class")
        self.said.emit(f"No class has the digit {slot}. Press {pick} to find or create a class.")

    def set_threshold(self, value: float, class_id: int | None = None) -> None:
        """Set the common threshold, or that of one class; see `ThresholdActs` for more."""
        self.thresholds.set(value, class_id)

    def _show_thresholds(self, outcome: Outcome) -> None:
        # What became a candidate is on the screen before the next key can accept it.
        self.apply(outcome, paint_now=True)
        if outcome.step is Step.OBJECTS:
            self.tour.note()
            self.thresholds_changed.emit()
            self._draft_timer.start()

    def escape(self) -> None:
        """Take back what is going on: a gesture, the question "Empty?", then the selection."""
        if self._canvas.cancel():
            return
        if self.session.cancel_question():
            self.display.update_banner()
            return
        self.apply(self.session.objects.select(None))

    # ------------------------------------------------------------------------------------------------ project
    def _show_objects_again(self) -> None:
        """Show objects that changed by themselves, before the next key can accept what nobody has seen."""
        self.display.redraw_all()
        self._canvas.paint_now()
        self.tour.note()
        self.objects_changed.emit()

    def set_task(self, task: Task, skeleton: Skeleton | None) -> None:
        """Collect another kind of object from now on, or the same with another skeleton."""
        try:
            self._show_task(self.session.set_task(task, skeleton))
        except ProjectError as error:
            self.failed.emit(str(error))

    def adopt_model(self, model: ModelInfo) -> None:
        """Let a project on which nobody has worked follow the kind of its first model."""
        try:
            self._show_task(self.session.adopt_model(model))
        except ProjectError as error:
            self.failed.emit(str(error))

    def _show_task(self, outcome: Outcome) -> None:
        self.task_changed.emit()
        self.apply(outcome)

    def create_class(self, name: str, *, use: bool = False) -> None:
        """Add a class to the project; `use` gives it to the selected object or what was drawn and waits for one."""
        document, selected = self.session.document, self.session.objects.selected

        def give(class_id: int) -> None:
            # Whoever went on meanwhile did not mean what is selected now.
            if not self._closed and (document, selected) == (self.session.document, self.session.objects.selected):
                self.objects.set_class(class_id)

        self.classes.create(name, then=give if use else lambda _class_id: None)

    def close(self) -> None:
        """Keep the draft of the open frame and end the sitting."""
        self._closed = True
        self.display.close()
        for connection in self._from_canvas:
            QObject.disconnect(connection)
        self._draft_timer.stop()
        self.news.close()
        self.session.close()
