"""Joins the review session with what is on the screen: every key and every mouse act goes through here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Final, Literal

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from autoanno_gui.core.errors import FrameErrorCode, KnownError
from autoanno_gui.core.geometry import Box
from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.review.outcome import Outcome, Step
from autoanno_gui.review.prediction_job import PredictionProgress
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui.bridge import GuiThreadBridge
from autoanno_gui.ui.canvas.view import CanvasView
from autoanno_gui.ui.class_editor import ClassEditor
from autoanno_gui.ui.frame_display import FrameDisplay, KeyOf
from autoanno_gui.ui.prefetch import Prefetcher

DRAFT_DELAY_MS: Final = 1000
CLASS_DELAY_MS: Final = 400
THRESHOLD_STEP: Final = 0.05
Direction = Literal["left", "right", "up", "down"]
STEPS: Final[dict[Direction, tuple[float, float]]] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class ReviewPresenter(QObject):
    """Shows what the session says, and tells the session what was painted, acknowledged, pressed and drawn."""

    frame_shown = Signal(object)
    """The frame's escaped path: it is painted and the decision before it is acknowledged."""
    queue_finished = Signal()
    frame_opened = Signal()
    """Another frame became the open one."""
    objects_changed = Signal()
    states_changed = Signal(list)
    """Ids of frames whose state or prediction changed."""
    classes_changed = Signal()
    said = Signal(str)
    """One line for the status bar."""
    failed = Signal(str)
    """A sentence that must not be overlooked: something was not saved, or a picture was replaced."""
    prediction_wanted = Signal(object)
    """The open frame has no prediction yet."""
    class_wanted = Signal()
    """A box was drawn, but there is no class yet to give it."""

    def __init__(
        self, session: ReviewSession, canvas: CanvasView, prefetcher: Prefetcher, *, key_of: KeyOf, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.session: Final = session
        self.display: Final = FrameDisplay(session, canvas, prefetcher, key_of=key_of, parent=self)
        self.classes: Final = ClassEditor(session.store, self)
        self._canvas = canvas
        self._key_of = key_of
        self._bridge = GuiThreadBridge(self)
        self._closed = False
        self._announced = True
        self._pending_box: Box | None = None
        self._known_classes = session.classes
        self._draft_timer = QTimer(self, singleShot=True, interval=DRAFT_DELAY_MS)
        self._draft_timer.timeout.connect(session.save_draft)
        session.on_write = lambda future: self._bridge.when_done(future, self._on_written)
        self._class_timer = QTimer(self, singleShot=True, interval=CLASS_DELAY_MS)
        self._class_timer.timeout.connect(self._look_for_classes)
        self.display.painted.connect(self._on_painted)
        self.display.states_changed.connect(self.states_changed)
        self.classes.changed.connect(self.reload_classes)
        self.classes.failed.connect(self.failed)
        # The canvas outlives the project: what is drawn on the next one is none of this presenter's business.
        self._from_canvas: Final = (
            canvas.object_picked.connect(lambda object_id: self._apply(session.objects.select(object_id))),
            canvas.box_drawn.connect(self.add_box),
            canvas.geometry_edited.connect(lambda i, box: self._apply(session.objects.set_geometry(i, box))),
            canvas.ghost_adopted.connect(lambda object_id: self._apply(session.objects.adopt(object_id))),
        )

    # ------------------------------------------------------------------------------------------------ showing
    def show_open_frame(self) -> None:
        """Show the session's open frame; `frame_shown` follows."""
        self._announced = False
        self._pending_box = None
        self.display.show()

    @Slot(object)
    def _on_painted(self, frame: Frame) -> None:
        self.session.frame_painted()
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
    def _apply(self, outcome: Outcome) -> None:
        if outcome.commit is not None:
            self._bridge.when_done(outcome.commit, self._on_commit)
        if outcome.text:
            self.said.emit(outcome.text)
        if outcome.step is Step.OBJECTS:
            self.display.redraw(outcome.ids)
            if self.session.document is not None and self.session.document.unsaved:
                self._draft_timer.start()
            self.objects_changed.emit()
        elif outcome.step is Step.FRAME:
            self.show_open_frame()
        elif outcome.step in (Step.ASK_EMPTY, Step.FINISHED):
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
            if finished:
                self.queue_finished.emit()
            self._announce()
            return
        outcome = self.session.commit_failed()
        self._apply(replace(outcome, text=""))
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
    def open_frame(self, frame_id: int) -> None:
        self._apply(self.session.open(frame_id))

    def accept_frame(self) -> None:
        if not self._canvas.overlay_visible:
            self.said.emit("The objects are hidden: let go of the key that hides them, then accept what you see.")
            return
        outcome = self.session.accept_frame()
        self._apply(outcome)
        if outcome.step is Step.NOTHING and self.session.waiting:
            by_hand = self._key_of("review.label_by_hand")
            self.said.emit(f"The model has not looked at this frame yet. Wait, or press {by_hand} to label it by hand.")

    def reject_frame(self) -> None:
        self._apply(self.session.reject_frame())

    def defer_frame(self) -> None:
        self._apply(self.session.defer_frame())

    def next_frame(self) -> None:
        self._apply(self.session.next())

    def previous_frame(self) -> None:
        self._apply(self.session.previous())

    def undo(self) -> None:
        self._apply(self.session.undo())

    def redo(self) -> None:
        self._apply(self.session.redo())

    def label_by_hand(self) -> None:
        self._apply(self.session.label_by_hand())
        if self.session.waiting:
            self.prediction_wanted.emit(self.session.frame)

    def select_next(self, by: int = 1) -> None:
        self._apply(self.session.objects.select_next(by))

    def select(self, object_id: int | None) -> None:
        self._apply(self.session.objects.select(object_id))

    def accept_object(self) -> None:
        if self._canvas.overlay_visible:
            self._apply(self.session.objects.accept())

    def reject_object(self) -> None:
        self._apply(self.session.objects.reject())

    def swap_class(self) -> None:
        self._apply(self.session.objects.swap_class())

    def toggle_ghosts(self) -> None:
        self._apply(self.session.objects.toggle_ghosts())

    def set_class(self, class_id: int) -> None:
        """Give the selected object a class, or the box that waits for one."""
        box, self._pending_box = self._pending_box, None
        if box is not None:
            self._apply(self.session.objects.add(box, class_id))
        else:
            self._apply(self.session.objects.set_class(class_id))

    def set_class_slot(self, slot: int) -> None:
        """Give the selected object the class of a digit."""
        for record in self.session.classes.values():
            if record.slot == slot:
                self.set_class(record.id)
                return
        pick = self._key_of("object.pick_class")
        self.said.emit(f"No class has the digit {slot}. Press {pick} to find or create a class.")

    def add_box(self, box: Box) -> None:
        """Draw a box: it takes the last used class, else the first one."""
        class_id = self.session.objects.last_class
        if class_id not in self.session.classes:
            by_slot = sorted(self.session.classes.values(), key=lambda record: (record.slot or 99, record.id))
            class_id = by_slot[0].id if by_slot else None
        if class_id is not None:
            self._apply(self.session.objects.add(box, class_id))
        elif self.session.objects.enabled:
            self._pending_box = box
            self.class_wanted.emit()

    def drop_pending_box(self) -> None:
        """Forget a box that got no class."""
        self._pending_box = None

    def nudge(self, direction: Direction, pixels: float) -> None:
        """Move the selected object, or the side that was snapped last, by image pixels."""
        dx, dy = (pixels * step for step in STEPS[direction])
        side = self._canvas.last_snapped_side
        self._move_selected(lambda box: _side_moved(box, side, dx, dy) if side else self._moved(box, dx, dy))

    def grow(self, direction: Direction, pixels: float) -> None:
        """Move the right or the lower side of the selected object by image pixels."""
        dx, dy = (pixels * step for step in STEPS[direction])
        self._move_selected(lambda box: Box(box.x1, box.y1, max(box.x1 + 1, box.x2 + dx), max(box.y1 + 1, box.y2 + dy)))

    def _moved(self, box: Box, dx: float, dy: float) -> Box:
        document = self.session.document
        return box.moved_inside(dx, dy, width=document.width, height=document.height) if document else box

    def _move_selected(self, to: Callable[[Box], Box]) -> None:
        self._apply(self.session.objects.move_selected(to))

    def move_threshold(self, steps: int) -> None:
        """Move the display threshold by steps of 0.05."""
        self.set_threshold(self.session.thresholds.default + steps * THRESHOLD_STEP)

    def set_threshold(self, value: float) -> None:
        self._apply(self.session.set_threshold(value))
        # What became a candidate is on the screen before the next key can accept it.
        self._canvas.paint_now()

    def escape(self) -> None:
        """Take back what is going on: a gesture, the question "Empty?", then the selection."""
        if self._canvas.cancel():
            return
        if self.session.cancel_empty():
            self.display.update_banner()
            return
        self._apply(self.session.objects.select(None))

    # ------------------------------------------------------------------------------------------------ news
    def on_predicted(self, progress: PredictionProgress) -> None:
        """Take finished predictions; the open frame shows them if it waited for them."""
        changed = []
        for frame_id, run_frame_id in progress.recorded:
            if self.session.predictions_arrived(frame_id, run_frame_id):
                self._show_objects_again()
            changed.append(frame_id)
        for failure in progress.failures:
            if failure.frame_id in self.session.frames:
                self._on_prediction_failed(failure.frame_id, failure.code)
                changed.append(failure.frame_id)
        if changed:
            self.states_changed.emit(changed)
            if not self._class_timer.isActive():
                self._class_timer.start()

    def _look_for_classes(self) -> None:
        """Show classes that a running prediction brought."""
        self.session.reload_classes()
        if self.session.classes != self._known_classes:
            self._known_classes = self.session.classes
            self.classes_changed.emit()

    def _on_prediction_failed(self, frame_id: int, code: FrameErrorCode) -> None:
        frame = self.session.frames.get(frame_id)
        if code is not FrameErrorCode.PREDICTION_LOST:
            state = frame.state if frame.state.decided else FrameState.FAILED
            self.session.frames.update(replace(frame, error=code, state=state))
        if self.session.prediction_failed(frame_id):
            self._show_objects_again()

    def _show_objects_again(self) -> None:
        """Show objects that changed by themselves, before the next key can accept what nobody has seen."""
        self.display.redraw_all()
        self._canvas.paint_now()
        self.objects_changed.emit()

    def reload_classes(self) -> None:
        """Show changed classes, colours and class maps at once."""
        if self._closed:
            return
        self.session.reload_classes()
        self._known_classes = self.session.classes
        self.session.reload_predictions()
        self._show_objects_again()
        self.classes_changed.emit()

    def create_class(self, name: str, *, use: bool = False) -> None:
        """Add a class to the project; `use` gives it to the selected object or the box that waits for one."""
        document, selected = self.session.document, self.session.objects.selected

        def give(class_id: int) -> None:
            # Whoever went on meanwhile did not mean what is selected now.
            if not self._closed and (document, selected) == (self.session.document, self.session.objects.selected):
                self.set_class(class_id)

        self.classes.create(name, then=give if use else lambda _class_id: None)

    def set_model_active(self, active: bool) -> None:
        """Note whether a model is in use for frames without predictions."""
        if self.session.set_model_active(active):
            self._show_objects_again()
            frame = self.session.frame
            if self.session.waiting and frame is not None:
                self.prediction_wanted.emit(frame)

    def close(self) -> None:
        """Keep the draft of the open frame and end the sitting."""
        self._closed = True
        self.display.close()
        for connection in self._from_canvas:
            QObject.disconnect(connection)
        self._draft_timer.stop()
        self._class_timer.stop()
        self.session.close()


def _side_moved(box: Box, side: str, dx: float, dy: float) -> Box:
    if side == "left":
        return Box(min(box.x1 + dx, box.x2 - 1), box.y1, box.x2, box.y2)
    if side == "right":
        return Box(box.x1, box.y1, max(box.x2 + dx, box.x1 + 1), box.y2)
    if side == "top":
        return Box(box.x1, min(box.y1 + dy, box.y2 - 1), box.x2, box.y2)
    return Box(box.x1, box.y1, box.x2, max(box.y2 + dy, box.y1 + 1))
