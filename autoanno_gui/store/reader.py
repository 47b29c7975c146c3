"""What a project holds: decisions and what an export takes, on top of frames and predictions."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

from autoanno_gui.core.classes import living_class
from autoanno_gui.core.judged_page import PAGE_RECORDED, PAGE_UNDONE
from autoanno_gui.core.predictions import FramePredictions
from autoanno_gui.core.records import (
    Annotation,
    ClassRecord,
    Decision,
    DecisionKind,
    How,
    LabelledFrame,
    PresentationMode,
    Timing,
    Verdict,
    VerdictKind,
)
from autoanno_gui.store.blobs import unpack_geometry, unpack_numbers
from autoanno_gui.store.connection import damaged_rows
from autoanno_gui.store.reader_frames import SMALL_BLOCK
from autoanno_gui.store.reader_merging import MergeReader
from autoanno_gui.store.rows import (
    ADOPTED_FIRST,
    NOT_REVOKED,
    SESSION_STARTED,
    Row,
    compact,
    decode_thresholds,
    frame_from_row,
)

_LABELLED: Final = "s.state IN ('accepted', 'edited', 'hand_labelled')"

_DECISION_COLUMNS: Final = (
    "d.id, d.uuid, d.frame_id, d.kind, d.mode, d.run_frame_id, d.thresholds, d.shown, d.shown_at, d.first_input_at, "
    "d.decided_at, d.active, d.wall_clock, d.reviewer, d.session_uuid, d.width, d.height, d.reason, d.in_stream, "
    "d.origin"
)


class LedgerEntry(NamedTuple):
    """An un-revoked decision with what was judged.

    Attributes:
        number: rises in the order in which decisions were recorded.
        path: the frame's.
        first: whether it is the frame's first one that decided it (not put it off): the one for metrics. One that was
            merged counts only where none was made here.
        adopted: whether it is the frame's newest one: the one for labels.
        predictions: what was judged, without outlines beyond the boxes; None for a frame without predictions.
        model: name of the model it came from, with that of the segmenter where there was one.
        weights_hash: of the model.
        page_seconds: active time that pages of the contact sheet took for objects of the frame, where this is the
            decision that followed them; not part of the decision's own time.
    """

    number: int
    decision: Decision
    path: str
    first: bool
    adopted: bool
    predictions: FramePredictions | None
    model: str | None
    weights_hash: str | None
    page_seconds: float


class LedgerEvent(NamedTuple):
    """Something that happened beside the decisions.

    Attributes:
        body: what its kind says; fit for JSON.
        wall_clock: ISO 8601 UTC.
    """

    uuid: str
    body: dict[str, Any]
    wall_clock: str


class Reader(MergeReader):
    """Reads committed data. One thread at a time; the owner closes it. Methods raise `ProjectError` for a bad disk."""

    # ------------------------------------------------------------------------------------------------ decisions
    def decision(self, frame_id: int) -> Decision | None:
        """Return the adopted decision: the newest of those made here that was not revoked, else the newest that was
        merged. Class ids are as they were recorded."""
        rows = self._rows(
            f"SELECT {_DECISION_COLUMNS} FROM decision d WHERE d.frame_id = ? AND {NOT_REVOKED} "
            f"{ADOPTED_FIRST} LIMIT 1",
            frame_id,
        )
        return self._decisions_of(rows)[0] if rows else None

    def _decisions_of(self, rows: Sequence[Row]) -> list[Decision]:
        verdicts: dict[int, list[Verdict]] = {row[0]: [] for row in rows}
        sql = (
            "SELECT v.decision_id, v.kind, v.how, v.prediction, v.class_id, a.geometry_kind, a.geometry, "
            "v.class_changed, v.iou FROM verdict v LEFT JOIN annotation a ON a.verdict_id = v.id "
            "WHERE v.decision_id IN (SELECT value FROM json_each(?)) ORDER BY v.id"
        )
        for row in self._rows(sql, compact(list(verdicts))):
            decision_id, kind, how, prediction, class_id, geometry_kind, blob, class_changed, iou = row
            geometry = unpack_geometry(geometry_kind, blob) if blob is not None else None
            verdicts[decision_id].append(
                Verdict(VerdictKind(kind), How(how), prediction, class_id, geometry, bool(class_changed), iou)
            )
        return [_decision_from_row(row, tuple(verdicts[row[0]])) for row in rows]

    def decisions(self, frame_ids: Collection[int] | None = None) -> Iterator[LedgerEntry]:
        """Yield un-revoked decisions in the order in which they were recorded.

        Args:
            frame_ids: of these frames only; None for all.
        """
        among = "" if frame_ids is None else "AND d.frame_id IN (SELECT value FROM json_each(?))"
        chosen = [] if frame_ids is None else [compact(sorted(frame_ids))]
        earlier = (
            "SELECT 1 FROM decision e WHERE e.frame_id = d.frame_id AND e.kind <> 'deferred' "
            "AND (e.origin <> '', e.id) < (d.origin <> '', d.id) "
            "AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.decision_id = e.id)"
        )
        sql = (
            f"SELECT {_DECISION_COLUMNS}, f.path, d.kind <> 'deferred' AND NOT EXISTS ({earlier}), "
            f"s.decision_id = d.id "
            "FROM decision d JOIN frame f ON f.id = d.frame_id JOIN frame_state s ON s.frame_id = f.id "
            f"WHERE d.id > ? AND {NOT_REVOKED} {among} ORDER BY d.id LIMIT {SMALL_BLOCK}"
        )
        pages = self._page_seconds()
        last = 0
        while rows := self._rows(sql, last, *chosen):
            last = rows[-1][0]
            with damaged_rows(self._file):
                predictions = self._predictions({row[5] for row in rows if row[5] is not None}, outlines=False)
                decisions = self._decisions_of(rows)
            for row, decision in zip(rows, decisions, strict=True):
                path, first, adopted = row[20:]
                judged, model, weights_hash = predictions.get(row[5], (None, None, None))
                # Pages stay where they were judged: no time of theirs belongs to a decision that was merged.
                ours = decision.kind is not DecisionKind.DEFERRED and not decision.origin
                seconds = _take_due(pages, path, decision) if ours else 0.0
                yield LedgerEntry(
                    row[0], decision, path, bool(first), bool(adopted), judged, model, weights_hash, seconds
                )

    def _page_seconds(self) -> dict[str, list[tuple[str, float]]]:
        """Return by path (wall clock, active seconds) of each object that pages of the contact sheet judged, as far as
        they were not undone."""
        rows = self._rows(
            "SELECT json_extract(o.value, '$.frame'), e.wall_clock, json_extract(o.value, '$.seconds') "
            "FROM event e, json_each(e.body, '$.objects') o WHERE e.kind = ? AND e.uuid NOT IN "
            "(SELECT json_extract(body, '$.page') FROM event WHERE kind = ?) ORDER BY e.id",
            PAGE_RECORDED,
            PAGE_UNDONE,
        )
        found: dict[str, list[tuple[str, float]]] = {}
        for path, wall_clock, seconds in rows:
            found.setdefault(path, []).append((wall_clock, seconds))
        return found

    def events(self, kind: str) -> list[LedgerEvent]:
        """Return what happened of one kind, the oldest first."""
        rows = self._rows("SELECT uuid, body, wall_clock FROM event WHERE kind = ? ORDER BY id", kind)
        with damaged_rows(self._file):
            return [LedgerEvent(uuid, json.loads(body), wall_clock) for uuid, body, wall_clock in rows]

    def checks_wanted(self) -> bool:
        """Return whether blind frames and checks were on in the newest sitting here, merged ones aside; else True."""
        merged = "SELECT 1 FROM decision d WHERE d.session_uuid = json_extract(e.body, '$.session') AND d.origin <> ''"
        row = self._row(
            f"SELECT json_extract(e.body, '$.checks') FROM event e WHERE e.kind = ? AND NOT EXISTS ({merged}) "
            "ORDER BY e.id DESC LIMIT 1",
            SESSION_STARTED,
        )
        return bool(row[0]) if row is not None else True

    def checks_on(self) -> bool:
        """Return whether all frames that an export takes were decided in sittings with blind frames and checks."""
        checked = "SELECT json_extract(body, '$.session') FROM event WHERE kind = ? AND json_extract(body, '$.checks')"
        sql = (
            "SELECT COUNT(*), COALESCE(SUM(d.session_uuid IN (" + checked + ")), 0) FROM frame_state s "
            f"JOIN decision d ON d.id = s.decision_id WHERE {_LABELLED}"
        )
        labelled, with_checks = self._rows(sql, SESSION_STARTED)[0]
        return bool(labelled) and labelled == with_checks

    def rounds(self) -> dict[str, int]:
        """Return by weights hash the number of the round that each model began, from 1 in the order of first runs."""
        rows = self._rows(
            "SELECT m.weights_hash FROM run JOIN model m ON m.id = run.model_id GROUP BY m.weights_hash "
            "ORDER BY MIN(run.id)"
        )
        return {weights_hash: number for number, (weights_hash,) in enumerate(rows, start=1)}

    def has_work(self) -> bool:
        """Return whether any frame has a decision that stands, or a draft."""
        decided = "SELECT 1 FROM frame_state WHERE decision_id IS NOT NULL"
        return bool(self._rows(f"SELECT EXISTS (SELECT 1 FROM draft) OR EXISTS ({decided})")[0][0])

    def draft(self, frame_id: int) -> bytes | None:
        """Return what was kept of an unfinished frame."""
        row = self._row("SELECT body FROM draft WHERE frame_id = ?", frame_id)
        return bytes(row[0]) if row is not None else None

    def drafts(self, frame_ids: Collection[int]) -> Iterator[tuple[int, bytes]]:
        """Yield (frame id, what was kept of it) of those of the frames that have a draft."""
        kept = [row[0] for row in self._rows("SELECT frame_id FROM draft ORDER BY frame_id") if row[0] in frame_ids]
        for at in range(0, len(kept), SMALL_BLOCK):
            yield from self._rows(
                "SELECT frame_id, body FROM draft WHERE frame_id IN (SELECT value FROM json_each(?))",
                compact(kept[at : at + SMALL_BLOCK]),
            )

    def note(self, frame_id: int) -> str:
        """Return the note on a frame, empty without one."""
        row = self._row("SELECT body FROM note WHERE frame_id = ?", frame_id)
        return str(row[0]) if row is not None else ""

    # ------------------------------------------------------------------------------------------------ export
    def labelled_frames(self) -> Iterator[LabelledFrame]:
        """Yield the frames that an export takes, in natural order, merged classes resolved.

        A frame whose file is missing or damaged by now is among them, with its error.
        """
        by_id = {record.id: record for record in self.classes()}
        for rows in self._frame_blocks(_LABELLED, size=SMALL_BLOCK):
            # By the decision of this very row: another one may be adopted or revoked while we read.
            decision_ids = [row[8] for row in rows]
            annotations = self._annotations(decision_ids, by_id)
            made = self._rows(
                "SELECT id, reviewer, wall_clock, width, height FROM decision "
                "WHERE id IN (SELECT value FROM json_each(?))",
                compact(decision_ids),
            )
            by_decision = {decision_id: rest for decision_id, *rest in made}
            for row in rows:
                yield LabelledFrame(frame_from_row(row), tuple(annotations.get(row[8], ())), *by_decision[row[8]])

    def _annotations(self, decision_ids: Sequence[int], by_id: dict[int, ClassRecord]) -> dict[int, list[Annotation]]:
        sql = (
            "SELECT d.id, a.class_id, a.geometry_kind, a.geometry, v.kind, v.prediction, d.run_frame_id, "
            "d.reviewer, d.wall_clock FROM decision d "
            "JOIN annotation a ON a.decision_id = d.id JOIN verdict v ON v.id = a.verdict_id "
            "WHERE d.id IN (SELECT value FROM json_each(?)) ORDER BY a.id"
        )
        rows = self._rows(sql, compact(decision_ids))
        predictions = self._predictions({row[6] for row in rows if row[6] is not None}, outlines=False)
        found: dict[int, list[Annotation]] = {}
        for decision_id, class_id, geometry_kind, blob, kind, prediction, run_frame_id, reviewer, wall_clock in rows:
            confidence = model = None
            if prediction is not None:
                judged, model, _ = predictions[run_frame_id]
                confidence = float(judged.confidences[prediction])
            found.setdefault(decision_id, []).append(
                Annotation(
                    class_id=living_class(class_id, by_id),
                    geometry=unpack_geometry(geometry_kind, blob),
                    kind=VerdictKind(kind),
                    confidence=confidence,
                    model=model,
                    reviewer=reviewer,
                    decided_at=wall_clock,
                )
            )
        return found

    def splits(self) -> dict[int, str]:
        """Return `train`, `val` or `test` by frame id."""
        return dict(self._rows("SELECT frame_id, split FROM split"))


def _take_due(pages: dict[str, list[tuple[str, float]]], path: str, decision: Decision) -> float:
    """Return the seconds of a frame that were spent before a decision, and take them out."""
    spent = pages.pop(path, [])
    later = [page for page in spent if page[0] > decision.timing.wall_clock]
    if later:
        pages[path] = later
    return sum(seconds for wall_clock, seconds in spent if wall_clock <= decision.timing.wall_clock)


def _decision_from_row(row: Row, verdicts: tuple[Verdict, ...]) -> Decision:
    _, uuid, frame_id, kind, mode, run_frame_id, thresholds, shown, *timing = row[:13]
    reviewer, session_uuid, width, height, reason, in_stream, origin = row[13:20]
    return Decision(
        uuid=uuid,
        frame_id=frame_id,
        kind=DecisionKind(kind),
        mode=PresentationMode(mode),
        run_frame_id=run_frame_id,
        thresholds=decode_thresholds(thresholds),
        shown=unpack_numbers(shown),
        verdicts=verdicts,
        timing=Timing(*timing),
        reviewer=reviewer,
        session_uuid=session_uuid,
        width=width,
        height=height,
        reason=reason,
        in_stream=bool(in_stream),
        origin=origin,
    )
