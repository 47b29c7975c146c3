"""Reading a ledger so that another project can take it over: rows with the identities that hold across projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from autoanno_gui.store.reader_lights import LightReader
from autoanno_gui.store.rows import SESSION_STARTED, Row, compact

COPIED: Final = (
    "uuid",
    "reviewer",
    "session_uuid",
    "kind",
    "mode",
    "thresholds",
    "shown",
    "shown_at",
    "first_input_at",
    "decided_at",
    "active",
    "wall_clock",
    "width",
    "height",
    "reason",
    "in_stream",
    "origin",
)
"""Columns of a decision that mean the same in every project."""
_VERDICT: Final = ("uuid", "prediction", "kind", "how", "class_id", "class_changed", "iou")
_ANNOTATION: Final = ("uuid", "class_id", "geometry_kind", "geometry")

Values: TypeAlias = dict[str, Any]


class ForeignClass(NamedTuple):
    """A class of another project.

    Attributes:
        id: there.
        name: of the class that stands for it there.
        uuid: of that class.
    """

    id: int
    name: str
    uuid: str


@dataclass(frozen=True, slots=True)
class JudgedPredictions:
    """By what predictions are known in another project.

    Attributes:
        uuid: of the run_frame.
        weights_hash: of the model.
        boxes: as stored.
        confidences: as stored.
    """

    uuid: str
    weights_hash: str
    boxes: bytes
    confidences: bytes


@dataclass(frozen=True, slots=True)
class ForeignVerdict:
    """One verdict of another ledger, and the annotation that it made, by column; class ids are that ledger's."""

    verdict: Values
    annotation: Values | None


@dataclass(frozen=True, slots=True)
class ForeignDecision:
    """One decision of another ledger with all that hangs on it.

    Attributes:
        path: of its frame.
        sha256: of the frame's file there; None where it is not known.
        values: by column of `COPIED`.
        judged: the predictions that it names; None when it was made without.
        session: (uuid, reviewer, started, ended) of its sitting.
        started: (uuid, body, wall clock) of the event that says how the sitting began; None without one.
        revocation: (uuid, reason, wall clock) when it was revoked; else None.
    """

    path: str
    sha256: str | None
    values: Values
    verdicts: tuple[ForeignVerdict, ...]
    judged: JudgedPredictions | None
    session: Row
    started: Row | None
    revocation: Row | None


class MergeReader(LightReader):
    """Reads what another project takes over."""

    def class_uuids(self) -> dict[int, str]:
        """Return the identity of each class, by id; removed ones included."""
        return dict(self._rows("SELECT id, uuid FROM class"))

    def judged_frames(self) -> list[int]:
        """Return the frames that any decision is about, revoked or not, in natural order."""
        sql = "SELECT f.id FROM frame f WHERE f.id IN (SELECT frame_id FROM decision) ORDER BY f.sort_key, f.id"
        return [row[0] for row in self._rows(sql)]

    def foreign_classes(self) -> dict[int, ForeignClass]:
        """Return all classes by id, removed ones included, each as the one that stands for it today."""
        rows = {row[0]: row for row in self._rows("SELECT id, merged_into, name, uuid FROM class ORDER BY id")}
        found = {}
        for class_id in rows:
            living = rows[class_id]
            while living[1] is not None:
                living = rows[living[1]]
            found[class_id] = ForeignClass(class_id, *living[2:])
        return found

    def foreign_decisions(self, frame_ids: Sequence[int]) -> list[ForeignDecision]:
        """Return all decisions on these frames, revoked ones included, in the order in which they were recorded."""
        chosen = compact(list(frame_ids))
        columns = ", ".join(f"d.{name}" for name in COPIED)
        rows = self._rows(
            f"SELECT d.id, d.run_frame_id, f.path, f.sha256, s.uuid, s.reviewer, s.started, s.ended, r.uuid, r.reason, "
            f"r.wall_clock, {columns} FROM decision d JOIN frame f ON f.id = d.frame_id "
            "JOIN session s ON s.uuid = d.session_uuid LEFT JOIN revocation r ON r.decision_id = d.id "
            "WHERE d.frame_id IN (SELECT value FROM json_each(?)) ORDER BY d.id",
            chosen,
        )
        verdicts = self._foreign_verdicts([row[0] for row in rows])
        judged = self._judged({row[1] for row in rows if row[1] is not None})
        started = self._started({row[4] for row in rows})
        return [
            ForeignDecision(
                path=row[2],
                sha256=row[3],
                values=dict(zip(COPIED, row[11:], strict=True)),
                verdicts=tuple(verdicts.get(row[0], ())),
                judged=judged.get(row[1]),
                session=row[4:8],
                started=started.get(row[4]),
                revocation=row[8:11] if row[8] is not None else None,
            )
            for row in rows
        ]

    def _foreign_verdicts(self, decision_ids: Sequence[int]) -> dict[int, list[ForeignVerdict]]:
        columns = ", ".join([*(f"v.{name}" for name in _VERDICT), *(f"a.{name}" for name in _ANNOTATION)])
        rows = self._rows(
            f"SELECT v.decision_id, {columns} FROM verdict v LEFT JOIN annotation a ON a.verdict_id = v.id "
            "WHERE v.decision_id IN (SELECT value FROM json_each(?)) ORDER BY v.id",
            compact(list(decision_ids)),
        )
        found: dict[int, list[ForeignVerdict]] = {}
        for decision_id, *values in rows:
            verdict, annotation = values[: len(_VERDICT)], values[len(_VERDICT) :]
            found.setdefault(decision_id, []).append(
                ForeignVerdict(
                    dict(zip(_VERDICT, verdict, strict=True)),
                    dict(zip(_ANNOTATION, annotation, strict=True)) if annotation[0] is not None else None,
                )
            )
        return found

    def _judged(self, run_frame_ids: set[int]) -> dict[int, JudgedPredictions]:
        rows = self._rows(
            "SELECT rf.id, rf.uuid, m.weights_hash, p.boxes, p.confidences FROM run_frame rf "
            "JOIN run ON run.id = rf.run_id JOIN model m ON m.id = run.model_id "
            "JOIN prediction p ON p.run_frame_id = rf.id WHERE rf.id IN (SELECT value FROM json_each(?))",
            compact(sorted(run_frame_ids)),
        )
        return {run_frame_id: JudgedPredictions(*rest) for run_frame_id, *rest in rows}

    def _started(self, sessions: set[str]) -> dict[str, Row]:
        """Return by sitting the event that says how it began."""
        rows = self._rows(
            "SELECT json_extract(body, '$.session'), uuid, body, wall_clock FROM event WHERE kind = ? "
            "AND json_extract(body, '$.session') IN (SELECT value FROM json_each(?)) ORDER BY id",
            SESSION_STARTED,
            compact(sorted(sessions)),
        )
        return {session: (event, body, wall_clock) for session, event, body, wall_clock in rows}
