"""What may go into a dataset, and under which class numbers."""

from __future__ import annotations

import pytest

from autoanno_gui.core.errors import ExportError
from autoanno_gui.core.records import ClassRecord, FrameState, VerdictKind
from autoanno_gui.datasets.plan import ExportOptions
from tests.unit.datasets.builders import CLASSES, annotation, labelled, make_plan


@pytest.mark.parametrize("state", [state for state in FrameState if not state.labelled])
def test_a_frame_without_a_labelling_decision_is_never_planned(state: FrameState) -> None:
    with pytest.raises(ValueError, match=f"a.jpg is {state}"):
        make_plan([labelled(0, "a.jpg", [annotation()], state=state)])


@pytest.mark.parametrize("state", [FrameState.ACCEPTED, FrameState.EDITED, FrameState.HAND_LABELLED])
def test_every_labelling_decision_is_planned(state: FrameState) -> None:
    assert make_plan([labelled(0, "a.jpg", [annotation()], state=state)]).frames() == {"train": 1, "val": 0, "test": 0}


def test_a_rejected_object_is_never_planned() -> None:
    with pytest.raises(ValueError, match="rejected"):
        make_plan([labelled(0, "a.jpg", [annotation(kind=VerdictKind.REJECTED)])])


def test_nothing_labelled_is_said_so() -> None:
    with pytest.raises(ExportError, match="No frame is labelled yet"):
        make_plan([])


def test_no_class_is_said_so() -> None:
    with pytest.raises(ExportError, match="no class"):
        make_plan([labelled(0, "a.jpg")], classes=[])


def test_two_classes_of_one_name_are_refused() -> None:
    with pytest.raises(ExportError, match='"car"'):
        make_plan([labelled(0, "a.jpg")], classes=[*CLASSES, ClassRecord(2, "car", "#000000")])


def test_class_numbers_close_the_gaps_of_merged_classes() -> None:
    classes = [
        ClassRecord(7, "dog", "#000000"),
        ClassRecord(0, "person", "#000000"),
        ClassRecord(1, "man", "#000000", merged_into=3),
        ClassRecord(3, "human", "#000000", merged_into=0),
        ClassRecord(4, "car", "#000000"),
    ]
    plan = make_plan([labelled(0, "a.jpg", [annotation(class_id=1)])], classes=classes)
    assert plan.names == ("person", "car", "dog")
    assert plan.class_numbers == {0: 0, 1: 0, 3: 0, 4: 1, 7: 2}
    assert [(one.project_class, one.merged) for one in plan.classes] == [(0, (1, 3)), (4, ()), (7, ())]


@pytest.mark.parametrize("into", [1, 2, 99])
def test_a_merge_that_leads_nowhere_is_refused(into: int) -> None:
    classes = [
        *CLASSES[:1],
        ClassRecord(1, "a", "#000000", merged_into=into),
        ClassRecord(2, "b", "#000000", merged_into=1),
    ]
    with pytest.raises(ValueError, match="leads nowhere"):
        make_plan([labelled(0, "a.jpg")], classes=classes)


def test_an_unknown_class_a_missing_split_and_a_frame_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown class 9"):
        make_plan([labelled(0, "a.jpg", [annotation(class_id=9)])])
    with pytest.raises(ValueError, match=r"a\.jpg has no split"):
        make_plan([labelled(0, "a.jpg")], splits={})
    with pytest.raises(ValueError, match="no split: holdout"):
        make_plan([labelled(0, "a.jpg")], splits={0: "holdout"})
    with pytest.raises(ValueError, match="twice"):
        make_plan([labelled(0, "a.jpg"), labelled(0, "a.jpg")])


def test_the_plan_says_what_it_will_do() -> None:
    frames = [labelled(number, f"{folder}/1.jpg") for number, folder in enumerate("abcd")]
    plan = make_plan(frames, left_out={"rejected": 2}, options=ExportOptions(seed=5, split_rule="By folder."))
    assert plan.frames() == {"train": 3, "val": 1, "test": 0}
    assert plan.left_out == {"undecided": 0, "rejected": 2, "deferred": 0, "failed": 0}
    assert plan.notes[0] == "Split with seed 5: By folder."
    assert plan.notes[1].startswith("3 pictures got another name")
    assert [item.frame.path for item in plan.items] == ["a/1.jpg", "b/1.jpg", "c/1.jpg", "d/1.jpg"]
