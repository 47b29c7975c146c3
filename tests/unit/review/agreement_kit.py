"""Decisions of reviewers with names, straight into real project files."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
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
from autoanno_gui.review.comparison import Report, Side, compare
from autoanno_gui.store.store_thread import Priority, Store
from tests.projects import HEIGHT, WIDTH

Labels = Sequence[tuple[str, Box]]
LEFT, MIDDLE, RIGHT = Box(20, 20, 80, 80), Box(120, 40, 200, 120), Box(220, 140, 300, 220)


class Hand:
    """One reviewer's sitting over one open project."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._session = str(uuid.uuid4())
        with closing(store.reader()) as reader:
            self._frames = {frame.path: frame for block in reader.frames() for frame in block}
            self._classes = {record.name: record.id for record in reader.classes() if record.merged_into is None}

    def label(
        self,
        path: str,
        labels: Labels,
        *,
        kind: DecisionKind = DecisionKind.EDITED,
        mode: PresentationMode = PresentationMode.NORMAL,
        judged: Mapping[int, VerdictKind] | None = None,
        size: tuple[int, int] = (WIDTH, HEIGHT),
    ) -> Decision:
        """Decide a frame: all labels are drawn, and predictions (by index) are judged besides.

        A judged prediction that is kept brings no label of its own but for its box at the upper left corner.
        """
        frame = self._frames[path]
        verdicts = [Verdict(VerdictKind.ADDED, How.OBJECT, None, self._class(name), box) for name, box in labels]
        for index, verdict in (judged or {}).items():
            outline = None if verdict is VerdictKind.REJECTED else Box(1, 1, 9, 9)
            verdicts.append(Verdict(verdict, How.FRAME, index, self._class("cat"), outline, iou=outline and 1.0))
        decision = Decision(
            uuid=str(uuid.uuid4()),
            frame_id=frame.id,
            kind=kind,
            mode=mode,
            run_frame_id=frame.run_frame_id,
            thresholds=Thresholds(0.35, ((self._class("cat"), 0.4),)),
            shown=tuple(judged or {}),
            verdicts=tuple(verdicts),
            timing=Timing(1.0, None, 4.0, 3.0, "2026-03-01T10:00:00.123+00:00"),
            reviewer=self._name,
            session_uuid=self._session,
            width=size[0],
            height=size[1],
        )
        self._store.submit(Priority.DECISION, lambda writer: writer.record_decision(decision)).result()
        return decision

    def revoke(self, decision: Decision) -> None:
        self._store.submit(Priority.DECISION, lambda w: w.revoke_decision(decision.uuid, reason="undone")).result()

    def _class(self, name: str) -> int:
        if name not in self._classes:
            self._classes[name] = self._store.submit(Priority.OTHER, lambda w: w.add_class(name)).result().id
        return self._classes[name]


def compared(sides: tuple[Side, Side]) -> Report:
    """Return the document of a comparison."""
    steps = compare(*sides)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def dump(file: Path) -> list[str]:
    """Return all that a project file holds, row by row."""
    import sqlite3

    with closing(sqlite3.connect(file)) as conn:
        return list(conn.iterdump())
