"""Thresholds of all classes and of single ones: a view that is kept, never an act on what the reviewer did."""

from __future__ import annotations

import pytest

from autoanno_gui.core.records import How, Thresholds, VerdictKind
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.outcome import NOTHING, Step
from autoanno_gui.review.session import HIGHEST_THRESHOLD, LOWEST_THRESHOLD
from autoanno_gui.store.store_thread import Priority
from tests.projects import MadeProject
from tests.unit.review.conftest import Sit
from tests.unit.review.sitting import Sitting


def class_of(sitting: Sitting, name: str) -> int:
    return next(record.id for record in sitting.session.classes.values() if record.name == name)


def kept(sitting: Sitting) -> Thresholds:
    """Return the thresholds that the project file has after a while."""
    sitting.session.save_draft()
    sitting.settle()
    with sitting.store.reader() as reader:
        return reader.thresholds()


def test_a_class_has_a_threshold_of_its_own(sitting: Sitting) -> None:
    session, dog = sitting.session, class_of(sitting, "dog")
    outcome = session.set_threshold(0.65, dog)
    assert (outcome.step, outcome.text) == (Step.OBJECTS, "dog: 0.65")
    assert sitting.in_role(Role.CANDIDATE) == 1
    assert session.thresholds.of(dog) == 0.65
    assert session.thresholds.of(class_of(sitting, "cat")) == session.thresholds.default == 0.5
    session.set_threshold(0.2)
    assert sitting.document.role(sitting.document.get(1)) is Role.GHOST
    assert session.thresholds.of(dog) == 0.65


def test_it_is_kept_in_the_project_and_holds_on_other_frames(
    sitting: Sitting, sit_down: Sit, made: MadeProject
) -> None:
    dog = class_of(sitting, "dog")
    sitting.session.set_threshold(0.65, dog)
    sitting.done(sitting.session.next())
    assert sitting.in_role(Role.CANDIDATE) == 1
    assert kept(sitting) == sitting.session.thresholds
    sitting.close()
    assert sit_down(made).session.thresholds.per_class == ((dog, 0.65),)


def test_a_reset_takes_it_away(sitting: Sitting) -> None:
    session, dog = sitting.session, class_of(sitting, "dog")
    session.set_threshold(0.65, dog)
    assert session.reset_threshold(dog).text == "dog: 0.50, as all classes"
    assert session.thresholds.per_class == kept(sitting).per_class == ()
    assert sitting.in_role(Role.CANDIDATE) == 2
    again = session.reset_threshold(dog)
    assert (again.step, again.text) == (Step.NOTHING, "dog has no threshold of its own.")
    assert session.reset_threshold() is NOTHING


def test_a_reset_without_a_class_takes_all_away(sitting: Sitting) -> None:
    session = sitting.session
    for name in ("cat", "dog"):
        session.set_threshold(0.95, class_of(sitting, name))
    assert sitting.in_role(Role.CANDIDATE) == 0
    assert session.reset_threshold().step is Step.OBJECTS
    assert session.thresholds == Thresholds()
    assert sitting.in_role(Role.CANDIDATE) == 2


@pytest.mark.parametrize(
    ("asked", "value"), [(0.4549, 0.45), (0.456, 0.46), (7, HIGHEST_THRESHOLD), (-1, LOWEST_THRESHOLD)]
)
def test_values_are_kept_in_hundredths_and_within_limits(sitting: Sitting, asked: float, value: float) -> None:
    dog = class_of(sitting, "dog")
    sitting.session.set_threshold(asked, dog)
    sitting.session.set_threshold(asked)
    assert sitting.session.thresholds.of(dog) == sitting.session.thresholds.default == value


def test_what_is_set_already_changes_nothing(sitting: Sitting) -> None:
    session, dog = sitting.session, class_of(sitting, "dog")
    session.set_threshold(0.65, dog)
    assert session.set_threshold(0.651, dog) is NOTHING
    assert session.set_threshold(0.5) is NOTHING
    assert session.set_threshold(0.4, 4711) is NOTHING


def test_what_the_reviewer_touched_stays_whatever_the_threshold_of_its_class(sitting: Sitting) -> None:
    session, objects = sitting.session, sitting.session.objects
    objects.toggle_ghosts()
    objects.select(0)
    objects.accept()
    objects.select(1)
    objects.set_class(class_of(sitting, "bird"))
    objects.select(2)
    objects.accept()
    before = [item for item in sitting.document if sitting.document.role(item) is Role.CONFIRMED]
    assert len(before) == 3
    for record in session.classes.values():
        session.set_threshold(0.95, record.id)
    session.set_threshold(0.95)
    assert [item for item in sitting.document if sitting.document.role(item) is Role.CONFIRMED] == before
    sitting.accept()
    kinds = [verdict.kind for verdict in sitting.decision(0).verdicts]
    assert kinds == [VerdictKind.ACCEPTED, VerdictKind.EDITED, VerdictKind.PROMOTED]


def test_a_candidate_that_its_class_was_raised_over_is_rejected(sitting: Sitting) -> None:
    dog = class_of(sitting, "dog")
    sitting.session.set_threshold(0.65, dog)
    sitting.accept()
    decision = sitting.decision(0)
    assert decision.shown == (0, 1)
    assert decision.thresholds.per_class == ((dog, 0.65),)
    assert [(v.kind, v.how) for v in decision.verdicts] == [
        (VerdictKind.ACCEPTED, How.FRAME),
        (VerdictKind.REJECTED, How.THRESHOLD),
    ]
    sitting.accept()
    # On the next frame it never was a candidate.
    assert sitting.decision(1).shown == (0,)
    assert len(sitting.decision(1).verdicts) == 1


def test_a_merged_class_has_the_threshold_of_the_one_that_took_its_place(sitting: Sitting) -> None:
    session, dog, cat = sitting.session, class_of(sitting, "dog"), class_of(sitting, "cat")
    session.set_threshold(0.65, dog)
    session.set_threshold(0.55, cat)
    sitting.store.submit(Priority.OTHER, lambda writer: writer.merge_class(dog, into=cat)).result()
    session.reload_classes()
    assert session.thresholds.per_class == kept(sitting).per_class == ((cat, 0.55),)
    assert sitting.in_role(Role.CANDIDATE) == 2
    assert session.set_threshold(0.62, dog).text == "cat: 0.62"
    assert session.thresholds.per_class == ((cat, 0.62),)
    assert sitting.in_role(Role.CANDIDATE) == 1


def test_undo_selects_nothing_that_cannot_be_seen(sitting: Sitting) -> None:
    session = sitting.session
    session.objects.select(1)
    session.objects.reject()
    session.set_threshold(0.7)
    sitting.undo()
    assert sitting.document.role(sitting.document.get(1)) is Role.GHOST
    assert session.objects.selected is None
    assert session.objects.accept() is NOTHING
