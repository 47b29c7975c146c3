"""The review of one project: which frame is open, what was decided, what can be undone, and when a key counts.

Qt-free and used from one thread only. Every verb returns an `Outcome` that says what a view has to redraw and, for a
decision, the future of its commit; the caller reports back with `frame_painted`, `committed` or `commit_failed`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from autoanno_gui.core.draft import encode_draft
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.history import EditEntry, PageEntry
from autoanno_gui.core.records import DecisionKind, Frame, PresentationMode, Thresholds
from autoanno_gui.review.deciding_session import DecidingSession
from autoanno_gui.review.outcome import NOTHING, Outcome, Step
from autoanno_gui.review.previous_frame import confirmed_objects, decided_objects, missing_from, previous_of_clip
from autoanno_gui.store.store_thread import Priority

LOWEST_THRESHOLD: Final = 0.05
HIGHEST_THRESHOLD: Final = 0.95


class ReviewSession(DecidingSession):
    """One reviewer's sitting over one project."""

    # ------------------------------------------------------------------------------------------------ undo
    def undo(self) -> Outcome:
        """Undo the last edit, wherever it was made; else revoke the last decision and bring its frame back."""
        if self.can_move and self.checks.shown is not None and self.history.to_undo is self.checks.shown.after:
            # Nothing was done on it yet: what is meant lies behind the check, and that is left by this.
            left = self._enter(self.listed_id)
            undone = self.undo()
            return undone if undone.step is Step.FRAME else replace(left, text=undone.text)
        entry = self.history.to_undo
        if not self.can_move or entry is None:
            return Outcome(Step.NOTHING, text=self._nothing_to_undo() if entry is None else "")
        if isinstance(entry, EditEntry):
            outcome = self._replay(entry, revert=True)
            self.history.stepped_back()
            return outcome
        if isinstance(entry, PageEntry):
            return self.pages.undo(entry)
        came_from = self.document.frame_id if self.document is not None else entry.frame_id
        self.save_draft()
        commit = self._commits.revoke(entry, came_from=came_from)
        self._set_state(entry.frame_id, entry.state_before)
        entry.document.mark_saved(saved=False)
        text = f"Undone: {entry.name.lower()}."
        return replace(self._enter(entry.frame_id, entry.document), commit=commit, text=text)

    def _nothing_to_undo(self) -> str:
        if self.document is not None and self.document.mode is PresentationMode.SETTLE:
            return "Nothing to undo since the model's proposals are shown; the labels can still be changed."
        return "Nothing to undo."

    def redo(self) -> Outcome:
        """Do again what was undone last; a decision is recorded anew."""
        entry = self.history.to_redo
        if not self.can_move or entry is None:
            return Outcome(Step.NOTHING, text="Nothing to redo." if entry is None else "")
        if isinstance(entry, EditEntry):
            outcome = self._replay(entry, revert=False)
            self.history.stepped_forward()
            return outcome
        if isinstance(entry, PageEntry):
            return self.pages.redo(entry)
        self.save_draft()
        if entry.decision.kind is DecisionKind.DEFERRED:
            self._keep_labels(self.frames.get(entry.frame_id))
        decision = replace(entry.decision, uuid=str(uuid.uuid4()), session_uuid=self._session_uuid)
        return self._record(decision, entry.document, redo=True)

    def _keep_labels(self, frame: Frame) -> None:
        """Once a labelled frame is put off, its labels come back only from the draft."""
        if not frame.state.labelled:
            return
        document = self._document_of(frame)
        body = encode_draft(document, over_labels=True)
        self.on_write(self.store.submit(Priority.DRAFT, lambda writer: writer.save_draft(frame.id, body)))
        # The frame may come back before the draft has reached the project file.
        here = {self.document.frame_id} if self.document is not None else set()
        self._documents.keep(document, others=self.history.frames() | here)

    def _replay(self, entry: EditEntry, *, revert: bool) -> Outcome:
        moved = self.document is None or self.document.frame_id != entry.frame_id or self.finished
        if moved:
            self.save_draft()
            self._enter(entry.frame_id)
        outcome = self.objects.replay(entry.change, revert=revert)
        text = f"{'Undone' if revert else 'Redone'}: {entry.name.lower()}."
        return replace(outcome, step=Step.FRAME if moved else Step.OBJECTS, text=text)

    # ------------------------------------------------------------------------------------------------ view and keeping
    def copy_from_previous(self) -> Outcome:
        """Draw what is labelled, or was confirmed so far, on the frame before it in the same clip; what is there
        already is left out, and a mere proposal is never copied."""
        document = self.document
        if document is None or not self.objects.enabled:
            return NOTHING
        frame = previous_of_clip(self.frames, document.frame_id)
        if frame is None:
            return Outcome(Step.NOTHING, text="This is the first frame of its clip; there is nothing to copy.")
        name = frame.path.rpartition("/")[2]
        objects = self._confirmed_on(frame)
        if not objects:
            return Outcome(Step.NOTHING, text=f"Nothing is labelled on {name} yet.")
        missing = missing_from(document, objects)
        if not missing:
            return Outcome(Step.NOTHING, text=f"All objects of {name} are here already.")
        return self.objects.draw_copies(missing, name="Copy from previous frame")

    def _confirmed_on(self, frame: Frame) -> list[tuple[Geometry, int]]:
        """Return (outline, project class) of what the reviewer confirmed on another frame."""
        if frame.state.labelled:
            decision = self._commits.decision_on(frame.id) or self._reader.decision(frame.id)
            objects = decided_objects(decision) if decision is not None else []
        else:
            objects = confirmed_objects(self._document_of(frame))
        return [(geometry, self._documents.living_class(class_id)) for geometry, class_id in objects]

    def set_threshold(self, value: float, class_id: int | None = None) -> Outcome:
        """Set the display threshold of all classes without an own one, or that of one class; no model runs.

        Args:
            value: kept in steps of 0.01 from 0.05 to 0.95.
            class_id: a merged class means the one that stands for it today; one that is gone changes nothing.
        """
        value = round(min(max(value, LOWEST_THRESHOLD), HIGHEST_THRESHOLD), 2)
        if class_id is None:
            return self._take_thresholds(replace(self.thresholds, default=value), f"Threshold {value:.2f}")
        record = self.classes.get(self._documents.living_class(class_id))
        if record is None:
            return NOTHING
        own = dict(self.thresholds.per_class) | {record.id: value}
        return self._take_thresholds(_with_own(self.thresholds, own), f"{record.name}: {value:.2f}")

    def reset_threshold(self, class_id: int | None = None) -> Outcome:
        """Let a class, or without one every class, follow the common threshold again."""
        own = dict(self.thresholds.per_class)
        if class_id is None:
            return self._take_thresholds(_with_own(self.thresholds, {}), "All classes have the common threshold again.")
        record = self.classes.get(self._documents.living_class(class_id))
        if record is None or own.pop(record.id, None) is None:
            name = record.name if record is not None else "This class"
            return Outcome(Step.NOTHING, text=f"{name} has no threshold of its own.")
        text = f"{record.name}: {self.thresholds.default:.2f}, as all classes"
        return self._take_thresholds(_with_own(self.thresholds, own), text)

    def _take_thresholds(self, thresholds: Thresholds, text: str) -> Outcome:
        if thresholds == self.thresholds:
            return NOTHING
        self.thresholds = thresholds
        self._drop_question()
        return replace(self.objects.apply_thresholds(thresholds, in_sight=self.in_sight), text=text)

    def reload_classes(self) -> None:
        """Read classes and class maps again, after any of them changed; a class that is gone needs no threshold."""
        before = self.classes.keys()
        super().reload_classes()
        if before - self.classes.keys():
            # Only then: it is asked for every moment while a job is predicting, and a check that waits outlasts that.
            self.checks.follow_classes()
        own = {class_id: value for class_id, value in self.thresholds.per_class if class_id in self.classes}
        self._take_thresholds(_with_own(self.thresholds, own), "")
        self._save_thresholds()

    def save_draft(self) -> None:
        """Keep what was done on the open frame, and the thresholds."""
        super().save_draft()
        self._save_thresholds()

    def _save_thresholds(self) -> None:
        # Not at once: the store's thread would take turns with the repaint, several times while a slider is dragged.
        thresholds = self.thresholds
        if thresholds is not self._kept_thresholds:
            self._kept_thresholds = thresholds
            self.on_write(self.store.submit(Priority.DRAFT, lambda writer: writer.set_thresholds(thresholds)))

    def note(self, frame_id: int) -> str:
        """Return the note on a frame, empty without one."""
        return self._reader.note(frame_id)

    def set_note(self, frame_id: int, text: str) -> None:
        """Write a note on a frame; an empty one takes it away."""
        self.on_write(self.store.submit(Priority.OTHER, lambda writer: writer.set_note(frame_id, text)))

    def close(self) -> None:
        """Keep the open frame's draft and the thresholds, and end the sitting."""
        self.save_draft()
        session_uuid = self._session_uuid
        self.store.submit(Priority.OTHER, lambda writer: writer.end_session(session_uuid))
        self._reader.close()


def _with_own(thresholds: Thresholds, own: Mapping[int, float]) -> Thresholds:
    """Return thresholds with these ones of single classes."""
    return replace(thresholds, per_class=tuple(sorted(own.items())))
