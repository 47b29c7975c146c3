"""The figures of a ledger: definitions with known values, and that keeping count equals counting anew."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.figures.facts import (
    DecidedFrame,
    ObjectFact,
    mark_first,
)
from autoanno_gui.core.figures.intervals import median_interval, wilson
from autoanno_gui.core.figures.metric_report import figures, report
from autoanno_gui.core.figures.metrics import Accumulator, confidence_bin
from autoanno_gui.core.records import (
    DecisionKind,
    PresentationMode,
    VerdictKind,
)
from tests.unit.core.builders import bootstrap_ratio

CAR, BIKE = 10, 11
NAMES = {CAR: "car", BIKE: "bike"}
ACCEPTED = ObjectFact(VerdictKind.ACCEPTED, CAR, CAR, 0.9)
MOVED = ObjectFact(VerdictKind.EDITED, CAR, CAR, 0.6, geometry_changed=True)
RENAMED = ObjectFact(VerdictKind.EDITED, BIKE, CAR, 0.6, class_changed=True)
DELETED = ObjectFact(VerdictKind.REJECTED, CAR, CAR, 0.55)
PROMOTED = ObjectFact(VerdictKind.PROMOTED, BIKE, BIKE, 0.3, shown=False)
ADDED = ObjectFact(VerdictKind.ADDED, BIKE, shown=False)


def decided(
    frame_id: int, kind: DecisionKind = DecisionKind.ACCEPTED, *objects: ObjectFact, **changes: object
) -> DecidedFrame:
    """Return a decision with that many shown candidates as its objects say, unless told otherwise."""
    made = DecidedFrame(
        frame_id=frame_id,
        kind=kind,
        mode=PresentationMode.NORMAL,
        reviewer="anna",
        model="yolo.pt",
        active_seconds=2.0,
        candidates_shown=sum(item.shown for item in objects),
        objects=objects,
    )
    return replace(made, **changes)


def edited(frame_id: int, *objects: ObjectFact, **changes: object) -> DecidedFrame:
    return decided(frame_id, DecisionKind.EDITED, *objects, **changes)


def rejected(frame_id: int, *, shown: int = 0, **changes: object) -> DecidedFrame:
    return decided(frame_id, DecisionKind.REJECTED, candidates_shown=shown, **changes)


def by_hand(frame_id: int, *objects: ObjectFact, **changes: object) -> DecidedFrame:
    return decided(frame_id, DecisionKind.HAND_LABELLED, *objects, **({"mode": PresentationMode.HAND} | changes))


def figures_of(*decisions: DecidedFrame) -> dict[str, Any]:
    return report(Accumulator.of(decisions), frames_total=100, frames_predicted=90, frames_failed=3, class_names=NAMES)


# ---------------------------------------------------------------------------------------------------- definitions
def test_an_empty_ledger_has_no_rates() -> None:
    found = figures_of()
    assert found == {
        "frames_total": 100,
        "frames_predicted": 90,
        "frames_failed": 3,
        "frames_decided": 0,
        "frames_accepted": 0,
        "frames_edited": 0,
        "frames_rejected": 0,
        "frames_hand_labelled": 0,
        "frames_deferred": 0,
        "frames_ever_rejected": 0,
        "candidates_shown": 0,
        "candidates_accepted": 0,
        "candidates_edited": 0,
        "candidates_rejected": 0,
        "candidates_class_changed": 0,
        "candidates_geometry_changed": 0,
        "candidates_in_rejected_frames": 0,
        "annotations_promoted": 0,
        "annotations_added": 0,
        "annotations_by_hand": 0,
        "edit_rate": None,
        "edit_rate_interval": None,
        "edit_rate_parts": {"class_changed": None, "geometry_changed": None, "deleted": None},
        "reject_rate": None,
        "reject_rate_interval": None,
        "miss_rate": None,
        "miss_rate_interval": None,
        "median_seconds_per_frame": None,
        "median_seconds_per_frame_interval": None,
        "by_class": [],
        "by_model": [],
        "by_reviewer": [],
        "by_confidence": [],
    }


def test_edit_rate_and_its_parts() -> None:
    both = replace(RENAMED, geometry_changed=True)
    found = figures_of(
        decided(1, DecisionKind.ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED),
        edited(2, ACCEPTED, MOVED, both, DELETED),
    )
    assert found["candidates_shown"] == 8
    assert (found["candidates_accepted"], found["candidates_edited"], found["candidates_rejected"]) == (5, 2, 1)
    assert found["edit_rate"] == 3 / 8
    assert found["edit_rate_parts"] == {"class_changed": 1 / 8, "geometry_changed": 2 / 8, "deleted": 1 / 8}
    assert found["edit_rate_interval"] == list(bootstrap_ratio([0, 3], [4, 4]))


def test_a_moved_object_that_still_overlaps_98_percent_is_accepted() -> None:
    nudged = ObjectFact(VerdictKind.ACCEPTED, CAR, CAR, 0.9)
    assert figures_of(decided(1, DecisionKind.ACCEPTED, nudged))["edit_rate"] == 0.0


def test_candidates_of_rejected_frames_are_reported_beside_the_edit_rate() -> None:
    found = figures_of(decided(1, DecisionKind.ACCEPTED, ACCEPTED), rejected(2, shown=7), rejected(3, shown=2))
    assert found["candidates_shown"] == 1
    assert found["edit_rate"] == 0.0
    assert found["candidates_in_rejected_frames"] == 9


def test_miss_rate_counts_promoted_and_added_among_final_objects() -> None:
    found = figures_of(
        edited(1, ACCEPTED, MOVED, DELETED, PROMOTED, ADDED, ADDED), decided(2, DecisionKind.ACCEPTED, ACCEPTED)
    )
    assert (found["annotations_promoted"], found["annotations_added"]) == (1, 2)
    assert found["miss_rate"] == 3 / 6
    assert found["miss_rate_interval"] == list(bootstrap_ratio([3, 0], [5, 1]))
    assert found["candidates_shown"] == 4


def test_a_frame_with_only_additions_counts_for_the_miss_rate_alone() -> None:
    found = figures_of(edited(1, ADDED))
    assert found["edit_rate"] is None
    assert found["miss_rate"] == 1.0
    assert found["miss_rate_interval"] == list(wilson(1, 1))
    assert found["frames_edited"] == 1


def test_a_rejected_ghost_counts_nowhere() -> None:
    ghost = replace(DELETED, shown=False)
    found = figures_of(edited(1, ACCEPTED, ghost))
    assert (found["candidates_shown"], found["candidates_rejected"], found["edit_rate"]) == (1, 0, 0.0)
    assert [row["candidates_rejected"] for row in found["by_confidence"]] == [0]


def test_a_confirmed_object_that_was_no_candidate_was_missed() -> None:
    found = figures_of(edited(1, ACCEPTED, replace(MOVED, shown=False)))
    assert (found["annotations_promoted"], found["candidates_edited"], found["miss_rate"]) == (1, 0, 0.5)


def test_hand_labelling_is_outside_edit_rate_and_miss_rate() -> None:
    found = figures_of(by_hand(1, ADDED, ADDED, DELETED), by_hand(2, ADDED, mode=PresentationMode.NORMAL, model=None))
    assert found["edit_rate"] is None
    assert found["miss_rate"] is None
    assert found["annotations_added"] == 0
    assert found["annotations_by_hand"] == 3
    assert found["frames_hand_labelled"] == 2
    assert found["reject_rate"] == 0.0


def test_a_frame_that_showed_no_predictions_judges_none() -> None:
    found = figures_of(decided(1, DecisionKind.ACCEPTED, ACCEPTED, mode=PresentationMode.HAND))
    assert (found["candidates_shown"], found["edit_rate"], found["annotations_by_hand"]) == (0, None, 1)


def test_the_reject_rate_does_not_fall_when_the_frame_is_hand_labelled() -> None:
    others = [decided(frame_id) for frame_id in (2, 3, 4)]
    before = figures_of(rejected(1, shown=3), *others)
    after = figures_of(rejected(1, shown=3, adopted=False), *others, by_hand(1, ADDED, first=False))
    assert before["reject_rate"] == after["reject_rate"] == 0.25
    assert after["reject_rate_interval"] == list(wilson(1, 4))
    assert (before["frames_rejected"], before["frames_hand_labelled"]) == (1, 0)
    assert (after["frames_rejected"], after["frames_hand_labelled"]) == (0, 1)
    assert after["frames_ever_rejected"] == 1
    assert after["candidates_in_rejected_frames"] == 3
    assert after["annotations_by_hand"] == 0


def test_a_frame_that_was_rejected_on_second_thoughts_counts_as_rejected() -> None:
    found = figures_of(
        decided(1, DecisionKind.ACCEPTED, ACCEPTED, adopted=False), rejected(1, shown=5, first=False), decided(2)
    )
    assert found["reject_rate"] == 0.5
    assert found["candidates_in_rejected_frames"] == 0
    assert found["candidates_shown"] == 1


def test_an_undone_rejection_does_not_count() -> None:
    found = figures_of(rejected(1, shown=5, first=False, adopted=False, revoked=True), decided(1), decided(2))
    assert found["reject_rate"] == 0.0
    assert found["candidates_in_rejected_frames"] == 0


def test_a_rejected_frame_that_was_put_off_is_not_decided() -> None:
    put_off = decided(1, DecisionKind.DEFERRED, first=False)
    found = figures_of(rejected(1, adopted=False), put_off, decided(2))
    assert (found["frames_decided"], found["frames_deferred"], found["reject_rate"]) == (1, 1, 0.0)
    assert [(row["frames_decided"], row["reject_rate"]) for row in found["by_model"]] == [(1, 0.0)]


def test_the_first_decision_counts_for_the_rates_and_the_adopted_one_for_the_state() -> None:
    found = figures_of(
        edited(1, ACCEPTED, DELETED, active_seconds=9.0, adopted=False),
        decided(1, DecisionKind.ACCEPTED, ACCEPTED, active_seconds=1.0, first=False),
    )
    assert (found["frames_edited"], found["frames_accepted"], found["frames_decided"]) == (0, 1, 1)
    assert found["edit_rate"] == 0.5
    assert found["median_seconds_per_frame"] == 9.0


def test_putting_off_takes_no_part_in_rates_and_time() -> None:
    found = figures_of(decided(1, DecisionKind.DEFERRED, active_seconds=50.0), decided(2, active_seconds=3.0))
    assert (found["frames_decided"], found["frames_deferred"]) == (1, 1)
    assert found["median_seconds_per_frame"] == 3.0


def test_median_seconds_over_first_decisions_of_every_kind() -> None:
    seconds = [4.0, 1.0, 2.5, 30.0]
    found = figures_of(
        decided(1, active_seconds=seconds[0]),
        edited(2, active_seconds=seconds[1]),
        rejected(3, active_seconds=seconds[2]),
        by_hand(4, active_seconds=seconds[3]),
    )
    assert found["median_seconds_per_frame"] == 3.25
    assert found["median_seconds_per_frame_interval"] == list(median_interval(sorted(seconds)))


# ---------------------------------------------------------------------------------------------------- tables
def test_by_class_judges_the_proposed_class_and_counts_misses_under_the_final_one() -> None:
    found = figures_of(edited(1, ACCEPTED, RENAMED, DELETED, ADDED, PROMOTED))
    car, bike = found["by_class"]
    assert (car["class_id"], car["class"]) == (CAR, "car")
    assert (car["candidates_shown"], car["candidates_edited"], car["candidates_rejected"]) == (3, 1, 1)
    assert car["edit_rate"] == pytest.approx(2 / 3)
    assert car["edit_rate_parts"]["class_changed"] == pytest.approx(1 / 3)
    assert car["miss_rate"] == 0.0
    assert (bike["class"], bike["candidates_shown"], bike["edit_rate"]) == ("bike", 0, None)
    assert (bike["annotations_promoted"], bike["annotations_added"]) == (1, 1)
    assert bike["miss_rate"] == pytest.approx(2 / 3)


def test_a_class_without_a_name_is_still_told_apart() -> None:
    found = figures_of(edited(1, replace(ADDED, class_id=99)))
    assert found["by_class"][0]["class"] == "class 99"


def test_by_model_and_reviewer_go_by_the_first_decision() -> None:
    found = figures_of(
        decided(1, DecisionKind.ACCEPTED, ACCEPTED, reviewer="anna", model="a.pt", active_seconds=1.0),
        rejected(2, reviewer="anna", model="b.pt", active_seconds=3.0, adopted=False),
        by_hand(2, ADDED, first=False, reviewer="bert", model="b.pt", active_seconds=99.0),
        edited(3, DELETED, reviewer="bert", model="b.pt", active_seconds=5.0),
        by_hand(4, ADDED, reviewer="bert", model=None, active_seconds=7.0),
    )
    assert [
        (row["model"], row["frames_decided"], row["edit_rate"], row["reject_rate"]) for row in found["by_model"]
    ] == [("a.pt", 1, 0.0, 0.0), ("b.pt", 2, 1.0, 0.5)]
    assert [
        (row["reviewer"], row["frames_decided"], row["reject_rate"], row["median_seconds_per_frame"])
        for row in found["by_reviewer"]
    ] == [("anna", 2, 0.5, 2.0), ("bert", 2, 0.0, 6.0)]
    assert found["by_model"][1]["reject_rate_interval"] == list(wilson(1, 2))


@pytest.mark.parametrize(
    ("confidence", "low"),
    [
        (0.05, 0.05),
        (0.149, 0.05),
        (0.15, 0.15),
        (0.35, 0.35),
        (0.45, 0.45),
        (0.85, 0.85),
        (0.95, 0.95),
        (1.0, 0.95),
        (0.01, 0.05),
    ],
)
@pytest.mark.parametrize("kind", [float, np.float32])
def test_confidence_bins_start_at_their_lower_edge(confidence: float, low: float, kind: type) -> None:
    assert confidence_bin(float(kind(confidence))) == round((low - 0.05) * 10)


def test_by_confidence() -> None:
    found = figures_of(edited(1, ACCEPTED, MOVED, DELETED, PROMOTED, ADDED))
    rows = [
        (row["from"], row["to"], row["candidates_shown"], row["annotations_promoted"], row["edit_rate"])
        for row in found["by_confidence"]
    ]
    assert rows == [(0.25, 0.35, 0, 1, None), (0.55, 0.65, 2, 0, 1.0), (0.85, 0.95, 1, 0, 0.0)]


def test_the_last_bin_ends_at_one() -> None:
    found = figures_of(decided(1, DecisionKind.ACCEPTED, replace(ACCEPTED, confidence=0.99)))
    assert [(row["from"], row["to"]) for row in found["by_confidence"]] == [(0.95, 1.0)]


def test_the_first_decision_is_the_first_that_decides_and_stands() -> None:
    ledger = [
        decided(1, DecisionKind.DEFERRED),
        rejected(1, revoked=True),
        decided(2),
        edited(1, first=False),
        by_hand(1),
        decided(2),
    ]
    assert [item.first for item in mark_first(ledger)] == [False, False, True, True, False, False]


# ---------------------------------------------------------------------------------------------------- keeping count
facts = st.builds(
    ObjectFact,
    kind=st.sampled_from(VerdictKind),
    class_id=st.sampled_from([CAR, BIKE]),
    proposed_class_id=st.sampled_from([CAR, BIKE, None]),
    confidence=st.sampled_from([0.06, 0.3, 0.95, None]),
    class_changed=st.booleans(),
    geometry_changed=st.booleans(),
    shown=st.booleans(),
)
decisions = st.builds(
    DecidedFrame,
    frame_id=st.integers(1, 6),
    kind=st.sampled_from(DecisionKind),
    mode=st.sampled_from(PresentationMode),
    reviewer=st.sampled_from(["anna", "bert"]),
    model=st.sampled_from(["a.pt", "b.pt", None]),
    active_seconds=st.sampled_from([0.5, 1.25, 60.0]),
    candidates_shown=st.integers(0, 5),
    objects=st.lists(facts, max_size=5).map(tuple),
    first=st.booleans(),
    adopted=st.booleans(),
    revoked=st.booleans(),
)


@given(st.lists(decisions, max_size=8), st.lists(decisions, max_size=4), st.randoms(use_true_random=False))
def test_keeping_count_equals_counting_anew(kept: list[DecidedFrame], gone: list[DecidedFrame], mix: Random) -> None:
    steps = [(item, Accumulator.add) for item in kept + gone]
    mix.shuffle(steps)
    steps += [(item, Accumulator.remove) for item in gone]
    running = Accumulator()
    for item, act in steps:
        act(running, item)
    anew = Accumulator.of(kept)
    assert running == anew
    assert figures(running) == figures(anew)


@given(st.lists(decisions, max_size=6))
def test_taking_everything_back_leaves_nothing(ledger: list[DecidedFrame]) -> None:
    running = Accumulator.of(ledger)
    for item in ledger:
        running.remove(item)
    assert running == Accumulator()


@given(st.lists(decisions, max_size=8).map(lambda ledger: list(mark_first(ledger))))
def test_the_figures_add_up(ledger: list[DecidedFrame]) -> None:
    last = {item.frame_id: at for at, item in enumerate(ledger) if not item.revoked}
    ledger = [replace(item, adopted=last.get(item.frame_id) == at) for at, item in enumerate(ledger)]
    found = figures_of(*ledger)
    by_kind = ("frames_accepted", "frames_edited", "frames_rejected", "frames_hand_labelled")
    assert found["frames_decided"] == sum(found[kind] for kind in by_kind)
    assert found["frames_decided"] + found["frames_deferred"] == len(last)
    judged = ("candidates_accepted", "candidates_edited", "candidates_rejected")
    assert found["candidates_shown"] == sum(found[kind] for kind in judged)
    for rate in ("edit_rate", "reject_rate", "miss_rate", "median_seconds_per_frame"):
        value, interval = found[rate], found[f"{rate}_interval"]
        assert (value is None) == (interval is None)
        if value is not None:
            assert 0.0 <= interval[0] <= value <= interval[1]
    for count in (*judged, "annotations_promoted", "annotations_added"):
        assert sum(row[count] for row in found["by_reviewer"]) == found[count]
    assert sum(row["frames_decided"] for row in found["by_reviewer"]) == found["frames_decided"]


def test_the_report_is_plain_json() -> None:
    found = figures_of(edited(1, ACCEPTED, MOVED, RENAMED, DELETED, PROMOTED, ADDED), rejected(2, shown=3), by_hand(3))
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_frame_decided_twice_by_the_same_reviewer_is_one_frame_in_the_table() -> None:
    found = figures_of(edited(1, ADDED, adopted=False), edited(1, ADDED, first=False))
    assert [(row["frames_decided"], row["annotations_added"]) for row in found["by_reviewer"]] == [(1, 1)]
