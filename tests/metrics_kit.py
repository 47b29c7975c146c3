"""Ledgers for tests of the figures: decisions written through the store, without a window."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autoanno_gui.core.box import Box
from autoanno_gui.core.records import (
    Decision,
    DecisionKind,
    How,
    PresentationMode,
    Thresholds,
    Timing,
    Verdict,
    VerdictKind,
)
from autoanno_gui.store.store_thread import Priority, Store
from tests.projects import MODEL, MadeProject, Proposal, make_project

KEPT, MOVED, DELETED = VerdictKind.ACCEPTED, VerdictKind.EDITED, VerdictKind.REJECTED
MANY = tuple(Proposal((10.0 + 30 * at, 20, 34.0 + 30 * at, 60), at % 2, 0.9 - at / 50) for at in range(8))
"""Eight candidates beside each other, cats and dogs in turn."""


@dataclass(slots=True)
class Ledger:
    """Writes decisions on the frames of a made project; `close` it before a window opens the project."""

    store: Store
    reviewer: str = "anna"
    session: str = field(init=False)
    written: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.sit_down()

    def sit_down(self) -> None:
        """Begin another sitting."""
        work = self.store.submit(Priority.OTHER, lambda writer: writer.start_session(self.reviewer, checks=True))
        self.session = work.result()

    def decide(
        self,
        number: int,
        *,
        changes: Sequence[VerdictKind] = (),
        seconds: float = 4.0,
        kind: DecisionKind | None = None,
        drawn: int = 0,
        in_stream: bool = False,
    ) -> Decision:
        """Record a decision on frame `number`.

        Args:
            number: of the frame.
            changes: what became of its first candidates; the rest is kept as proposed.
            seconds: active ones.
            kind: else it follows from what was changed.
            drawn: objects that were added.
            in_stream: the frame belongs to the random stream.
        """
        with self.store.reader() as reader:
            frame = reader.frame_by_path(f"frame_{number}.jpg")
            assert frame is not None
            assert frame.run_frame_id is not None
            found, _ = reader.predictions(frame.run_frame_id)
            mapping = reader.class_map(MODEL.weights_hash)
        boxes = found.boxes.tolist()
        shown = tuple(at for at in range(len(boxes)) if found.confidences[at] > 0.5)
        kind = kind or (DecisionKind.EDITED if changes or drawn else DecisionKind.ACCEPTED)
        verdicts = []
        if kind.state.labelled:
            for place, at in enumerate(shown):
                became = changes[place] if place < len(changes) else KEPT
                class_id = mapping[int(found.classes[at])]
                assert class_id is not None
                verdicts.append(_verdict(became, at, class_id, boxes[at]))
            new = Box(150.0, 150.0, 190.0, 190.0)
            class_id = next(one for one in mapping.values() if one is not None)
            verdicts += [Verdict(VerdictKind.ADDED, How.OBJECT, None, class_id, new)] * drawn
        at = f"2026-03-01T10:{self.written // 60:02}:{self.written % 60:02}+00:00"
        self.written += 1
        decision = Decision(
            uuid=str(uuid.uuid4()),
            frame_id=frame.id,
            kind=kind,
            mode=PresentationMode.NORMAL,
            run_frame_id=frame.run_frame_id,
            thresholds=Thresholds(),
            shown=shown,
            verdicts=tuple(verdicts),
            timing=Timing(0.0, None, seconds, seconds, at),
            reviewer=self.reviewer,
            session_uuid=self.session,
            width=320,
            height=240,
            reason="borderline",
            in_stream=in_stream,
        )
        self.store.submit(Priority.DECISION, lambda writer: writer.record_decision(decision)).result()
        return decision

    def revoke(self, decision: Decision) -> None:
        """Undo a decision."""
        work = self.store.submit(Priority.DECISION, lambda w: w.revoke_decision(decision.uuid, reason="undo"))
        work.result()

    def close(self) -> None:
        """Let go of the project."""
        self.store.close()


def _verdict(became: VerdictKind, at: int, class_id: int, box: Sequence[float]) -> Verdict:
    left, top, right, bottom = box
    if became is DELETED:
        return Verdict(DELETED, How.OBJECT, at, class_id, None)
    if became is MOVED:
        # The right half of it: IoU 0.5.
        return Verdict(MOVED, How.OBJECT, at, class_id, Box((left + right) / 2, top, right, bottom), iou=0.5)
    return Verdict(KEPT, How.FRAME, at, class_id, Box(left, top, right, bottom), iou=1.0)


def open_ledger(made: MadeProject) -> Ledger:
    """Open a project that nobody has open, to write decisions."""
    return Ledger(Store.open(made.file, root=made.folder))


def drifting_project(folder: Path, *, before: int = 90, after: int = 30) -> MadeProject:
    """Make a project whose edit rate climbs: one of eight candidates is moved on every frame, then five of eight."""
    made = make_project(folder, [MANY] * (before + after))
    ledger = open_ledger(made)
    for number in range(before + after):
        ledger.decide(number, changes=[MOVED] * (1 if number < before else 5))
    ledger.close()
    return made
