"""All writes to a project, each its own transaction. The ledger is only appended to."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from autoanno_gui.core.keypoints import Skeleton
from autoanno_gui.core.records import Decision, DecisionKind, Thresholds, Verdict, VerdictKind
from autoanno_gui.core.task import Task
from autoanno_gui.store.blobs import pack_geometry, pack_numbers
from autoanno_gui.store.connection import immediate
from autoanno_gui.store.rows import (
    SESSION_STARTED,
    STATE_QUERY,
    compact,
    encode_skeleton,
    encode_thresholds,
    now,
    path_to_text,
)
from autoanno_gui.store.writer_merging import MergeWrites

_NEVER: Final = -1


class Writer(MergeWrites):
    """Lives on the store thread, which alone calls it."""

    def __init__(
        self, ledger: sqlite3.Connection, bulk: sqlite3.Connection, *, breathe: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(ledger, bulk, breathe=breathe)
        self._decided_by: Final[dict[int, int]] = {}  # frame -> ticket of its last decision

    # ------------------------------------------------------------------------------------------------ decisions
    def record_decision(self, decision: Decision) -> int:
        """Append a decision with its verdicts and annotations; return its id. Idempotent by uuid.

        A rejected verdict makes no annotation. Deciding the frame clears its draft; putting it off keeps it.

        Raises:
            ValueError: a verdict that keeps its object has no outline, or names a prediction that the frame does not
                have or that another verdict names, or the uuid is that of another frame's decision.
        """
        with immediate(self.ledger) as conn:
            known = conn.execute("SELECT id, frame_id FROM decision WHERE uuid = ?", (decision.uuid,)).fetchone()
            if known is not None:
                if known[1] != decision.frame_id:
                    raise ValueError(f"decision {decision.uuid} is of another frame")
                return int(known[0])
            _check_predictions(conn, decision)
            decision_id = self._append_decision(conn, decision)
            for verdict in decision.verdicts:
                self._append_verdict(conn, decision_id, verdict)
            if decision.kind is not DecisionKind.DEFERRED:
                conn.execute("DELETE FROM draft WHERE frame_id = ?", (decision.frame_id,))
            self._cache_state(conn, decision.frame_id)
        if decision.kind is not DecisionKind.DEFERRED:
            self._decided_by[decision.frame_id] = self.ticket
        return decision_id

    def _append_decision(self, conn: sqlite3.Connection, decision: Decision) -> int:
        # A sitting that was never announced (a script, an import) begins with its first decision.
        conn.execute(
            "INSERT OR IGNORE INTO session(uuid, reviewer, started) VALUES (?, ?, ?)",
            (decision.session_uuid, decision.reviewer, decision.timing.wall_clock),
        )
        timing = decision.timing
        decision_id = conn.execute(
            "INSERT INTO decision(uuid, frame_id, reviewer, session_uuid, run_frame_id, kind, mode, thresholds, shown, "
            "shown_at, first_input_at, decided_at, active, wall_clock, width, height, reason, in_stream, origin) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                decision.uuid,
                decision.frame_id,
                decision.reviewer,
                decision.session_uuid,
                decision.run_frame_id,
                decision.kind,
                decision.mode,
                encode_thresholds(decision.thresholds),
                pack_numbers(decision.shown),
                timing.shown_at,
                timing.first_input_at,
                timing.decided_at,
                timing.active,
                timing.wall_clock,
                decision.width,
                decision.height,
                decision.reason,
                int(decision.in_stream),
                decision.origin,
            ),
        ).lastrowid
        assert decision_id is not None
        return decision_id

    def _append_verdict(self, conn: sqlite3.Connection, decision_id: int, verdict: Verdict) -> None:
        verdict_id = conn.execute(
            "INSERT INTO verdict(uuid, decision_id, prediction, kind, how, class_id, class_changed, iou) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                str(uuid.uuid4()),
                decision_id,
                verdict.prediction,
                verdict.kind,
                verdict.how,
                verdict.class_id,
                int(verdict.class_changed),
                float(verdict.iou) if verdict.iou is not None else None,
            ),
        ).lastrowid
        if verdict.kind is VerdictKind.REJECTED:
            return
        if verdict.geometry is None:
            raise ValueError(f"a verdict of kind {verdict.kind} needs an outline")
        conn.execute(
            "INSERT INTO annotation(uuid, decision_id, verdict_id, class_id, geometry_kind, geometry) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (str(uuid.uuid4()), decision_id, verdict_id, verdict.class_id, *pack_geometry(verdict.geometry)),
        )
        self._use_class(conn, verdict.class_id)

    def revoke_decision(self, uuid_: str, *, reason: str) -> None:
        """Take a decision back: the one before it is adopted again, or the frame is undecided. Idempotent.

        Raises:
            LookupError: no such decision.
        """
        with immediate(self.ledger) as conn:
            row = conn.execute("SELECT id, frame_id FROM decision WHERE uuid = ?", (uuid_,)).fetchone()
            if row is None:
                raise LookupError(f"no decision {uuid_}")
            decision_id, frame_id = row
            conn.execute(
                "INSERT OR IGNORE INTO revocation(uuid, decision_id, reason, wall_clock) VALUES (?, ?, ?, ?)",
                (str(uuid.uuid4()), decision_id, reason, now()),
            )
            self._cache_state(conn, frame_id)

    def save_draft(self, frame_id: int, body: bytes | None) -> None:
        """Keep an unfinished frame, or drop what was kept (None).

        Decisions overtake drafts on their way here; a draft that was sent before its frame's decision is dropped.
        """
        if self.ticket < self._decided_by.get(frame_id, _NEVER):
            return
        with immediate(self.ledger) as conn:
            _put_draft(conn, frame_id, body)

    def rebuild_frame_state(self) -> int:
        """Work the cache out anew from the ledger. Returns how many rows were wrong."""
        with immediate(self.ledger) as conn:
            # By key, so that a row for each frame and none besides is what remains.
            wrong = conn.execute(
                f"SELECT frame_id FROM (SELECT * FROM frame_state EXCEPT {STATE_QUERY}) "
                f"UNION SELECT id FROM ({STATE_QUERY} EXCEPT SELECT * FROM frame_state)"
            ).fetchall()
            conn.executemany("DELETE FROM frame_state WHERE frame_id = ?", wrong)
            for (frame_id,) in wrong:
                self._cache_state(conn, frame_id)
            return len(wrong)

    # ------------------------------------------------------------------------------------------------ the rest
    def set_setting(self, key: str, value: str) -> None:
        with immediate(self.ledger) as conn:
            conn.execute("INSERT OR REPLACE INTO setting(key, value) VALUES (?, ?)", (key, value))

    def set_thresholds(self, thresholds: Thresholds) -> None:
        self.set_setting("thresholds", encode_thresholds(thresholds))

    def set_project_task(self, task: Task) -> None:
        """Note what kind of object the project collects from now on; what it holds stays as it is."""
        self.set_setting("task", task.value)

    def set_skeleton(self, skeleton: Skeleton) -> None:
        """Note what the keypoints of the project are."""
        self.set_setting("skeleton", encode_skeleton(skeleton))

    def set_root(self, root: Path) -> None:
        """Note that the folder of the frames is elsewhere now."""
        self.set_setting("root", path_to_text(root))

    def assign_splits(self, splits: Mapping[int, str]) -> None:
        """Put frames (by id) into `train`, `val` or `test`; others keep theirs."""
        with immediate(self.ledger) as conn:
            conn.executemany("INSERT OR REPLACE INTO split(frame_id, split) VALUES (?, ?)", splits.items())

    def set_note(self, frame_id: int, body: str) -> None:
        """Write the note of a frame; an empty one takes it away."""
        with immediate(self.ledger) as conn:
            conn.execute("DELETE FROM note WHERE frame_id = ?", (frame_id,))
            if body:
                conn.execute("INSERT INTO note(frame_id, body, saved) VALUES (?, ?, ?)", (frame_id, body, now()))

    def record_event(self, kind: str, body: Mapping[str, Any]) -> None:
        """Append something that happened; `body` must be fit for JSON."""
        with immediate(self.ledger) as conn:
            conn.execute(
                "INSERT INTO event(uuid, kind, body, wall_clock) VALUES (?, ?, ?, ?)",
                (str(uuid.uuid4()), kind, compact(body), now()),
            )

    def record_page(self, uuid_: str, kind: str, body: Mapping[str, Any], drafts: Mapping[int, bytes | None]) -> None:
        """Append the event of a page of the contact sheet and keep its frames as drafts, all or nothing.

        Args:
            uuid_: of the event.
            kind: of the event.
            body: of the event; must be fit for JSON.
            drafts: by frame id what is kept of it from now on; None for nothing.
        """
        with immediate(self.ledger) as conn:
            for frame_id, draft in drafts.items():
                _put_draft(conn, frame_id, draft)
            conn.execute(
                "INSERT INTO event(uuid, kind, body, wall_clock) VALUES (?, ?, ?, ?)",
                (uuid_, kind, compact(body), now()),
            )

    def start_session(self, reviewer: str, *, checks: bool = False) -> str:
        """Begin a sitting; return its uuid.

        Args:
            reviewer: who sits down.
            checks: whether blind frames and planted checks are on.
        """
        session_uuid, started = str(uuid.uuid4()), now()
        with immediate(self.ledger) as conn:
            conn.execute(
                "INSERT INTO session(uuid, reviewer, started) VALUES (?, ?, ?)", (session_uuid, reviewer, started)
            )
            conn.execute(
                "INSERT INTO event(uuid, kind, body, wall_clock) VALUES (?, ?, ?, ?)",
                (str(uuid.uuid4()), SESSION_STARTED, compact({"session": session_uuid, "checks": checks}), started),
            )
        return session_uuid

    def end_session(self, session_uuid: str) -> None:
        with immediate(self.ledger) as conn:
            conn.execute("UPDATE session SET ended = ? WHERE uuid = ?", (now(), session_uuid))


def _put_draft(conn: sqlite3.Connection, frame_id: int, body: bytes | None) -> None:
    if body is None:
        conn.execute("DELETE FROM draft WHERE frame_id = ?", (frame_id,))
    else:
        conn.execute("INSERT OR REPLACE INTO draft(frame_id, body, saved) VALUES (?, ?, ?)", (frame_id, body, now()))


def _check_predictions(conn: sqlite3.Connection, decision: Decision) -> None:
    """Refuse what no reader of the ledger could make sense of any more."""
    judged = [verdict.prediction for verdict in decision.verdicts if verdict.prediction is not None]
    if len(set(judged)) < len(judged):
        raise ValueError(f"decision {decision.uuid} judges one prediction twice: {judged}")
    named = [*decision.shown, *judged]
    if not named:
        return
    row = conn.execute(
        "SELECT p.n FROM prediction p JOIN run_frame rf ON rf.id = p.run_frame_id WHERE rf.id = ? AND rf.frame_id = ?",
        (decision.run_frame_id, decision.frame_id),
    ).fetchone()
    if row is None or min(named) < 0 or max(named) >= row[0]:
        raise ValueError(f"decision {decision.uuid} names predictions that do not exist: {named}")
