"""A sample handed over to a second reviewer and merged back: real project files, crashes, and a second merge."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from autoanno_gui.core.errors import KnownError, ProjectError
from autoanno_gui.core.predictions import FrameResult, RunSettings
from autoanno_gui.core.records import DecisionKind, FrameState, Progress, VerdictKind
from autoanno_gui.review.comparison import within
from autoanno_gui.review.hand_over import HandedOver, Merged, hand_over, merge_back
from autoanno_gui.review.scan_job import scan_job
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store, open_report
from tests.projects import MODEL, USUAL, MadeProject, draw_frames, make_project, predictions
from tests.unit.review.agreement_kit import LEFT, MIDDLE, RIGHT, Hand, compared, dump

T = TypeVar("T")
NAMES = tuple(f"frame_{number}.jpg" for number in range(20))


def run(steps: Generator[Progress, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    """Twenty frames: more than one transaction of a merge."""
    return make_project(tmp_path, [USUAL] * 20)


@pytest.fixture
def store(made: MadeProject) -> Iterator[Store]:
    with Store.open(made.file) as opened:
        yield opened


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return tmp_path / "for_ben.autoanno"


def hand(store: Store, sample: Path, *names: str) -> HandedOver:
    return run(hand_over(store.file, sample, paths=names or NAMES))


def state(reader: Reader, name: str) -> FrameState:
    return next(frame.state for block in reader.frames() for frame in block if frame.path == name)


def labels(reader: Reader, name: str) -> list[str]:
    names = {record.id: record.name for record in reader.classes()}
    return [names[a.class_id] for one in reader.labelled_frames() if one.frame.path == name for a in one.annotations]


def rows(file: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as conn:
        return conn.execute(sql).fetchall()


# ---------------------------------------------------------------------------------------------------- handing over
class TestHandOver:
    def test_it_holds_predictions_and_thresholds_but_no_decision(self, store: Store, sample: Path) -> None:
        ann = Hand(store, "ann")
        ann.label(NAMES[2], [("cat", LEFT)], judged={0: VerdictKind.ACCEPTED})
        frame = ann._frames[NAMES[3]]
        for write in (
            lambda w: w.save_draft(frame.id, b"half done"),
            lambda w: w.set_note(frame.id, "look here"),
            lambda w: w.record_event("check", {"caught": True}),
        ):
            store.submit(Priority.OTHER, write).result()
        found = hand(store, sample, NAMES[2], NAMES[3], "nowhere.jpg")
        assert (found.frames, found.unknown) == (2, ("nowhere.jpg",))
        for table in ("decision", "verdict", "annotation", "revocation", "draft", "note", "event", "session", "split"):
            assert rows(sample, f"SELECT * FROM {table}") == []
        with open_report(sample) as theirs, store.reader() as ours:
            assert [(f.path, f.state) for block in theirs.frames() for f in block] == [
                (NAMES[2], FrameState.UNDECIDED),
                (NAMES[3], FrameState.UNDECIDED),
            ]
            assert theirs.root() == ours.root()
            assert theirs.thresholds() == ours.thresholds()
            assert theirs.class_uuids() == ours.class_uuids()
            assert theirs.models() == ours.models()
            assert theirs.setting("project_uuid") != ours.setting("project_uuid")
            assert theirs.setting("sample_of") == ours.setting("project_uuid")
            assert theirs.integrity() == []
        for sql in ("SELECT uuid FROM run_frame", "SELECT hex(boxes), hex(confidences) FROM prediction"):
            assert set(rows(sample, sql)) <= set(rows(store.file, sql))
        assert len(rows(sample, "SELECT * FROM prediction")) == 2
        assert rows(sample, "PRAGMA foreign_key_check") == []

    def test_the_project_itself_is_only_read(self, store: Store, sample: Path) -> None:
        before = dump(store.file)
        hand(store, sample)
        assert dump(store.file) == before

    def test_a_judged_prediction_goes_along_and_not_a_newer_one(self, store: Store, sample: Path) -> None:
        Hand(store, "ann").label(NAMES[0], [], judged={0: VerdictKind.ACCEPTED})
        (judged,) = rows(store.file, "SELECT uuid FROM run_frame WHERE frame_id = 1")
        other = RunSettings(replace(MODEL, weights_hash="b" * 64), (640, 640))
        run_id = store.submit(Priority.OTHER, lambda w: w.start_run(other, device="cpu")).result()
        newer = [FrameResult(1, predictions(USUAL[:1]))]
        store.submit(Priority.OTHER, lambda w: w.record_results(run_id, newer)).result()
        assert len(rows(store.file, "SELECT uuid FROM run_frame WHERE frame_id = 1")) == 2
        hand(store, sample, NAMES[0])
        assert rows(sample, "SELECT uuid FROM run_frame") == [judged]

    def test_a_sample_is_drawn_from_what_is_labelled(self, store: Store, sample: Path, tmp_path: Path) -> None:
        with pytest.raises(KnownError, match="label some first"):
            run(hand_over(store.file, sample))
        ann = Hand(store, "ann")
        for name in NAMES[:10]:
            ann.label(name, [("cat", LEFT)])
        ann.label(NAMES[10], [], kind=DecisionKind.REJECTED)
        drawn = []
        for seed in (1, 1, 2):
            target = tmp_path / f"sample_{len(drawn)}.autoanno"
            assert run(hand_over(store.file, target, size=4, seed=seed)).frames == 4
            with open_report(target) as reader:
                drawn.append([frame.path for block in reader.frames() for frame in block])
        assert drawn[0] == drawn[1] != drawn[2]
        assert all(set(paths) < set(NAMES[:10]) for paths in drawn)
        assert run(hand_over(store.file, tmp_path / "all.autoanno", size=99)).frames == 10

    def test_nothing_is_written_over(self, store: Store, sample: Path) -> None:
        sample.write_bytes(b"something")
        with pytest.raises(ProjectError, match="exists already"):
            hand(store, sample)
        assert sample.read_bytes() == b"something"
        assert {file.name for file in sample.parent.iterdir() if "for_ben" in file.name} == {"for_ben.autoanno"}

    def test_a_folder_that_is_not_there_is_named(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(ProjectError, match=r"sample\.autoanno"):
            hand(store, tmp_path / "nowhere" / "sample.autoanno")

    def test_it_takes_no_other_frames_of_the_folder(self, store: Store, sample: Path, made: MadeProject) -> None:
        hand(store, sample, NAMES[1], NAMES[2])
        draw_frames(made.folder, ["another.jpg"])
        with Store.open(sample) as theirs:
            found = [frame.path for block in scan_job(theirs, made.folder) for frame in block]
            assert found == [NAMES[1], NAMES[2]]
            with theirs.reader() as reader:
                assert reader.frame_count() == 2
        assert len([frame for block in scan_job(store, made.folder) for frame in block]) == 21


# ---------------------------------------------------------------------------------------------------- merging back
class TestMergeBack:
    @pytest.fixture
    def theirs(self, store: Store, sample: Path) -> Path:
        """What Ann labelled of the first frame, and Ben of all: the odd ones with a class of his own."""
        Hand(store, "ann").label(NAMES[0], [("cat", LEFT)])
        hand(store, sample)
        with Store.open(sample) as opened:
            ben = Hand(opened, "ben")
            for number, name in enumerate(NAMES):
                ben.label(name, [("dog" if number % 2 == 0 else "fox", RIGHT)], judged={0: VerdictKind.REJECTED})
        return sample

    def test_undecided_frames_adopt_it_and_what_was_decided_here_stays(self, store: Store, theirs: Path) -> None:
        found = run(merge_back(store, theirs))
        assert (found.merged, found.known, found.left_out, found.reviewers) == (20, 0, [], ("ben",))
        with store.reader() as reader, open_report(theirs) as other:
            assert labels(reader, NAMES[0]) == ["cat"], "a merged decision never replaces one made here"
            assert [labels(reader, name) for name in NAMES[1:3]] == [["fox"], ["dog"]]
            assert state(reader, NAMES[5]) is FrameState.EDITED
            origins = {entry.decision.origin for entry in reader.decisions()}
            assert origins == {"", other.setting("project_uuid")}
            first = next(e.decision for e in reader.decisions() if e.decision.reviewer == "ben")
            assert first.shown == (0,)
            assert first.thresholds.per_class == ((_class_id(reader, "cat"), 0.4),)
        assert rows(store.file, "PRAGMA foreign_key_check") == []
        assert store.submit(Priority.OTHER, lambda writer: writer.rebuild_frame_state()).result() == 0

    def test_twice_is_as_good_as_once(self, store: Store, theirs: Path) -> None:
        run(merge_back(store, theirs))
        before = dump(store.file)
        again = run(merge_back(store, theirs))
        assert (again.merged, again.known, again.revoked, again.frame_ids) == (0, 20, 0, set())
        assert dump(store.file) == before

    def test_the_other_file_is_only_read(self, store: Store, theirs: Path) -> None:
        before = dump(theirs)
        run(merge_back(store, theirs))
        assert dump(theirs) == before

    def test_a_decision_made_here_afterwards_is_the_one_that_counts(self, store: Store, theirs: Path) -> None:
        run(merge_back(store, theirs))
        made = Hand(store, "ann").label(NAMES[4], [("bird", MIDDLE)])
        run(merge_back(store, theirs))
        with store.reader() as reader:
            assert labels(reader, NAMES[4]) == ["bird"]
        Hand(store, "ann").revoke(made)
        with store.reader() as reader:
            assert labels(reader, NAMES[4]) == ["dog"], "then the merged one holds again"

    def test_later_work_and_revocations_follow(self, store: Store, theirs: Path) -> None:
        run(merge_back(store, theirs))
        with Store.open(theirs) as opened:
            ben = Hand(opened, "ben")
            with opened.reader() as reader:
                taken_back = next(e.decision for e in reader.decisions() if e.path == NAMES[6])
            ben.revoke(taken_back)
            ben.label(NAMES[7], [("dog", LEFT), ("dog", RIGHT)])
            ben.revoke(ben.label(NAMES[8], [("cat", LEFT)]))
        found = run(merge_back(store, theirs))
        assert (found.merged, found.known, found.revoked) == (2, 20, 1)
        with store.reader() as reader:
            assert state(reader, NAMES[6]) is FrameState.UNDECIDED
            assert labels(reader, NAMES[7]) == ["dog", "dog"]
            assert labels(reader, NAMES[8]) == ["dog"]

    def test_decisions_made_here_are_never_revoked_by_a_copy(self, store: Store, tmp_path: Path) -> None:
        made = Hand(store, "ann").label(NAMES[0], [("cat", LEFT)])
        copy = tmp_path / "copy.autoanno"
        store.save_copy(copy)
        with Store.open(copy) as opened:
            Hand(opened, "ben").revoke(made)
            Hand(opened, "ben").label(NAMES[1], [("dog", LEFT)])
        found = run(merge_back(store, copy))
        assert (found.merged, found.known, found.revoked) == (1, 1, 0)
        with store.reader() as reader:
            assert labels(reader, NAMES[0]) == ["cat"]
            assert labels(reader, NAMES[1]) == ["dog"]

    def test_classes_are_told_by_their_identity(self, store: Store, theirs: Path) -> None:
        with Store.open(theirs) as opened, opened.reader() as reader:
            dog = _class_id(reader, "dog")
            opened.submit(Priority.OTHER, lambda w: w.rename_class(dog, "hound")).result()
        run(merge_back(store, theirs))
        with store.reader() as reader:
            assert labels(reader, NAMES[2]) == ["dog"]
            assert "hound" not in {record.name for record in reader.classes()}
            assert len([record for record in reader.classes() if record.name == "fox"]) == 1

    def test_a_class_merged_there_is_taken_as_what_it_became(self, store: Store, theirs: Path) -> None:
        with Store.open(theirs) as opened, opened.reader() as reader:
            fox, dog = _class_id(reader, "fox"), _class_id(reader, "dog")
            opened.submit(Priority.OTHER, lambda w: w.merge_class(fox, dog)).result()
        run(merge_back(store, theirs))
        with store.reader() as reader:
            assert labels(reader, NAMES[1]) == ["dog"]

    def test_a_draft_of_the_frame_is_kept(self, store: Store, theirs: Path) -> None:
        frame = Hand(store, "ann")._frames[NAMES[9]]
        store.submit(Priority.DRAFT, lambda w: w.save_draft(frame.id, b"half done")).result()
        run(merge_back(store, theirs))
        with store.reader() as reader:
            assert reader.draft(frame.id) == b"half done"

    def test_what_cannot_be_taken_is_named(self, store: Store, theirs: Path, tmp_path: Path) -> None:
        smaller = make_project(tmp_path, [USUAL, USUAL[:1]], name="smaller")
        with Store.open(smaller.file) as target:
            found = run(merge_back(target, theirs))
        with open_report(smaller.file) as reader:
            assert (found.merged, labels(reader, NAMES[0])) == (1, ["dog"])
        unknown = "this project does not have the frame"
        assert found.left_out[0] == (NAMES[1], "it judges predictions that this project does not have")
        assert [why for _, why in found.left_out[1:]] == [unknown] * 18
        assert found.notes[0].startswith("Its frames are in another folder")
        assert found.notes[1] == f"Left out, since {unknown}: 18."

    def test_another_picture_of_the_name_is_left_out(self, store: Store, theirs: Path) -> None:
        for file, sha in ((store.file, "a"), (theirs, "b")):
            with closing(sqlite3.connect(file, isolation_level=None)) as conn:
                conn.execute("UPDATE frame SET sha256 = ? WHERE path = ?", (sha, NAMES[3]))
        found = run(merge_back(store, theirs))
        assert found.left_out == [(NAMES[3], "its file holds another picture here")]
        assert found.merged == 19

    def test_it_is_not_merged_into_itself(self, store: Store) -> None:
        with pytest.raises(KnownError, match="the project that is open"):
            run(merge_back(store, store.file))

    def test_what_is_no_project_is_refused(self, store: Store, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("no project")
        with pytest.raises(ProjectError):
            run(merge_back(store, tmp_path / "notes.txt"))


class TestStopped:
    @pytest.fixture
    def theirs(self, store: Store, sample: Path) -> Path:
        hand(store, sample)
        with Store.open(sample) as opened:
            ben = Hand(opened, "ben")
            for name in NAMES:
                ben.label(name, [("dog", RIGHT), ("cat", LEFT)])
        return sample

    def test_a_merge_that_was_stopped_is_ended_by_merging_again(self, store: Store, theirs: Path) -> None:
        steps = merge_back(store, theirs)
        progress = [next(steps), next(steps)]
        steps.close()
        assert [one.done for one in progress] == [0, 8]
        assert rows(store.file, "SELECT count(*) FROM decision") == [(8,)]
        found = run(merge_back(store, theirs))
        assert (found.merged, found.known) == (12, 8)
        assert_whole(store)

    def test_a_fault_in_the_middle_leaves_whole_transactions(self, store: Store, theirs: Path) -> None:
        # The 11th annotation is in the second transaction, between two verdicts of one decision.
        fault = "CREATE TEMP TRIGGER fault BEFORE INSERT ON annotation WHEN (SELECT count(*) FROM annotation) = 21 "
        statement = fault + "BEGIN SELECT RAISE(ABORT, 'the disk went away'); END"
        store.submit(Priority.OTHER, lambda w: w.ledger.execute(statement).fetchall()).result()
        with pytest.raises(sqlite3.IntegrityError, match="the disk went away"):
            run(merge_back(store, theirs))
        assert rows(store.file, "SELECT count(*) FROM decision") == [(8,)]
        assert rows(store.file, "SELECT count(*) FROM annotation") == [(16,)]
        store.submit(Priority.OTHER, lambda w: w.ledger.execute("DROP TRIGGER fault").fetchall()).result()
        assert run(merge_back(store, theirs)).merged == 12
        assert_whole(store)

    def test_a_killed_merge_leaves_whole_transactions(self, store: Store, theirs: Path) -> None:
        file = store.file
        store.close()
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.review.merge_child", str(file), str(theirs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        with child:
            assert child.stdout.readline().strip() == "0"
            child.stdin.write("on\n")
            child.stdin.flush()
            assert child.stdout.readline().strip() == "8"
            child.kill()
        merged = rows(file, "SELECT count(*) FROM decision")[0][0]
        assert 8 <= merged < 20, "it was killed on the way"
        assert rows(file, "SELECT count(*) FROM annotation") == [(2 * merged,)]
        with Store.open(file) as again:
            assert run(merge_back(again, theirs)).merged == 20 - merged
            assert_whole(again)


def assert_whole(store: Store) -> None:
    assert rows(store.file, "SELECT count(*) FROM decision") == [(20,)]
    assert rows(store.file, "SELECT count(*) FROM annotation") == [(40,)]
    assert rows(store.file, "SELECT count(DISTINCT uuid) FROM verdict") == [(40,)]
    assert store.submit(Priority.OTHER, lambda writer: writer.rebuild_frame_state()).result() == 0


def test_a_merged_second_reviewer_is_compared_within_the_project(store: Store, sample: Path) -> None:
    ann = Hand(store, "ann")
    for name in NAMES[:3]:
        ann.label(name, [("cat", LEFT)])
    hand(store, sample, *NAMES[:4])
    with Store.open(sample) as opened:
        ben = Hand(opened, "ben")
        for name in NAMES[1:4]:
            ben.label(name, [("cat", LEFT), ("dog", RIGHT)])
    merged: Merged = run(merge_back(store, sample))
    assert merged.merged == 3
    with store.reader() as reader:
        found = compared(within(reader))
    assert (found["frames"], found["reviewers"]) == (2, ["ann", "ben"])
    assert found["f1_50"] == pytest.approx(2 * 2 / 6)
    assert [row["kinds"] for row in found["disagreements"]] == [{"missing": 1}] * 2


def _class_id(reader: Reader, name: str) -> int:
    return next(record.id for record in reader.classes() if record.name == name)
