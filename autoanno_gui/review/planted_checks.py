"""Planted checks of one sitting: prepares them while the reviewer works, shows them, and records what came of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from autoanno_gui.core.check_outcome import CHECK_EVENT, Outcome, final_labels, judge, left_alone, sent_away
from autoanno_gui.core.document import Document
from autoanno_gui.core.frame_list import STATES
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.history import Entry
from autoanno_gui.core.planting import Alteration, Planted, Planter, alter, choose_frame
from autoanno_gui.core.records import ClassRecord, Frame, How, PresentationMode, Verdict
from autoanno_gui.review.documents import Documents
from autoanno_gui.review.honesty import OPEN
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority

if TYPE_CHECKING:
    from autoanno_gui.review.frame_session import FrameSession

_LABELLED: Final = [number for number, state in enumerate(STATES) if state.labelled]
_TRIES: Final = 5
"""Decided frames that are looked at for one that can be altered; the next decision brings more."""


@dataclass(frozen=True, slots=True)
class PreparedCheck:
    """A decided frame with one label altered, ready to be shown.

    Attributes:
        frame_id: of the decided frame.
        document: what is shown of it; nothing of it is ever kept.
    """

    frame_id: int
    planted: Planted
    document: Document


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """A check that is on the screen.

    Attributes:
        before: the frame that comes after it.
        after: the step of the history that came before it.
        clipboard: what had been copied then.
    """

    prepared: PreparedCheck
    before: int
    after: Entry | None
    clipboard: tuple[tuple[Geometry, int], ...]

    @property
    def document(self) -> Document:
        return self.prepared.document


class PlantedChecks:
    """At most one check is prepared or shown at a time."""

    def __init__(
        self,
        session: FrameSession,
        reader: Reader,
        documents: Documents,
        *,
        reviewer: str,
        session_uuid: str,
        every: int,
    ) -> None:
        self._session: Final = session
        self._reader: Final = reader
        self._documents: Final = documents
        self._reviewer: Final = reviewer
        self._session_uuid: Final = session_uuid
        self._rng: Final = np.random.default_rng(uuid.UUID(session_uuid).int)
        self._planter: Final = Planter(seed=uuid.UUID(session_uuid).int, every=every) if every > 0 else None
        self._recent: Final[list[int]] = []
        self._checked: Final[list[str]] = [str(event.body.get("frame")) for event in reader.events(CHECK_EVENT)]
        """Paths of frames that were shown as a check, each as often as that happened."""
        self.waiting: PreparedCheck | None = None
        """What the next decision leads to; its picture is made ready like those of the next frames."""
        self.shown: ShownCheck | None = None

    # ------------------------------------------------------------------------------------------------ preparing
    def note_decided(self, frame_id: int) -> None:
        """Count a decision, and prepare a check when one is due: the decision after the next one leads to it."""
        self._recent.append(frame_id)
        if self._planter is None:
            return
        self._planter.decided()
        if self._planter.owed and self.waiting is None and self._session.guards.active:
            self.waiting = self._prepare()

    def _prepare(self) -> PreparedCheck | None:
        frames = self._session.frames
        # By the column: going through 100,000 frames one by one would be felt.
        eligible = set(frames.ids[np.isin(frames.states, _LABELLED)].tolist())
        known = [self._reader.frame_by_path(path) for path in self._checked]
        checked = [frame.id for frame in known if frame is not None]
        for _ in range(_TRIES):
            chosen = choose_frame(eligible, recent=self._recent, checked=checked, rng=self._rng)
            if chosen is None:
                return None
            frame = frames.get(chosen)
            if frame.usable and (found := self._altered(frame)) is not None:
                return found
            eligible.discard(chosen)
        return None

    def _altered(self, frame: Frame) -> PreparedCheck | None:
        """Return a frame with one label altered; None when it has no label of this reviewer's own."""
        decision = self._reader.decision(frame.id)
        if decision is None or decision.reviewer != self._reviewer or decision.origin or not decision.width:
            return None
        if (decision.width, decision.height) != (frame.width, frame.height):
            return None  # another picture by now
        if self._reader.draft(frame.id) is not None:
            return None  # the reviewer is about to change its labels
        session = self._session
        living = self._documents.living_class
        planted = alter(
            [(living(class_id), geometry) for class_id, geometry in final_labels(decision.verdicts)],
            width=frame.width,
            height=frame.height,
            class_ids=session.classes.keys(),
            rng=self._rng,
        )
        if planted is None:
            return None
        keypoints = len(session.skeleton) if session.skeleton is not None else 0
        original = self._documents.predictions(decision.run_frame_id) if decision.run_frame_id is not None else None
        from autoanno_gui.core.planted_predictions import to_predictions  # the window is painted before

        predictions = to_predictions(
            planted,
            thresholds=session.thresholds,
            rng=self._rng,
            original=original,
            task=session.task,
            keypoints=keypoints,
        )
        document = Document(
            frame_id=frame.id,
            width=frame.width,
            height=frame.height,
            predictions=predictions,
            thresholds=session.thresholds,
            mode=PresentationMode.PLANTED,
            task=session.task,
            keypoints=keypoints,
        )
        document.made_on = document.size
        return PreparedCheck(frame.id, planted, document)

    def follow_classes(self) -> None:
        """Take it that classes are gone: what waits was made of the former ones, and another one is still owed."""
        self.waiting = None
        if self.shown is not None:
            self._documents.follow_merges(self.shown.document)

    def note_opened(self, frame_id: int) -> None:
        """Note that a frame is opened as itself: whoever has just seen it, or changes its labels, is shown no check of
        it; another one is still owed."""
        if self.waiting is not None and self.waiting.frame_id == frame_id:
            self.waiting = None

    # ------------------------------------------------------------------------------------------------ showing
    def show(self, *, before: int) -> PreparedCheck | None:
        """Return the check that is to be shown now, if one is ready.

        Args:
            before: the frame that would be opened without it.
        """
        if not self._would_blend_in(before):
            return None
        session = self._session
        prepared, self.waiting = self.waiting, None
        if prepared is None or self._planter is None or not session.guards.active or prepared.frame_id == before:
            return None
        frame, document = session.frames.get(prepared.frame_id), prepared.document
        if not frame.state.labelled or not frame.usable or (frame.width, frame.height) != document.size:
            return None
        if document.thresholds != session.thresholds or document.task is not session.task:
            # Made for others: labels would have become ghosts. The next decision brings another check.
            return None
        self._planter.shown()
        self.shown = ShownCheck(prepared, before, session.history.to_undo, session.objects.clipboard)
        return prepared

    def _would_blend_in(self, before: int) -> bool:
        """Whether a check looks like the frames around it: these are reviewed, with candidates; else it waits."""
        session = self._session
        frame = session.frames.get(before)
        if session.trials.runs_on(frame) or before in session.tuning_sample:
            # Between timed frames it would be timed, too, and those of the sample show their ghosts.
            return False
        return frame.state in OPEN and frame.run_frame_id is not None

    def end(self, verdicts: tuple[Verdict, ...] | None, *, seconds: float) -> str:
        """Record what the reviewer made of the check on the screen.

        Args:
            verdicts: None when it was sent to hand labelling.
            seconds: active ones on it.

        Returns:
            A sentence that says what was altered.
        """
        assert self.shown is not None
        planted = self._of_today(self.shown.prepared.planted)
        if planted is None or any(verdict.how is How.THRESHOLD for verdict in verdicts or ()):
            self.pass_over(seconds=seconds)
            return "That was a check, but it cannot be judged any more. Your labels are as you left them."
        outcome = sent_away(planted) if verdicts is None else judge(planted, final_labels(verdicts))
        self._record(outcome, seconds)
        return _told(planted, outcome, self._session.classes)

    def _of_today(self, planted: Planted) -> Planted | None:
        """Return what was planted with the classes that stand for its own today; None when that leaves nothing wrong
        with it."""
        living = self._documents.living_class
        truth, labels = (
            tuple((living(class_id), geometry) for class_id, geometry in each)
            for each in (planted.truth, planted.labels)
        )
        found = replace(planted, truth=truth, labels=labels)
        return found if found.altered_label != found.true_label else None

    def withdraw(self) -> None:
        """Take the check off the screen as if it had never come: the reviewer is not to blame for that."""
        if self.shown is not None:
            self._forget(self.shown)

    def pass_over(self, *, seconds: float) -> None:
        """Record that the check on the screen was left without a decision."""
        assert self.shown is not None
        self._record(left_alone(self.shown.prepared.planted), seconds)

    def _record(self, outcome: Outcome, seconds: float) -> None:
        shown = self.shown
        assert shown is not None
        self._forget(shown)
        session = self._session
        path = session.frames.get(shown.prepared.frame_id).path
        self._checked.append(path)
        body = outcome.as_event(
            shown.prepared.planted,
            reviewer=self._reviewer,
            session=self._session_uuid,
            frame=path,
            seconds=round(seconds, 3),
        )
        session.on_write(session.store.submit(Priority.OTHER, lambda writer: writer.record_event(CHECK_EVENT, body)))

    def _forget(self, shown: ShownCheck) -> None:
        """Let nothing of a check outlast it: what was done on it must not be undone, or done again, on the frame
        itself, and what was copied from it is no label."""
        self.shown = None
        self._session.history.forget_after(shown.after)
        self._session.objects.clipboard = shown.clipboard


def _told(planted: Planted, outcome: Outcome, classes: Mapping[int, ClassRecord]) -> str:
    def name(class_id: int) -> str:
        return classes[class_id].name if class_id in classes else f"class {class_id}"

    true = name(planted.true_label[0])
    altered = planted.altered_label
    match planted.alteration:
        case Alteration.SHIFTED:
            what = f"one “{true}” had been moved"
        case Alteration.CLASS:
            what = f"one “{true}” had been made a “{name(altered[0]) if altered is not None else true}”"
        case Alteration.REMOVED:
            what = f"one “{true}” had been taken away"
    end = "You caught it." if outcome.caught else "It slipped through."
    return f"That was a check: {what}. {end} Your labels are as you left them."
