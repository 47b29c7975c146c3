"""Merging where it is not simple: third parties, classes of either side, what stays behind, the figures after it."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.judged_page import PAGE_RECORDED
from autoanno_gui.core.records import DecisionKind, FrameState, PresentationMode, Progress, Thresholds, VerdictKind
from autoanno_gui.datasets.plan import ExportOptions
from autoanno_gui.review.export_job import export_job
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.hand_over import Merged, hand_over, merge_back
from autoanno_gui.review.metrics_report import full_report
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store, open_report
from tests.metrics_kit import DELETED, MANY, MOVED, Ledger
from tests.projects import USUAL, MadeProject, make_project
from tests.unit.datasets.builders import by_source, manifest
from tests.unit.review.agreement_kit import LEFT, MIDDLE, RIGHT, Hand

T = TypeVar("T")
NAMES = tuple(f"frame_{number}.jpg" for number in range(4))


def run(steps: Generator[Progress, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


@pytest.fixture
def store(made: MadeProject) -> Iterator[Store]:
    with Store.open(made.file) as opened:
        yield opened


@pytest.fixture
def sample(store: Store, tmp_path: Path) -> Path:
    """All four frames for Ben."""
    return given(store, tmp_path / "bens.autoanno")


def given(store: Store, target: Path) -> Path:
    run(hand_over(store.file, target, paths=NAMES))
    return target


def write(store: Store, work: Any) -> Any:  # noqa: ANN401 - any job of the store
    return store.submit(Priority.OTHER, work).result()


def class_id(store: Store, name: str) -> int:
    with store.reader() as reader:
        return next(one.id for one in reader.classes() if one.name == name)


def labels(reader: Reader, name: str) -> list[str]:
    names = {record.id: record.name for record in reader.classes()}
    return [names[a.class_id] for one in reader.labelled_frames() if one.frame.path == name for a in one.annotations]


def origins(store: Store) -> dict[str, str]:
    """Return by decision the project that it is said to come from."""
    with closing(sqlite3.connect(store.file)) as conn:
        return dict(conn.execute("SELECT uuid, origin FROM decision").fetchall())


# ---------------------------------------------------------------------------------------------------- third parties
def test_a_third_reviewers_decisions_keep_where_they_come_from_and_come_once(
    store: Store, sample: Path, tmp_path: Path
) -> None:
    cyds = given(store, tmp_path / "cyds.autoanno")
    with Store.open(cyds) as third, Store.open(sample) as second:
        cyd, ben = Hand(third, "cyd"), Hand(second, "ben")
        late, by_cyd = cyd.label(NAMES[1], [("fox", LEFT)]), cyd.label(NAMES[0], [("fox", LEFT)])
        by_ben = ben.label(NAMES[2], [("fox", RIGHT)])
        assert run(merge_back(second, cyds)).merged == 2
        cyd.revoke(late)
        for other, new in ((sample, 3), (cyds, 0), (sample, 0)):
            found = run(merge_back(store, other))
            assert (found.merged, found.left_out) == (new, [])
        assert origins(store) == {
            by_cyd.uuid: third.project_uuid,
            late.uuid: third.project_uuid,
            by_ben.uuid: second.project_uuid,
        }
    with store.reader() as reader:
        assert [labels(reader, name) for name in NAMES] == [["fox"], [], ["fox"], []]
        assert [record.name for record in reader.classes()].count("fox") == 1
        late_frame = reader.frame_by_path(NAMES[1])
    assert late_frame is not None
    assert late_frame.state is FrameState.UNDECIDED, "Ben does not know that Cyd took it back, but Cyd's own file does"


def test_what_comes_back_by_way_of_another_is_still_ones_own(store: Store, sample: Path) -> None:
    made = Hand(store, "ann").label(NAMES[0], [("cat", LEFT)])
    with Store.open(sample) as second:
        assert run(merge_back(second, store.file)).merged == 1
        assert origins(second) == {made.uuid: store.project_uuid}
        Hand(second, "ben").label(NAMES[1], [("cat", LEFT)])
        found = run(merge_back(store, sample))
    assert (found.merged, found.known) == (1, 1)
    assert origins(store)[made.uuid] == ""


def test_one_who_merges_ones_own_revoked_decision_back_leaves_it_revoked(store: Store, sample: Path) -> None:
    ann = Hand(store, "ann")
    made = ann.label(NAMES[0], [("cat", LEFT)])
    with Store.open(sample) as second:
        run(merge_back(second, store.file))
        ann.revoke(made)
        run(merge_back(store, sample))
    with store.reader() as reader:
        assert labels(reader, NAMES[0]) == []


# ---------------------------------------------------------------------------------------------------- classes
def test_a_class_comes_only_with_a_decision_that_comes(tmp_path: Path, store: Store, sample: Path) -> None:
    with Store.open(sample) as second:
        Hand(second, "ben").label(NAMES[3], [("fox", LEFT)])
    shorter = make_project(tmp_path, [USUAL] * 3, name="shorter")
    with Store.open(shorter.file) as target:
        before = [one.name for one in target.reader().classes()]
        assert run(merge_back(target, sample)).left_out == [(NAMES[3], "this project does not have the frame")]
        assert [one.name for one in target.reader().classes()] == before


def test_a_class_that_was_merged_away_here_is_what_it_became(store: Store, sample: Path) -> None:
    with Store.open(sample) as second:
        ben = Hand(second, "ben")
        ben.label(NAMES[0], [("fox", LEFT)])
        run(merge_back(store, sample))
        fox, dog = class_id(store, "fox"), class_id(store, "dog")
        write(store, lambda w: w.merge_class(fox, dog))
        ben.label(NAMES[1], [("fox", RIGHT)])
        run(merge_back(store, sample))
    with store.reader() as reader:
        assert [labels(reader, name) for name in NAMES[:2]] == [["dog"], ["dog"]]
        assert "fox" not in {one.name for one in reader.classes() if one.merged_into is None}


def test_a_class_that_was_renamed_here_keeps_its_new_name(store: Store, sample: Path) -> None:
    cat = class_id(store, "cat")
    write(store, lambda w: w.rename_class(cat, "tiger"))
    write(store, lambda w: w.add_class("cat"))
    with Store.open(sample) as second:
        Hand(second, "ben").label(NAMES[0], [("cat", LEFT)])
    run(merge_back(store, sample))
    with store.reader() as reader:
        assert labels(reader, NAMES[0]) == ["tiger"], "identities go before names"


def test_thresholds_of_classes_go_along_for_classes_that_are_here(store: Store, sample: Path) -> None:
    with Store.open(sample) as second:
        cat, dog = class_id(second, "cat"), class_id(second, "dog")
        elk, fox = (write(second, lambda w, n=name: w.add_class(n)).id for name in ("elk", "fox"))
        made = Hand(second, "ben").label(NAMES[0], [("fox", LEFT)])
        per_class = ((cat, 0.4), (dog, 0.3), (elk, 0.6), (fox, 0.7))
        decision = replace(made, uuid=str(uuid.uuid4()), thresholds=Thresholds(0.35, per_class))
        write(second, lambda w: w.record_decision(decision))
    run(merge_back(store, sample))
    with store.reader() as reader:
        found = reader.decision(reader.frame_by_path(NAMES[0]).id)  # type: ignore[union-attr]
    assert found is not None
    assert dict(found.thresholds.per_class) == {
        class_id(store, "cat"): 0.4,
        class_id(store, "dog"): 0.3,
        class_id(store, "fox"): 0.7,
    }, "nobody here has an elk"


def test_two_classes_there_that_are_one_here(store: Store, sample: Path) -> None:
    with Store.open(sample) as second:
        cat = class_id(second, "cat")
        write(second, lambda w: w.rename_class(cat, "kitten"))
        new = write(second, lambda w: w.add_class("cat")).id
        made = Hand(second, "ben").label(NAMES[0], [("kitten", LEFT)])
        write(second, lambda w: w.set_class_map("a" * 64, {2: new}))
        other = replace(made, uuid=str(uuid.uuid4()), thresholds=Thresholds(0.35, ((cat, 0.4), (new, 0.5))))
        write(second, lambda w: w.record_decision(other))
    run(merge_back(store, sample))
    with store.reader() as reader:
        found = reader.decision(reader.frame_by_path(NAMES[0]).id)  # type: ignore[union-attr]
        assert found is not None
        assert found.thresholds.per_class == ((class_id(store, "cat"), 0.5),), "one class has one threshold"
        # What the model's classes mean is each project's own affair.
        assert set(reader.class_map("a" * 64)) == {0, 1, 2}
        assert reader.class_map("a" * 64)[2] == class_id(store, "bird")


def test_a_class_that_comes_while_the_other_is_worked_on(store: Store, tmp_path: Path) -> None:
    longer = make_project(tmp_path, [USUAL] * 20, name="longer")
    with Store.open(longer.file) as target:
        run(hand_over(target.file, tmp_path / "live.autoanno", paths=longer.names))
        with Store.open(tmp_path / "live.autoanno") as live:
            ben = Hand(live, "ben")
            for name in longer.names:
                ben.label(name, [("cat", LEFT)])
            steps = merge_back(target, live.file)
            next(steps)
            ben.label(longer.names[19], [("newcomer", LEFT)])
            found: Merged = run(steps)
        assert found.merged == 21
        with target.reader() as reader:
            assert labels(reader, longer.names[19]) == ["newcomer"]


def test_a_class_with_merged_labels_cannot_be_removed(store: Store, sample: Path) -> None:
    with Store.open(sample) as second:
        Hand(second, "ben").label(NAMES[0], [("cat", LEFT)])
    cat = class_id(store, "cat")
    run(merge_back(store, sample))
    with pytest.raises(KnownError, match="has annotations"):
        write(store, lambda w: w.remove_class(cat))


def test_a_class_of_the_name_that_was_removed_here_is_another(store: Store, sample: Path) -> None:
    fox = write(store, lambda w: w.add_class("fox")).id
    write(store, lambda w: w.remove_class(fox))
    with Store.open(sample) as second:
        Hand(second, "ben").label(NAMES[0], [("fox", LEFT)])
    run(merge_back(store, sample))
    with store.reader() as reader:
        assert labels(reader, NAMES[0]) == ["fox"]
        assert class_id(store, "fox") != fox


# ---------------------------------------------------------------------------------------------------- other pictures
def test_a_picture_of_another_size_is_another_picture(store: Store, sample: Path) -> None:
    with closing(sqlite3.connect(store.file, isolation_level=None)) as conn:
        conn.execute("UPDATE frame SET width = 320, height = 240")
    with Store.open(sample) as second:
        ben = Hand(second, "ben")
        ben.label(NAMES[0], [("cat", LEFT)], size=(320, 241))
        ben.label(NAMES[1], [("cat", LEFT)], size=(320, 240))
        ben.label(NAMES[2], [("cat", LEFT)], size=(0, 0))
    found = run(merge_back(store, sample))
    assert (found.merged, found.left_out) == (2, [(NAMES[0], "its file holds another picture here")])


@pytest.mark.parametrize("named", [-1, 4])
def test_a_decision_that_names_what_no_prediction_has_is_left_out(store: Store, sample: Path, named: int) -> None:
    with Store.open(sample) as second:
        Hand(second, "ben").label(NAMES[0], [], judged={0: VerdictKind.ACCEPTED})
    with closing(sqlite3.connect(sample, isolation_level=None)) as conn:
        conn.execute("UPDATE verdict SET prediction = ?", (named,))
    found = run(merge_back(store, sample))
    assert found.left_out == [(NAMES[0], "it judges predictions that this project does not have")]


def test_a_sample_brings_no_predictions_of_a_picture_that_is_no_more(store: Store, tmp_path: Path) -> None:
    Hand(store, "ann").label(NAMES[0], [], judged={0: VerdictKind.ACCEPTED})
    with closing(sqlite3.connect(store.file, isolation_level=None)) as conn:
        conn.execute("UPDATE frame SET mtime_ns = mtime_ns + 1 WHERE path = ?", (NAMES[0],))
    write(store, lambda w: w.rebuild_frame_state())
    sample = given(store, tmp_path / "bens.autoanno")
    with open_report(sample) as reader:
        frames = {frame.path: frame.run_frame_id for block in reader.frames() for frame in block}
    assert frames[NAMES[0]] is None
    assert frames[NAMES[1]] is not None
    with closing(sqlite3.connect(sample)) as conn:
        assert conn.execute("SELECT count(*) FROM prediction").fetchone() == (3,)


def test_in_a_sample_every_class_may_still_be_removed(store: Store, sample: Path, tmp_path: Path) -> None:
    Hand(store, "ann").label(NAMES[0], [("cat", LEFT)])
    with Store.open(given(store, tmp_path / "late.autoanno")) as second:
        assert {one.used for one in second.reader().classes()} == {False}


# ---------------------------------------------------------------------------------------------------- what stays behind
def test_drafts_notes_events_and_splits_of_the_other_stay_there(store: Store, sample: Path) -> None:
    with Store.open(sample) as second:
        Hand(second, "ben").label(NAMES[0], [("cat", LEFT)])
        frame = second.reader().frame_by_path(NAMES[1])
        assert frame is not None
        write(second, lambda w: w.save_draft(frame.id, b"half done"))
        write(second, lambda w: w.set_note(frame.id, "look"))
        write(second, lambda w: w.assign_splits({frame.id: "test"}))
        for kind in ("check", "hypothesis", "something"):
            write(second, lambda w, k=kind: w.record_event(k, {"caught": True}))
    run(merge_back(store, sample))
    with closing(sqlite3.connect(store.file)) as conn:
        for table in ("draft", "note", "split"):
            assert conn.execute(f"SELECT * FROM {table}").fetchall() == []
        assert conn.execute("SELECT kind FROM event").fetchall() == []


def test_a_page_that_was_judged_here_takes_no_time_of_a_merged_decision(store: Store, sample: Path) -> None:
    page = {"objects": [{"frame": NAMES[0], "seconds": 2.5}]}
    write(store, lambda w: w.record_page(str(uuid.uuid4()), PAGE_RECORDED, page, {}))
    with closing(sqlite3.connect(store.file, isolation_level=None)) as conn:
        conn.execute("UPDATE event SET wall_clock = '2026-01-01T10:00:00.000+00:00'")
    with Store.open(sample) as second:
        Hand(second, "ben").label(NAMES[0], [("cat", LEFT)])
    run(merge_back(store, sample))
    Hand(store, "ann").label(NAMES[0], [("cat", LEFT)])
    with store.reader() as reader:
        seconds = {entry.decision.reviewer: entry.page_seconds for entry in reader.decisions()}
    assert seconds == {"ben": 0.0, "ann": 2.5}


# ---------------------------------------------------------------------------------------------------- what figures say
def test_own_decisions_count_first_and_merged_ones_where_there_are_none(tmp_path: Path) -> None:
    made = make_project(tmp_path, [MANY] * 4)
    with Store.open(made.file) as store:
        sample = given(store, tmp_path / "bens.autoanno")
        with Store.open(sample) as second:
            ben = Ledger(second, reviewer="ben")
            for number in range(3):
                ben.decide(number, changes=[DELETED] * 8)
        run(merge_back(store, sample))
        ann = Ledger(store, reviewer="ann")
        with store.reader() as reader:
            # 24 of 24 candidates: nothing was decided here.
            assert full_report(reader)["edit_rate"] == 1.0
        ann.decide(0, changes=[MOVED])
        second_look = ann.decide(0)
        with store.reader() as reader:
            found = full_report(reader)
            facts = list(read_facts(reader))
        # Ann's first: 1 of 8; Ben's: 8 of 8 on two frames.
        assert (found["edit_rate"], found["frames_decided"]) == (17 / 24, 3)
        rows = {row["reviewer"]: row["edit_rate"] for row in found["by_reviewer"]}
        assert rows == {"ann": 1 / 8, "ben": 1.0}
        adopted = [fact.number for fact in facts if fact.adopted and fact.frame_id == second_look.frame_id]
        assert adopted == [max(fact.number for fact in facts)]


def test_whether_checks_are_wanted_is_what_the_newest_sitting_here_said(store: Store, sample: Path) -> None:
    write(store, lambda w: w.start_session("ann", checks=True))
    with Store.open(sample) as second:
        bens = write(second, lambda w: w.start_session("ben", checks=False))
        made = replace(Hand(second, "ben").label(NAMES[0], []), uuid=str(uuid.uuid4()), session_uuid=bens)
        write(second, lambda w: w.record_decision(made))
    run(merge_back(store, sample))
    with store.reader() as reader:
        assert [json.loads(json.dumps(event.body))["checks"] for event in reader.events("session")] == [True, False]
        assert reader.checks_wanted()
        assert not reader.checks_on(), "the frame was decided without"
    with open_report(sample) as reader:
        assert not reader.checks_wanted()


def test_a_frame_that_was_labelled_blind_and_settled_comes_as_it_is(store: Store, sample: Path) -> None:
    with Store.open(sample) as second:
        ben = Hand(second, "ben")
        hand = DecisionKind.HAND_LABELLED
        ben.label(NAMES[0], [("cat", LEFT)], kind=hand, mode=PresentationMode.BLIND)
        ben.label(NAMES[0], [("cat", LEFT), ("dog", RIGHT)], kind=hand, mode=PresentationMode.SETTLE)
        with second.reader() as reader:
            theirs = list(read_facts(reader))
    run(merge_back(store, sample))
    with store.reader() as reader:
        ours = list(read_facts(reader))
        assert labels(reader, NAMES[0]) == ["cat", "dog"]
    assert [(one.mode, one.first, one.adopted, one.blind, one.settled, one.objects) for one in ours] == [
        (one.mode, one.first, one.adopted, one.blind, one.settled, one.objects) for one in theirs
    ]
    assert [one.first for one in ours] == [True, False]


def test_an_export_names_who_labelled(store: Store, sample: Path, tmp_path: Path) -> None:
    Hand(store, "ann").label(NAMES[0], [("cat", LEFT)])
    with Store.open(sample) as second:
        ben = Hand(second, "ben")
        ben.label(NAMES[0], [("dog", LEFT)])
        ben.label(NAMES[1], [("dog", MIDDLE)], judged={0: VerdictKind.ACCEPTED})
    run(merge_back(store, sample))
    run(export_job(store, out=tmp_path / "dataset", options=ExportOptions()))
    frames = by_source(tmp_path / "dataset")
    assert {name: entry["reviewer"] for name, entry in frames.items()} == {NAMES[0]: "ann", NAMES[1]: "ben"}
    # The drawn one, and the accepted proposal with what the model said of it.
    found = [(one["verdict"], one["confidence"]) for one in frames[NAMES[1]]["objects"]]
    assert found == [("added", None), ("accepted", pytest.approx(0.9))]
    assert manifest(tmp_path / "dataset")["checks"] is False
