"""The figures kept up to date are those that reading everything anew gives, after any sequence of acts."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoanno_gui.core.records import Decision, DecisionKind
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.hand_over import hand_over, merge_back
from autoanno_gui.review.metrics_keeper import MetricsKeeper
from autoanno_gui.review.metrics_report import full_report
from autoanno_gui.store.store_thread import Priority, Store
from tests.metrics_kit import DELETED, KEPT, MOVED, Ledger
from tests.projects import USUAL, MadeProject, make_project

FRAMES = 5
_frame = st.integers(0, FRAMES - 1)
_changes = st.lists(st.sampled_from([KEPT, MOVED, DELETED]), max_size=2)
_acts = st.one_of(
    st.tuples(st.just("decide"), _frame, _changes),
    st.tuples(st.just("decide"), _frame, _changes),
    st.tuples(st.just("defer"), _frame, st.none()),
    st.tuples(st.just("reject"), _frame, st.none()),
    st.tuples(st.just("undo"), st.none(), st.none()),
    st.tuples(st.just("redo"), st.none(), st.none()),
    st.tuples(st.just("theirs"), _frame, _changes),
    st.tuples(st.just("merge"), st.none(), st.none()),
    st.tuples(st.just("class"), st.none(), st.none()),
)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> tuple[MadeProject, Path]:
    """A project without decisions, and a second reviewer's copy of it."""
    folder = tmp_path_factory.mktemp("sequences")
    made = make_project(folder, [USUAL] * FRAMES)
    for _ in hand_over(made.file, folder / "theirs.autoanno", paths=made.names):
        pass
    return made, folder / "theirs.autoanno"


class Both:
    """Two open projects of the same frames, and what was done in the first."""

    def __init__(self, folder: Path, templates: tuple[MadeProject, Path]) -> None:
        files = [Path(shutil.copy(file, folder)) for file in (templates[0].file, templates[1])]
        self.ours, self.theirs = (Store.open(file) for file in files)
        self.ann, self.ben = Ledger(self.ours, reviewer="ann"), Ledger(self.theirs, reviewer="ben")
        self._done: list[Decision] = []
        self._undone: list[Decision] = []

    def act(self, act: str, frame: int, changes: list) -> set[int] | None:  # type: ignore[type-arg]
        """Do something. Returns which frames it is about; None where it may be all."""
        match act:
            case "decide" | "defer" | "reject":
                kinds = {"defer": DecisionKind.DEFERRED, "reject": DecisionKind.REJECTED}
                self._undone.clear()
                self._done.append(self.ann.decide(frame, changes=changes or (), kind=kinds.get(act)))
                return {self._done[-1].frame_id}
            case "undo" if self._done:
                self._undone.append(self._done.pop())
                self.ann.revoke(self._undone[-1])
                return {self._undone[-1].frame_id}
            case "redo" if self._undone:
                again = replace(self._undone.pop(), uuid=str(uuid.uuid4()))
                self.ours.submit(Priority.DECISION, lambda w: w.record_decision(again)).result()
                self._done.append(again)
                return {again.frame_id}
            case "theirs":
                self.ben.decide(frame, changes=changes)
            case "merge":
                steps = merge_back(self.ours, self.theirs.file)
                while True:
                    try:
                        next(steps)
                    except StopIteration as stop:
                        return set(stop.value.frame_ids)
            case "class":
                with self.ours.reader() as reader:
                    living = [one.id for one in reader.classes() if one.merged_into is None]
                if len(living) > 1:
                    self.ours.submit(Priority.OTHER, lambda w: w.merge_class(living[-1], living[0])).result()
                    return None
        return set()

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(_acts, min_size=3, max_size=14))
def test_whatever_is_done(templates: tuple[MadeProject, Path], acts: list) -> None:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory() as folder:
        both = Both(Path(folder), templates)
        try:
            with both.ours.reader() as reader:
                keeper = MetricsKeeper(reader, left_patience=0.0)
                keeper.update()
                for act in acts:
                    keeper.update(both.act(*act))
                    assert keeper.facts == list(read_facts(reader))
                assert keeper.document() == full_report(reader, checks=True)
        finally:
            both.close()
