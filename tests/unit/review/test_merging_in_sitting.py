"""What a sitting makes of frames that a second reviewer labelled meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoanno_gui.core.records import FrameState
from autoanno_gui.store.store_thread import Store
from tests.projects import MadeProject
from tests.unit.review.agreement_kit import LEFT, Hand
from tests.unit.review.conftest import Sit
from tests.unit.review.test_merging_more import NAMES, given, merge_back, run


@pytest.fixture
def bens(made: MadeProject, tmp_path: Path) -> Path:
    """Ben labelled the first frame."""
    with Store.open(made.file) as store:
        sample = given(store, tmp_path / "bens.autoanno")
    with Store.open(sample) as second:
        Hand(second, "ben").label(NAMES[0], [("dog", LEFT)])
    return sample


@pytest.mark.parametrize("merged_first", [True, False])
def test_a_frame_whose_decision_is_undone_is_what_the_merged_one_says(
    sit_down: Sit, made: MadeProject, bens: Path, merged_first: bool
) -> None:
    sitting = sit_down(made)
    first = sitting.ids[0]
    sitting.accept()
    if not merged_first:
        sitting.undo()
        assert sitting.session.frames.get(first).state is FrameState.UNDECIDED
    run(merge_back(sitting.store, bens))
    with sitting.store.reader() as reader:
        sitting.session.take_frames([reader.frame(first)])
    if merged_first:
        assert sitting.session.frames.get(first).state is FrameState.ACCEPTED, "what is decided here goes first"
        sitting.undo()
    assert sitting.session.frames.get(first).state is FrameState.EDITED
    sitting.redo()
    assert sitting.session.frames.get(first).state is FrameState.ACCEPTED


def test_a_frame_that_was_read_before_it_was_decided_does_not_lose_its_state(sit_down: Sit, made: MadeProject) -> None:
    sitting = sit_down(made)
    first = sitting.ids[0]
    with sitting.store.reader() as reader:
        old = reader.frame(first)
    with sitting.busy_store():
        outcome = sitting.session.accept_frame()
        sitting.session.take_frames([old])
        assert sitting.session.frames.get(first).state is FrameState.ACCEPTED, "on its way to the store"
    sitting.done(outcome)
    sitting.session.take_frames([old])
    assert sitting.session.frames.get(first).state is FrameState.ACCEPTED
