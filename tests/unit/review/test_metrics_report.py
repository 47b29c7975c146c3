"""The whole document of figures, from real projects."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autoanno_gui.core.figures.metric_report import report
from autoanno_gui.core.figures.metrics import BINS, Accumulator, confidence_bin
from autoanno_gui.core.predictions import FrameResult, RunSettings
from autoanno_gui.core.records import FrameState, Thresholds
from autoanno_gui.imaging.scan import scan_folder
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.honesty import LEAST_FRAMES
from autoanno_gui.review.metrics_report import CandidatesLeft, candidates_left, full_report, known_classes
from autoanno_gui.review.queue_keeper import News, QueueKeeper
from autoanno_gui.review.reports import metrics_report
from autoanno_gui.store.store_thread import Priority, Store
from tests.projects import GHOST, MODEL, SURE, UNSURE, USUAL, MadeProject, Proposal, predictions
from tests.unit.review.conftest import OpenStore, Sit
from tests.unit.review.session_kit import draw
from tests.unit.review.sitting import Sitting

SECTIONS = {
    "edit_rate_by_frames",
    "seconds_bins",
    "p90_seconds_per_frame",
    "p90_seconds_per_frame_interval",
    "median_seconds_per_object",
    "median_seconds_per_object_interval",
    "p90_seconds_per_object",
    "p90_seconds_per_object_interval",
    "frames_per_hour",
    "frames_per_hour_interval",
    "by_session",
    "by_round",
    "by_reason",
    "by_size",
    "by_place",
    "estimates",
    "calibration",
    "blind",
    "checks",
    "nodding",
    "hypotheses",
    "hypothesis_notes",
    "drift",
    "roi",
    "stop",
    "balance",
    "notes",
}


def document(store: Store, **how: object) -> dict[str, Any]:
    """Return the report as a reader of its JSON has it."""
    with store.reader() as reader:
        found: dict[str, Any] = json.loads(json.dumps(full_report(reader, **how), allow_nan=False))
        return found


def left(store: Store) -> CandidatesLeft:
    with store.reader() as reader:
        return candidates_left(reader)


def record(store: Store, kind: str, **body: object) -> None:
    store.submit(Priority.OTHER, lambda writer: writer.record_event(kind, body)).result()


@pytest.fixture
def reviewed(sitting: Sitting) -> Sitting:
    """Frame 0 as it was, frame 1 with an object deleted and one drawn, frame 2 rejected; frame 3 is left."""
    sitting.accept()
    sitting.session.objects.reject()
    draw(sitting)
    sitting.accept()
    sitting.reject()
    return sitting


# ------------------------------------------------------------------------------------------------ the document
def test_the_figures_of_a_review(reviewed: Sitting) -> None:
    found = document(reviewed.store)
    with reviewed.store.reader() as reader:
        names = {record.id: record.name for record in reader.classes()}
        before = report(
            Accumulator.of(read_facts(reader)), frames_total=4, frames_predicted=4, frames_failed=0, class_names=names
        )
    assert {key: found[key] for key in before} == before
    assert found.keys() == before.keys() | SECTIONS
    # Two candidates on each of frames 0 and 1, one of them deleted; one of 2 + 2 final objects drawn.
    assert (found["edit_rate"], found["miss_rate"]) == (1 / 4, 1 / 4)
    (session,) = found["by_session"]
    assert (session["reviewer"], session["frames_decided"], session["edit_rate"]) == ("ann", 3, 1 / 4)
    assert session["reject_rate"] == 1 / 3
    assert [(row["round"], row["edit_rate"]) for row in found["by_round"]] == [(1, 1 / 4)]
    # The pictures have 320 x 240 pixels. The cat of 60 x 60 at (20, 20) takes 4.7 %, its centre in the upper left; the
    # dog of 80 x 80 at (120, 40) 8.3 %; the drawn cat of 70 x 70 at (230, 20) 6.4 %.
    assert {row["size"]: row["candidates_shown"] for row in found["by_size"]} == {"medium": 4}
    assert {row["place"]: (row["candidates_shown"], row["annotations_added"]) for row in found["by_place"]} == {
        "centre": (2, 0),
        "side": (2, 1),
    }


def test_what_is_left(reviewed: Sitting) -> None:
    found = document(reviewed.store)
    assert found["estimates"]["left"]["candidates"] == 2
    assert found["estimates"]["so_far"]["frames"] == 2
    assert found["stop"]["frames_left"] == 1
    balance = found["balance"]
    assert (balance["undecided"], balance["deferred"], balance["waiting_for_hand"], balance["failed"]) == (1, 0, 1, 0)
    # Deleted was the dog of .6, which comes first, as the least certain one.
    assert {row["class"]: (row["annotations"], row["frames"]) for row in balance["classes"]} == {
        "cat": (3, 2),
        "dog": (1, 1),
        "bird": (0, 0),
    }
    assert found["notes"][0].startswith("So far, hard frames first: edit rate 25.0% over 2 frames; estimated for")


def test_the_command_line_prints_the_same(reviewed: Sitting) -> None:
    with reviewed.store.reader() as reader:
        assert metrics_report(reader) == full_report(reader)


def test_labels_of_merged_classes_are_one(reviewed: Sitting) -> None:
    with reviewed.store.reader() as reader:
        ids = {record.name: record.id for record in reader.classes()}
    reviewed.store.submit(Priority.OTHER, lambda writer: writer.merge_class(ids["dog"], ids["cat"])).result()
    rows = document(reviewed.store)["balance"]["classes"]
    assert [(row["class"], row["annotations"]) for row in rows] == [("cat", 4), ("bird", 0)]
    assert left(reviewed.store).class_ids.tolist() == [ids["cat"]]


def test_facts_that_were_read_before_are_taken(reviewed: Sitting) -> None:
    with reviewed.store.reader() as reader:
        facts = list(read_facts(reader))
    assert document(reviewed.store, facts=facts) == document(reviewed.store)
    assert document(reviewed.store, facts=facts[:1])["frames_decided"] == 1


def test_an_undone_decision_is_not_in_it(reviewed: Sitting) -> None:
    reviewed.undo()
    found = document(reviewed.store)
    assert (found["frames_decided"], found["estimates"]["left"]["candidates"]) == (2, 4)


# ------------------------------------------------------------------------------------------------ too few data
@pytest.mark.parametrize("proposals", [(None, None), (USUAL, ())], ids=["unpredicted", "predicted"])
def test_a_project_without_a_decision_has_every_section(
    proposals: tuple[tuple[Proposal, ...] | None, ...], open_store: OpenStore
) -> None:
    found = document(open_store(*proposals))
    assert found.keys() >= SECTIONS
    assert found["frames_decided"] == 0
    for name in ("by_session", "by_round", "by_reason", "by_size", "by_place", "hypotheses", "notes"):
        assert found[name] == []
    assert found["estimates"]["whole"]["edit_rate"] is found["frames_per_hour"] is found["calibration"]["gap"] is None
    assert found["stop"]["frames_left"] == len(proposals)


def test_a_folder_without_frames(tmp_path: Path) -> None:
    with Store.open(tmp_path / "empty.autoanno", root=tmp_path) as store:
        found = document(store)
    assert found.keys() >= SECTIONS
    assert (found["frames_total"], found["stop"]["frames_left"], found["balance"]["classes"]) == (0, 0, [])


def test_one_frame(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[USUAL])
    sitting.accept()
    found = document(sitting.store)
    assert (found["edit_rate"], found["estimates"]["left"]["candidates"]) == (0.0, 0)
    assert found["estimates"]["whole"]["edit_rate"] == 0.0
    assert found["stop"]["sentence"] == "Every frame that can be decided is decided."


# ------------------------------------------------------------------------------------------------ candidates left
def test_candidates_left_are_those_above_the_thresholds_of_frames_without_a_decision(open_store: OpenStore) -> None:
    store = open_store(USUAL, (SURE, SURE), None, (UNSURE, GHOST))
    with store.reader() as reader:
        cat, dog, bird = (record.id for record in reader.classes())
        found = candidates_left(reader)
    assert found.class_ids.tolist() == [cat, dog]
    expected = {(cat, 0.9): 3, (dog, 0.6): 2}
    for (class_id, confidence), count in expected.items():
        row = found.counts[found.class_ids.tolist().index(class_id)]
        assert (row[confidence_bin(confidence)], row.sum()) == (count, count)
    lower = Thresholds(0.95, per_class=((bird, 0.25),))
    store.submit(Priority.OTHER, lambda writer: writer.set_thresholds(lower)).result()
    found = left(store)
    assert (found.class_ids.tolist(), int(found.counts.sum())) == ([bird], 2)


def test_a_frame_that_was_put_off_is_left(sitting: Sitting) -> None:
    sitting.defer()
    sitting.accept()
    assert left(sitting.store).counts.sum() == 6
    assert document(sitting.store)["stop"]["frames_left"] == 3


def test_an_index_that_is_kept_already_is_enough(reviewed: Sitting) -> None:
    with reviewed.store.reader() as reader:
        keeper = QueueKeeper(reader)
        keeper.update(News(everything=True))
        found = candidates_left(reader, keeper.index)
    assert found.counts.shape == (2, BINS)
    assert found.counts.tolist() == left(reviewed.store).counts.tolist()
    assert document(reviewed.store, left=found) == document(reviewed.store)


# ------------------------------------------------------------------------------------------------ events
def test_planted_checks_that_were_recorded_are_reported(reviewed: Sitting) -> None:
    body = {"alteration": "shifted", "passed_over": False, "objects": 4, "kept": 3}
    record(reviewed.store, "check", caught=True, **body)
    record(reviewed.store, "check", caught=False, **body)
    found = document(reviewed.store)["checks"]
    assert (found["planted"], found["caught"], found["catch_rate"]) == (2, 1, 0.5)
    assert found["self_agreement"] == 6 / 8


def test_guards_are_off_in_small_folders_and_when_the_user_wants_none(open_store: OpenStore) -> None:
    small, large = open_store(*[()] * (LEAST_FRAMES - 1)), open_store(*[()] * LEAST_FRAMES)
    assert not document(small)["checks"]["enabled"]
    assert document(large)["checks"]["enabled"]
    assert not document(large, checks=False)["checks"]["enabled"]


def test_the_guards_are_as_in_the_newest_sitting(open_store: OpenStore) -> None:
    store = open_store(*[()] * LEAST_FRAMES)
    for checks in (True, False, True, False):
        store.submit(Priority.OTHER, lambda writer, checks=checks: writer.start_session("ann", checks=checks)).result()
        assert document(store)["checks"]["enabled"] is checks


def test_a_page_of_the_contact_sheet_adds_nothing_to_a_decision_that_came_before(reviewed: Sitting) -> None:
    before = document(reviewed.store)
    page = {"objects": [{"frame": "frame_0.jpg", "seconds": 1000.0}]}
    record(reviewed.store, "contact_sheet", **page)
    assert document(reviewed.store)["by_session"] == before["by_session"]


def test_what_the_model_cost_is_the_time_it_took_to_predict(reviewed: Sitting) -> None:
    with closing(sqlite3.connect(reviewed.store.file)) as conn, conn:
        conn.execute("UPDATE run SET started = '2026-01-01T10:00:00.000+00:00'")
        conn.execute("UPDATE run_frame SET finished = '2026-01-01T10:00:07.000+00:00'")
    # The first of its four frames took 7 s, the others none.
    assert document(reviewed.store)["roi"]["setup_seconds"] == pytest.approx(7.0, abs=1e-3)


def test_a_noted_hypothesis_is_reported(reviewed: Sitting) -> None:
    record(reviewed.store, "hypothesis", session="s", reviewer="ann", round=1, text="Fog", code=None, edit_rate=0.25)
    (found,) = document(reviewed.store)["hypothesis_notes"]
    assert (found["text"], found["round"], found["now"], found["verdict"]) == ("Fog", 1, None, "too_early")
    assert found["wall_clock"].startswith("20")


def test_a_failed_frame_is_not_left(made: MadeProject) -> None:
    (made.folder / "frame_3.jpg").write_bytes(b"")
    with Store.open(made.file) as store:
        for block in scan_folder(made.folder):
            store.submit(Priority.OTHER, lambda writer, block=block: writer.add_frames(block)).result()
        with store.reader() as reader:
            assert reader.counts()[FrameState.FAILED] == 1
        found = document(store)
    assert (found["stop"]["frames_left"], found["balance"]["failed"]) == (3, 1)
    assert found["estimates"]["left"]["candidates"] == 6


def test_only_what_the_newest_model_can_name_is_known_to_it(reviewed: Sitting) -> None:
    """Its classes are cat, dog and bird; the reviewer adds a fourth, and renames the one that stands for bird."""
    reviewed.settle()
    with reviewed.store.reader() as reader:
        ids = {record.name: record.id for record in reader.classes()}
    owl = reviewed.store.submit(Priority.OTHER, lambda w: w.add_class("owl")).result().id
    reviewed.store.submit(Priority.OTHER, lambda w: w.rename_class(ids["bird"], "gull")).result()
    with reviewed.store.reader() as reader:
        known = known_classes(reader, {record.id: record for record in reader.classes()})
    assert known == {ids["cat"], ids["dog"], ids["bird"]}
    assert owl not in known


def test_a_class_that_is_named_as_one_of_the_models_is_known_to_it_before_it_was_met(reviewed: Sitting) -> None:
    """Bird is left out by choice: its name is what tells."""
    reviewed.settle()
    with reviewed.store.reader() as reader:
        ids = {record.name: record.id for record in reader.classes()}
        (weights_hash,) = reader.rounds()
    reviewed.store.submit(Priority.OTHER, lambda w: w.set_class_map(weights_hash, {2: None})).result()
    with reviewed.store.reader() as reader:
        known = known_classes(reader, {record.id: record for record in reader.classes()})
    assert ids["bird"] in known


def test_what_only_an_earlier_model_could_name_is_not_known(reviewed: Sitting) -> None:
    reviewed.settle()
    cats = RunSettings(replace(MODEL, weights_hash="b" * 64, name="next.pt", classes=("cat",)), (640, 640))
    reviewed.store.submit(Priority.OTHER, lambda writer: writer.start_run(cats, device="cpu")).result()
    with reviewed.store.reader() as reader:
        records = {record.id: record for record in reader.classes()}
        known = known_classes(reader, records)
    assert {records[class_id].name for class_id in known} == {"cat"}


def test_two_models_of_one_name_are_told_apart(sit_down: Sit, made: MadeProject) -> None:
    """As training names each one best.pt."""
    sitting = sit_down(made)
    sitting.accept()
    sitting.close()
    again = RunSettings(replace(MODEL, weights_hash="b" * 64), (640, 640))
    with Store.open(made.file) as store:
        run = store.submit(Priority.OTHER, lambda writer: writer.start_run(again, device="cpu")).result()
        with store.reader() as reader:
            later = reader.frame_by_path("frame_1.jpg")
        assert later is not None
        results = [FrameResult(later.id, predictions((SURE,)))]
        store.submit(Priority.OTHER, lambda writer: writer.record_results(run, results)).result()
    sitting = sit_down(made)
    sitting.go_to(1)
    sitting.session.objects.reject()
    sitting.accept()
    sitting.accept()  # nothing is left on it: Space asks once
    sitting.settle()
    found = document(sitting.store)
    rows = {row["model"]: (row["candidates_shown"], row["edit_rate"]) for row in found["by_model"]}
    assert rows == {"test.pt": (2, 0.0), "test.pt (round 2)": (1, 1.0)}
    assert [(row["round"], row["candidates_shown"]) for row in found["by_round"]] == [(1, 2), (2, 1)]
