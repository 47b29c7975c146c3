"""Taking over decisions of another project's ledger, so that twice is as good as once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from autoanno_gui.core.classes import clean_name, next_colour, next_slot
from autoanno_gui.store.blobs import unpack_numbers
from autoanno_gui.store.connection import immediate
from autoanno_gui.store.reader_merging import COPIED, ForeignClass, ForeignDecision, JudgedPredictions
from autoanno_gui.store.rows import SESSION_STARTED, compact, decode_thresholds, read_classes
from autoanno_gui.store.writer_runs import RunWrites


class LeftOut(StrEnum):
    """Why a decision of another project is not taken over."""

    UNKNOWN_FRAME = "unknown_frame"
    """This project has no frame of that path."""
    OTHER_PICTURE = "other_picture"
    """The file of that path holds another picture here."""
    OTHER_PREDICTIONS = "other_predictions"
    """It judges predictions that this project does not have."""


@dataclass(slots=True)
class MergeTally:
    """What became of the decisions of another project.

    Attributes:
        merged: how many are new here.
        known: how many were here already.
        revoked: how many that were here are revoked from now on.
        frame_ids: frames whose decisions changed.
        left_out: (path, why) of those that are not taken over.
    """

    merged: int = 0
    known: int = 0
    revoked: int = 0
    frame_ids: set[int] = field(default_factory=set)
    left_out: list[tuple[str, LeftOut]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Frame:
    id: int
    run_frame_id: int | None
    left_out: LeftOut | None


class _Classes:
    """What the classes of another project are in this one, within one transaction; made only where they are needed."""

    def __init__(self, conn: sqlite3.Connection, foreign: Mapping[int, ForeignClass]) -> None:
        self._conn = conn
        self._foreign = foreign
        self._here: dict[int, int] = {}

    def find(self, class_id: int) -> int | None:
        """Return the class of this project of the same identity, else of the same name; None without any."""
        if class_id in self._here:
            return self._here[class_id]
        foreign = self._foreign.get(class_id)
        if foreign is None:
            return None
        found = self._conn.execute("SELECT id FROM class WHERE uuid = ?", (foreign.uuid,)).fetchone()
        if found is None:
            found = self._conn.execute(
                "SELECT id FROM class WHERE name = ? AND merged_into IS NULL AND removed IS NULL",
                (clean_name(foreign.name),),
            ).fetchone()
        if found is None:
            return None
        self._here[class_id] = int(found[0])
        return int(found[0])

    def take(self, class_id: int) -> int:
        """Return the same, made where there is none."""
        found = self.find(class_id)
        if found is not None:
            return found
        foreign, here = self._foreign[class_id], read_classes(self._conn)
        colour = next_colour(one.colour for one in here if one.merged_into is None)
        made = self._conn.execute(
            "INSERT INTO class(uuid, name, colour, slot) VALUES (?, ?, ?, ?)",
            (foreign.uuid, clean_name(foreign.name), colour, next_slot(one.slot for one in here)),
        ).lastrowid
        assert made is not None
        self._here[class_id] = made
        return made


class MergeWrites(RunWrites):
    """Merged decisions keep their uuid, so that nothing is taken over twice, and name the project they come from."""

    def merge_decisions(
        self, decisions: Sequence[ForeignDecision], classes: Mapping[int, ForeignClass], *, origin: str
    ) -> MergeTally:
        """Append decisions of another project in one transaction, all or none of them; those that are here are left.

        Drafts stay. A decision that was made here is never revoked or replaced by one of another project.

        Args:
            decisions: in the order in which they were recorded there.
            classes: of the other project, by id; every one that verdicts name. Each becomes the class of this project
                of the same identity, else of the same name, else a new one of the same identity.
            origin: uuid of the project that they were made in, for those that it has not merged itself.
        """
        tally = MergeTally()
        with immediate(self.ledger) as conn:
            taken = _Classes(conn, classes)
            for decision in decisions:
                self._merge(conn, decision, taken, origin, tally)
            for frame_id in tally.frame_ids:
                self._cache_state(conn, frame_id)
        return tally

    def _merge(
        self,
        conn: sqlite3.Connection,
        decision: ForeignDecision,
        classes: _Classes,
        origin: str,
        tally: MergeTally,
    ) -> None:
        known = conn.execute(
            "SELECT id, frame_id, origin FROM decision WHERE uuid = ?", (decision.values["uuid"],)
        ).fetchone()
        if known is not None:
            tally.known += 1
            decision_id, frame_id, made_in = known
            if made_in and self._revoke(conn, decision_id, decision):
                tally.revoked += 1
                tally.frame_ids.add(frame_id)
            return
        frame = self._frame_for(conn, decision)
        if frame.left_out is not None:
            tally.left_out.append((decision.path, frame.left_out))
            return
        self._append_session(conn, decision)
        decision_id = self._append_foreign(conn, decision, frame, classes, origin)
        self._revoke(conn, decision_id, decision)
        tally.merged += 1
        tally.frame_ids.add(frame.id)

    @staticmethod
    def _frame_for(conn: sqlite3.Connection, decision: ForeignDecision) -> _Frame:
        """Return the frame here that a decision is about, and the predictions that it judges."""
        row = conn.execute("SELECT id, sha256, width, height FROM frame WHERE path = ?", (decision.path,)).fetchone()
        if row is None:
            return _Frame(0, None, LeftOut.UNKNOWN_FRAME)
        frame_id, sha256, *size = row
        judged = [decision.values["width"], decision.values["height"]]
        if None not in (sha256, decision.sha256) and sha256 != decision.sha256:
            return _Frame(frame_id, None, LeftOut.OTHER_PICTURE)
        if all(size) and all(judged) and size != judged:
            return _Frame(frame_id, None, LeftOut.OTHER_PICTURE)
        named = [*unpack_numbers(decision.values["shown"])]
        named += [one.verdict["prediction"] for one in decision.verdicts if one.verdict["prediction"] is not None]
        run_frame_id, count = _same_predictions(conn, frame_id, decision.judged)
        if named and not 0 <= min(named) <= max(named) < count:
            return _Frame(frame_id, None, LeftOut.OTHER_PREDICTIONS)
        return _Frame(frame_id, run_frame_id, None)

    @staticmethod
    def _append_session(conn: sqlite3.Connection, decision: ForeignDecision) -> None:
        conn.execute(
            "INSERT OR IGNORE INTO session(uuid, reviewer, started, ended) VALUES (?, ?, ?, ?)", decision.session
        )
        if decision.started is not None:
            event, body, wall_clock = decision.started
            conn.execute(
                "INSERT OR IGNORE INTO event(uuid, kind, body, wall_clock) VALUES (?, ?, ?, ?)",
                (event, SESSION_STARTED, body, wall_clock),
            )

    def _append_foreign(
        self,
        conn: sqlite3.Connection,
        decision: ForeignDecision,
        frame: _Frame,
        classes: _Classes,
        origin: str,
    ) -> int:
        verdicts = [(_renamed(one.verdict, classes), one.annotation) for one in decision.verdicts]
        values = decision.values | {
            "origin": decision.values["origin"] or origin,
            "thresholds": _with_classes(decision.values["thresholds"], classes),
        }
        decision_id = conn.execute(
            f"INSERT INTO decision(frame_id, run_frame_id, {', '.join(COPIED)}) VALUES (?, ?{', ?' * len(COPIED)})",
            (frame.id, frame.run_frame_id, *(values[name] for name in COPIED)),
        ).lastrowid
        assert decision_id is not None
        for verdict, kept in verdicts:
            verdict_id = _insert(conn, "verdict", verdict | {"decision_id": decision_id})
            if kept is not None:
                annotation = _renamed(kept, classes)
                _insert(conn, "annotation", annotation | {"decision_id": decision_id, "verdict_id": verdict_id})
                self._use_class(conn, annotation["class_id"])
        return decision_id

    @staticmethod
    def _revoke(conn: sqlite3.Connection, decision_id: int, decision: ForeignDecision) -> bool:
        """Revoke a decision that was revoked where it comes from. Returns whether it stood until now."""
        if decision.revocation is None:
            return False
        uuid_, reason, wall_clock = decision.revocation
        done = conn.execute(
            "INSERT OR IGNORE INTO revocation(uuid, decision_id, reason, wall_clock) VALUES (?, ?, ?, ?)",
            (uuid_, decision_id, reason, wall_clock),
        )
        return done.rowcount > 0


_SAME_RUN_FRAME: Final = (
    "SELECT rf.id, p.n FROM run_frame rf JOIN prediction p ON p.run_frame_id = rf.id JOIN run ON run.id = rf.run_id "
    "JOIN model m ON m.id = run.model_id WHERE rf.frame_id = ? AND (rf.uuid = ? OR m.weights_hash = ?) "
    "AND p.boxes = ? AND p.confidences = ? ORDER BY rf.uuid = ? DESC, rf.id DESC LIMIT 1"
)


def _same_predictions(
    conn: sqlite3.Connection, frame_id: int, judged: JudgedPredictions | None
) -> tuple[int | None, int]:
    """Return (run_frame_id, how many objects) of the same predictions here; None and 0 without any."""
    if judged is None:
        return None, 0
    values = (frame_id, judged.uuid, judged.weights_hash, judged.boxes, judged.confidences, judged.uuid)
    row = conn.execute(_SAME_RUN_FRAME, values).fetchone()
    return (row[0], row[1]) if row is not None else (None, 0)


def _with_classes(thresholds: str, classes: _Classes) -> str:
    """Return stored thresholds for this project's classes; those of classes that it does not have are left out."""
    per_class = decode_thresholds(thresholds).per_class
    own = {here: value for class_id, value in per_class if (here := classes.find(class_id)) is not None}
    return compact(json.loads(thresholds) | {"per_class": sorted(own.items())})


def _renamed(values: Mapping[str, Any], classes: _Classes) -> dict[str, Any]:
    return dict(values) | {"class_id": classes.take(values["class_id"])}


def _insert(conn: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> int:
    row_id = conn.execute(
        f"INSERT INTO {table}({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values())
    ).lastrowid
    assert row_id is not None
    return row_id
