"""A reviewer who works with the keys, and what the ledger and an export must say of the work."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoanno_gui.core.document import Document
from autoanno_gui.core.records import Decision, DecisionKind, FrameState, VerdictKind
from autoanno_gui.core.review_objects import Role
from autoanno_gui.datasets.plan import LEFT_OUT, ExportOptions, ExportReport
from autoanno_gui.review.export_job import export_job
from autoanno_gui.review.tour import READABLE_PIXELS
from autoanno_gui.store.reader import Reader
from tests.e2e.conftest import rows_of
from tests.ui.driver import CTRL, SHIFT, Driver, Key


@dataclass
class Reviewer:
    """Looks at frames as a person would, mostly accepting, and remembers what the ledger must say of each."""

    driver: Driver
    expected: dict[str, tuple[DecisionKind, Counter[VerdictKind]]] = field(default_factory=dict)
    acts: Counter[str] = field(default_factory=Counter)

    @property
    def document(self) -> Document:
        document = self.driver.session.document
        assert document is not None
        return document

    def review_all(self, count: int) -> None:
        """Decide frame after frame until the window says that the queue is at its end."""
        turn = 0
        while not self.driver.finished:
            assert turn < count, "the queue did not end"
            assert self.driver.shown[-1] == self.driver.frame
            self.review(turn)
            turn += 1
        assert self.driver.session.finished

    def review(self, turn: int) -> None:
        """Decide the open frame; which act is tried goes by turns."""
        act = self._acts().get(turn % 12)
        if act is not None and self.document.in_role(Role.CANDIDATE) and act():
            self.acts[act.__name__.strip("_")] += 1
        elif turn % 12 == 3:
            self._send_away(DecisionKind.REJECTED)
        elif turn % 12 == 7 and self.document.in_role(Role.CANDIDATE):
            self._send_away(DecisionKind.DEFERRED)
        else:
            self.accept()

    def _acts(self) -> dict[int, Callable[[], bool]]:
        return {
            1: self._reject_one,
            2: self._change_class,
            4: self._swap_class,
            5: self._promote_ghost,
            8: self._draw_missing,
            10: self._undo_the_decision,
        }

    def _accept_specks(self) -> None:
        """Answer the question about candidates that are too small to be seen in this window, where it comes."""
        presenter = self.driver.window.presenter
        assert presenter is not None
        if specks := presenter.tour.unseen():
            canvas = self.driver.window.canvas
            assert all(canvas.short_side_on_screen(i) < READABLE_PIXELS for i in specks)
            self.driver.key(Key.Key_Space)
            assert self.driver.session.unseen_asked
            self.acts["accept_specks"] += 1

    def accept(self) -> None:
        """Press Space, twice where nothing is on the frame or where the window asks about specks."""
        driver, path = self.driver, self.driver.frame
        if self.document.looks_empty:
            driver.key(Key.Key_Space)
            assert driver.session.empty_asked
            assert driver.frame == path
            self.acts["confirm_empty"] += 1
        verdicts = self.document.verdicts()
        kind = self.document.decision_kind(verdicts)
        self._accept_specks()
        driver.decide(Key.Key_Space)
        self.expected[path] = kind, Counter(verdict.kind for verdict in verdicts)
        self.acts["accept"] += 1

    def _send_away(self, kind: DecisionKind) -> None:
        path = self.driver.frame
        if kind is DecisionKind.REJECTED:
            self.driver.decide(Key.Key_X, SHIFT)
        else:
            self.driver.decide(Key.Key_U)
        self.expected[path] = kind, Counter()
        self.acts[kind.value] += 1

    def _reject_one(self) -> bool:
        before = self.driver.roles()[Role.CANDIDATE]
        self.driver.key(Key.Key_X)
        assert self.driver.roles().get(Role.CANDIDATE, 0) == before - 1
        self.accept()
        return True

    def _change_class(self) -> bool:
        name = self.driver.selected_class()
        other = next(r for r in self.driver.session.classes.values() if r.slot is not None and r.name != name)
        self.driver.key(Key(Key.Key_0 + other.slot))
        assert self.driver.selected_class() == other.name
        self.accept()
        return True

    def _swap_class(self) -> bool:
        selected = self.driver.session.objects.selected
        if selected is None or len([c for c, score in self.document.second_choices(selected) if score > 0]) < 2:
            return False
        name = self.driver.selected_class()
        self.driver.key(Key.Key_W)
        assert self.driver.selected_class() != name
        self.accept()
        return True

    def _promote_ghost(self) -> bool:
        candidates, ghosts = (len(self.document.in_role(role)) for role in (Role.CANDIDATE, Role.GHOST))
        if not ghosts:
            return False
        self.driver.key(Key.Key_G)
        for _ in range(candidates):
            self.driver.key(Key.Key_Tab)
        self.driver.key(Key.Key_Return)
        assert self.driver.roles()[Role.CONFIRMED] == 1
        self.driver.key(Key.Key_G)
        self.accept()
        return True

    def _draw_missing(self) -> bool:
        frame = self.driver.session.frame
        assert frame is not None
        self.driver.key(Key.Key_Escape)
        w, h = frame.width, frame.height
        self.driver.drag((0.31 * w, 0.33 * h), (0.52 * w, 0.61 * h))
        drawn = self.document.in_role(Role.CONFIRMED)
        assert [item.geometry.as_tuple() for item in drawn] == [
            pytest.approx((0.31 * w, 0.33 * h, 0.52 * w, 0.61 * h), abs=2)
        ]
        self.accept()
        return True

    def _undo_the_decision(self) -> bool:
        path, roles = self.driver.frame, self.driver.roles()
        self._accept_specks()
        self.driver.decide(Key.Key_Space)
        self.driver.decide(Key.Key_Z, CTRL)
        assert (self.driver.frame, self.driver.roles()) == (path, roles)
        self.accept()
        return True


def ledger(reader: Reader) -> dict[str, Decision]:
    """Return the adopted decision of each frame, having checked that there is one only."""
    adopted = [entry for entry in reader.decisions() if entry.adopted]
    assert len({entry.path for entry in adopted}) == len(adopted)
    return {entry.path: entry.decision for entry in adopted}


def said(decision: Decision) -> tuple[DecisionKind, Counter[VerdictKind]]:
    """Return what a decision comes down to."""
    return decision.kind, Counter(verdict.kind for verdict in decision.verdicts)


def export(driver: Driver, out: Path) -> ExportReport:
    """Run the job behind File > Export on the open project."""
    steps = export_job(driver.session.store, out=out, options=ExportOptions())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def check_ledger(reviewer: Reviewer) -> None:
    """Every frame has one decision, and it is the one that was made."""
    with reviewer.driver.reader() as reader:
        assert {path: said(decision) for path, decision in ledger(reader).items()} == reviewer.expected
        counts = reader.counts()
    wanted = Counter(kind.state for kind, _ in reviewer.expected.values())
    assert {state: count for state, count in counts.items() if count} == dict(wanted)
    assert counts[FrameState.UNDECIDED] == counts[FrameState.FAILED] == 0


def check_export(reader: Reader, out: Path, report: ExportReport) -> None:
    """The report, the files and the ledger say the same."""
    counts = reader.counts()
    labelled = sum(count for state, count in counts.items() if state.labelled)
    assert sum(report.frames.values()) == labelled
    assert report.frames["train"] > report.frames["val"] > 0
    assert dict(report.left_out) == {state: counts[FrameState(state)] for state in LEFT_OUT}
    pictures = [file for file in (out / "images").rglob("*") if file.is_file()]
    labels = [file for file in (out / "labels").rglob("*.txt") if file.is_file()]
    assert sorted(f"{file.parent.name}/{file.stem}" for file in pictures) == sorted(
        f"{file.parent.name}/{file.stem}" for file in labels
    )
    assert len(pictures) == labelled
    assert sum(len(rows_of(file)) for file in labels) == report.objects
    assert sum(not len(rows_of(file)) for file in labels) == report.backgrounds


def labels_equal_decisions(reader: Reader, out: Path) -> None:
    """Every row is an object that somebody confirmed, with the outline it was confirmed with; none is missing."""
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    number_of = {entry["project_class"]: entry["number"] for entry in manifest["classes"]}
    decisions = ledger(reader)
    for entry in manifest["images"]:
        decision = decisions[entry["source"]]
        frame = reader.frame_by_path(entry["source"])
        assert frame is not None
        assert decision.kind.state.labelled
        wanted = []
        for verdict in decision.verdicts:
            if verdict.geometry is not None:
                x1, y1, x2, y2 = verdict.geometry.clipped(frame.width, frame.height).as_tuple()
                centre = (x1 + x2) / 2 / frame.width, (y1 + y2) / 2 / frame.height
                size = (x2 - x1) / frame.width, (y2 - y1) / frame.height
                wanted.append((number_of[verdict.class_id], *centre, *size))
        label_file = out / entry["file"].replace("images/", "labels/", 1)
        rows = rows_of(label_file.with_suffix(".txt"))
        # An object confirmed twice in the very same place is one row; the manifest names the other.
        left_out = [one["reason"] for one in entry.get("left_out", [])]
        assert len(rows) == len(wanted) - len(left_out), entry["source"]
        assert set(left_out) <= {"repeated"}
        for row in rows:
            assert np.abs(np.array(wanted) - row).max(axis=1).min() < 1e-5, entry["source"]


def check_training(answer: Mapping[str, Any], report: ExportReport) -> None:
    """Ultralytics found nothing wrong with any pair, and saw all of it."""
    assert {name: seen["problem"] for name, seen in answer["pictures"].items() if seen["problem"]} == {}
    assert len(answer["pictures"]) == sum(report.frames.values())
    assert sum(len(seen["rows"]) for seen in answer["pictures"].values()) == report.objects
    training = answer["training"]
    assert training["names"] == answer["names"]
    assert training["val"] == report.frames["val"]
    assert training["saved"]
    assert all(np.isfinite(training["losses"]))
    assert all(np.isfinite(value) for value in training["metrics"].values())
