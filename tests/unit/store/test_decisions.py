"""Decisions: what goes in comes out, and what follows from them."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.records import (
    DecisionKind,
    FrameState,
    How,
    PresentationMode,
    Thresholds,
    Timing,
    Verdict,
    VerdictKind,
)
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from tests.unit.store.builders import add, decide, decision, predict, revoke, verdict


@pytest.fixture
def class_id(store: Store) -> int:
    return store.submit(Priority.OTHER, lambda writer: writer.add_class("car")).result().id


def draft(store: Store, frame_id: int, body: bytes | None) -> None:
    store.submit(Priority.DRAFT, lambda writer: writer.save_draft(frame_id, body)).result()


def test_a_decision_comes_back_exactly(store: Store, reader: Reader, class_id: int) -> None:
    frame = add(store, "a.jpg")[0]
    run_frame_id = predict(store, [frame.id], (0, 0.9), (3, 0.8), (1, 0.3), (2, 0.1))[0]
    made = replace(
        decision(frame.id, DecisionKind.EDITED, run_frame_id=run_frame_id, shown=(3, 0)),
        mode=PresentationMode.HAND,
        verdicts=(
            Verdict(VerdictKind.EDITED, How.OBJECT, 3, class_id, Box(0.1, -2.5, 1e9 / 3, 7.25), True, 0.1 + 0.2),
            Verdict(VerdictKind.REJECTED, How.THRESHOLD, 0, class_id, None),
            Verdict(VerdictKind.PROMOTED, How.OBJECT, 2, class_id, Box(1.0, 2.0, 3.0, 4.0), False, 1.0),
            Verdict(VerdictKind.ADDED, How.OBJECT, None, class_id, Box(0.0, 0.0, 0.0, 0.0)),
            Verdict(VerdictKind.ACCEPTED, How.FRAME, 1, class_id, Box(5.0, 5.0, 6.0, 6.0), False, 0.99),
        ),
        thresholds=Thresholds(1 / 3, ((class_id, 0.7), (9, 0.05)), 0.05),
        timing=Timing(1e6 / 7, 1e6 / 7 + 0.1, 1e6 / 6, 2 / 3, "2026-03-01T10:00:00.123456+00:00"),
        reviewer="Zoë 日本",
        width=1920,
        height=1080,
    )
    decide(store, made)
    assert reader.decision(frame.id) == made
    assert reader.frame(frame.id).state is FrameState.EDITED
    assert reader.frame(frame.id).run_frame_id == run_frame_id


def test_recording_twice_records_once(store: Store, reader: Reader, class_id: int) -> None:
    frame, other = add(store, "a.jpg", "b.jpg")
    made = decision(frame.id, DecisionKind.EDITED, verdict(class_id), verdict(class_id, VerdictKind.ADDED))
    first = decide(store, made)
    assert decide(store, made) == first
    assert len(list(reader.decisions())) == 1
    assert len(next(iter(reader.labelled_frames())).annotations) == 2
    with pytest.raises(ValueError, match="another frame"):
        decide(store, replace(made, frame_id=other.id))
    revoke(store, made)
    decide(store, made)  # a late repetition does not bring back what was revoked since
    assert reader.decision(frame.id) is None


def test_a_decision_is_recorded_whole_or_not_at_all(store: Store, reader: Reader, class_id: int) -> None:
    frame = add(store, "a.jpg")[0]
    draft(store, frame.id, b"half")
    good = verdict(class_id)
    for bad, error in (
        (replace(good, geometry=None), ValueError),
        (replace(good, class_id=99), sqlite3.IntegrityError),
    ):
        with pytest.raises(error):
            decide(store, decision(frame.id, DecisionKind.EDITED, good, bad))
    assert reader.decision(frame.id) is None
    assert reader.frame(frame.id).state is FrameState.UNDECIDED
    assert reader.draft(frame.id) == b"half"
    assert not reader.classes()[0].used
    with closing(sqlite3.connect(store.file)) as conn:
        for table in ("decision", "verdict", "annotation", "session"):
            assert conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_a_decision_over_predictions_that_do_not_exist_is_a_bug(store: Store, reader: Reader, class_id: int) -> None:
    frame, empty = add(store, "a.jpg", "b.jpg")
    two, none = predict(store, [frame.id], (0, 0.9), (0, 0.8))[0], predict(store, [empty.id])[0]
    for bad in (
        decision(frame.id, DecisionKind.EDITED, verdict(class_id, prediction=2), run_frame_id=two),
        decision(frame.id, DecisionKind.EDITED, verdict(class_id, prediction=-1), run_frame_id=two),
        decision(frame.id, DecisionKind.ACCEPTED, shown=(0, 1, 2), run_frame_id=two),
        decision(frame.id, DecisionKind.EDITED, verdict(class_id, prediction=0)),
        decision(empty.id, DecisionKind.EDITED, verdict(class_id, prediction=0), run_frame_id=none),
        decision(empty.id, DecisionKind.EDITED, verdict(class_id, prediction=0), run_frame_id=two),
    ):
        with pytest.raises(ValueError, match="names predictions that do not exist"):
            decide(store, bad)
    twice = verdict(class_id, prediction=0), verdict(class_id, VerdictKind.REJECTED, prediction=0)
    with pytest.raises(ValueError, match="judges one prediction twice"):
        decide(store, decision(frame.id, DecisionKind.EDITED, *twice, run_frame_id=two))
    decide(
        store, decision(frame.id, DecisionKind.EDITED, verdict(class_id, prediction=1), run_frame_id=two, shown=(0,))
    )
    assert len(list(reader.decisions())) == 1


@pytest.mark.parametrize("kind", DecisionKind)
def test_each_kind_of_decision_sets_the_state(store: Store, reader: Reader, kind: DecisionKind) -> None:
    frame = add(store, "a.jpg")[0]
    made = decision(frame.id, kind)
    decide(store, made)
    assert reader.frame(frame.id).state is kind.state
    assert reader.counts()[kind.state] == 1
    revoke(store, made)
    assert reader.frame(frame.id).state is FrameState.UNDECIDED


def test_revoking_falls_back_to_the_decision_before(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    rejected, labelled, edited = (
        decision(frame.id, kind) for kind in (DecisionKind.REJECTED, DecisionKind.HAND_LABELLED, DecisionKind.EDITED)
    )
    for made in (rejected, labelled, edited):
        decide(store, made)
    assert reader.decision(frame.id) == edited
    revoke(store, labelled)
    assert reader.decision(frame.id) == edited
    revoke(store, edited)
    revoke(store, edited)  # idempotent
    assert reader.decision(frame.id) == rejected
    assert reader.frame(frame.id).state is FrameState.REJECTED
    revoke(store, rejected)
    assert reader.decision(frame.id) is None
    with pytest.raises(LookupError):
        revoke(store, decision(frame.id))


def test_the_state_of_a_frame_with_an_error(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    made = decision(frame.id, DecisionKind.ACCEPTED)
    decide(store, made)
    store.submit(Priority.OTHER, lambda w: w.set_frame_error(frame.id, FrameErrorCode.DAMAGED, "Damaged.")).result()
    assert reader.frame(frame.id).state is FrameState.ACCEPTED
    assert reader.frame(frame.id).error is FrameErrorCode.DAMAGED
    revoke(store, made)
    assert reader.frame(frame.id).state is FrameState.FAILED
    decide(store, decision(frame.id, DecisionKind.DEFERRED))
    assert reader.frame(frame.id).state is FrameState.DEFERRED


def test_drafts_live_until_the_frame_is_decided(store: Store, reader: Reader) -> None:
    frame, other = add(store, "a.jpg", "b.jpg")
    for body in (b"one", b"\x00\xfftwo"):
        draft(store, frame.id, body)
        assert reader.draft(frame.id) == body
    draft(store, other.id, b"other")
    decide(store, decision(frame.id, DecisionKind.DEFERRED))
    assert reader.draft(frame.id) == b"\x00\xfftwo"  # put off with what was done so far
    decide(store, decision(frame.id, DecisionKind.ACCEPTED))
    assert reader.draft(frame.id) is None
    assert reader.draft(other.id) == b"other"
    draft(store, other.id, None)
    assert reader.draft(other.id) is None


def test_notes(store: Store, reader: Reader) -> None:
    frame, other = add(store, "a.jpg", "b.jpg")
    for text in ("look again", "Zoë: no", ""):
        store.submit(Priority.OTHER, lambda writer, text=text: writer.set_note(frame.id, text)).result()
        assert reader.note(frame.id) == text
        assert reader.note(other.id) == ""


def test_what_an_export_takes(store: Store, reader: Reader, class_id: int) -> None:
    frames = add(store, *[f"{n}.jpg" for n in range(8)])
    accepted, empty, by_hand, rejected, deferred, revoked, failed, _undecided = frames
    run_frame_id = predict(store, [accepted.id], (0, 0.9), (1, 0.3))[0]
    decide(
        store,
        decision(
            accepted.id,
            DecisionKind.EDITED,
            verdict(class_id, VerdictKind.EDITED, prediction=1, x=4.0),
            verdict(class_id, VerdictKind.REJECTED, prediction=0),
            verdict(class_id, VerdictKind.ADDED, x=9.0),
            run_frame_id=run_frame_id,
        ),
    )
    decide(store, replace(decision(empty.id, DecisionKind.ACCEPTED), reviewer="Bo", width=640, height=480))
    decide(store, decision(by_hand.id, DecisionKind.REJECTED))
    decide(store, decision(by_hand.id, DecisionKind.HAND_LABELLED, verdict(class_id, VerdictKind.ADDED)))
    decide(store, decision(rejected.id, DecisionKind.ACCEPTED, verdict(class_id, VerdictKind.ADDED)))
    decide(store, decision(rejected.id, DecisionKind.REJECTED, verdict(class_id, VerdictKind.ADDED)))
    decide(store, decision(deferred.id, DecisionKind.DEFERRED))
    undone = decision(revoked.id, DecisionKind.ACCEPTED, verdict(class_id, VerdictKind.ADDED))
    decide(store, undone)
    revoke(store, undone)
    store.submit(Priority.OTHER, lambda w: w.set_frame_error(failed.id, FrameErrorCode.DAMAGED, "Damaged.")).result()

    exported = list(reader.labelled_frames())
    assert [(item.frame.id, len(item.annotations)) for item in exported] == [
        (accepted.id, 2),
        (empty.id, 0),
        (by_hand.id, 1),
    ]
    edited, drawn = exported[0].annotations
    assert edited.geometry == Box(4.0, 0.2, 4.0 + 1 / 3, 1000.7)
    assert (edited.kind, edited.confidence, edited.model) == (VerdictKind.EDITED, float(np.float32(0.3)), "yolo.pt")
    assert (drawn.kind, drawn.confidence, drawn.model) == (VerdictKind.ADDED, None, None)
    assert (drawn.reviewer, drawn.decided_at) == ("Ada", "2026-03-01T10:00:00.123+00:00")
    when = "2026-03-01T10:00:00.123+00:00"
    assert [(item.reviewer, item.decided_at, item.width, item.height) for item in exported] == [
        ("Ada", when, 0, 0),
        ("Bo", when, 640, 480),
        ("Ada", when, 0, 0),
    ]
    assert sum(reader.counts().values()) == 8


def test_a_labelled_frame_whose_file_is_gone_says_so(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    decide(store, decision(frame.id))
    store.submit(Priority.OTHER, lambda w: w.mark_missing(set())).result()
    exported = list(reader.labelled_frames())
    assert exported[0].frame.error is FrameErrorCode.MISSING
    assert not exported[0].frame.usable


def test_many_labelled_frames_come_in_natural_order(store: Store, reader: Reader, class_id: int) -> None:
    names = [f"f{n}.jpg" for n in range(1030)]
    frames = add(store, *names)

    def work(writer: object) -> None:
        for frame in frames:
            made = decision(frame.id, DecisionKind.ACCEPTED, verdict(class_id, VerdictKind.ADDED, x=float(frame.id)))
            writer.record_decision(made)  # type: ignore[attr-defined]

    store.submit(Priority.OTHER, lambda w: w.ledger.execute("PRAGMA synchronous = OFF")).result()
    store.submit(Priority.OTHER, work).result()
    exported = list(reader.labelled_frames())
    assert [item.frame.path for item in exported] == names
    assert all(item.annotations[0].geometry.x1 == float(item.frame.id) for item in exported)
    assert [entry.decision.frame_id for entry in reader.decisions()] == [frame.id for frame in frames]


def test_the_ledger_as_the_metrics_need_it(store: Store, reader: Reader, class_id: int) -> None:
    one, two, three = add(store, "a.jpg", "b.jpg", "c.jpg")
    run_frame_id = predict(store, [one.id], (0, 0.9), (1, 0.3))[0]
    put_off = decision(one.id, DecisionKind.DEFERRED, run_frame_id=run_frame_id)
    first = decision(
        one.id, DecisionKind.ACCEPTED, verdict(class_id, prediction=0), run_frame_id=run_frame_id, shown=(0,)
    )
    alone = replace(decision(two.id, DecisionKind.REJECTED), width=1280, height=720)
    mistake = decision(three.id, DecisionKind.ACCEPTED)
    second = decision(one.id, DecisionKind.EDITED, run_frame_id=run_frame_id)
    corrected = decision(three.id, DecisionKind.EDITED)
    for made in (put_off, first, alone, mistake, second, corrected):
        decide(store, made)
    revoke(store, mistake)

    entries = list(reader.decisions())
    assert [entry.decision for entry in entries] == [put_off, first, alone, second, corrected]
    assert (entries[2].decision.width, entries[2].decision.height) == (1280, 720)
    assert [entry.path for entry in entries] == ["a.jpg", "a.jpg", "b.jpg", "a.jpg", "c.jpg"]
    assert [entry.first for entry in entries] == [False, True, True, False, True]
    assert [entry.adopted for entry in entries] == [False, False, True, True, True]
    judged = entries[1].predictions
    assert judged is not None
    assert judged.confidences.tolist() == [float(np.float32(0.9)), float(np.float32(0.3))]
    assert (entries[1].model, entries[1].weights_hash) == ("yolo.pt", "hash-a")
    assert (entries[2].predictions, entries[2].model, entries[2].weights_hash) == (None, None, None)


def test_settings_sessions_events_and_splits(store: Store, reader: Reader) -> None:
    frames = add(store, "a.jpg", "b.jpg", "c.jpg")

    def do(work: object) -> object:
        return store.submit(Priority.OTHER, work).result()  # type: ignore[arg-type]

    assert reader.setting("a") is None
    assert reader.setting("a", "b") == "b"
    do(lambda w: w.set_setting("a", "1"))
    do(lambda w: w.set_setting("a", "2"))
    assert reader.setting("a", "b") == "2"
    assert reader.thresholds() == Thresholds()
    thresholds = Thresholds(0.1 + 0.2, ((1, 0.4), (3, 1 / 3)), 0.2)
    do(lambda w: w.set_thresholds(thresholds))
    assert reader.thresholds() == thresholds

    do(lambda w: w.assign_splits({frames[0].id: "train", frames[1].id: "val"}))
    do(lambda w: w.assign_splits({frames[1].id: "test"}))
    assert reader.splits() == {frames[0].id: "train", frames[1].id: "test"}
    with pytest.raises(sqlite3.IntegrityError):
        do(lambda w: w.assign_splits({frames[0].id: "training"}))

    session = do(lambda w: w.start_session("Ada"))
    assert isinstance(session, str)
    decide(store, decision(frames[0].id, session_uuid=session))
    do(lambda w: w.end_session(session))
    do(lambda w: w.record_event("export", {"frames": 3, "out": "/tmp/é"}))
    with closing(sqlite3.connect(store.file)) as conn:
        sessions = conn.execute("SELECT uuid, reviewer, ended >= started FROM session").fetchall()
        assert sessions == [(session, "Ada", 1)]
        events = conn.execute("SELECT kind, body FROM event ORDER BY id").fetchall()
    assert [(kind, json.loads(body)) for kind, body in events] == [
        ("session", {"session": session, "checks": False}),
        ("export", {"frames": 3, "out": "/tmp/é"}),
    ]


# ---------------------------------------------------------------------------------------------------- the cache
PATHS = ("a.jpg", "b.jpg", "c.jpg")
FRAME = st.integers(0, len(PATHS) - 1)
STEP = st.one_of(
    st.tuples(st.just("decide"), FRAME, st.sampled_from(DecisionKind)),
    st.tuples(st.just("revoke"), st.integers(0, 30)),
    st.tuples(st.just("error"), FRAME, st.booleans()),
    st.tuples(st.just("scan"), FRAME, st.integers(1, 2)),
    st.tuples(st.just("predict"), FRAME, st.booleans()),
)


class Expected:
    """The rules once more, in plain words."""

    def __init__(self) -> None:
        self.made: list[tuple[int, DecisionKind, str]] = []
        self.revoked: set[str] = set()
        self.error = [False] * len(PATHS)
        self.size = [1] * len(PATHS)
        self.predicted: list[list[tuple[int, int]]] = [[] for _ in PATHS]

    def state(self, at: int) -> FrameState:
        standing = [kind for frame, kind, uuid in self.made if frame == at and uuid not in self.revoked]
        if standing:
            return standing[-1].state
        return FrameState.FAILED if self.error[at] else FrameState.UNDECIDED

    def run_frame(self, at: int) -> int | None:
        fresh = [run_frame_id for size, run_frame_id in self.predicted[at] if size == self.size[at]]
        return fresh[-1] if fresh else None


@settings(max_examples=25, deadline=None, database=None)
@given(st.lists(STEP, min_size=1, max_size=25))
def test_the_cache_follows_the_ledger(steps: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "p.autoanno")
        with Store.open(file, root=file.parent) as store, store.reader() as reader:
            store.submit(Priority.OTHER, lambda w: w.ledger.execute("PRAGMA synchronous = OFF")).result()
            ids = [frame.id for frame in add(store, *PATHS, size=1)]
            expected = Expected()
            for step in steps:
                _take(store, ids, expected, step)
            actual = [(frame.state, frame.run_frame_id) for block in reader.frames() for frame in block]
            assert actual == [(expected.state(at), expected.run_frame(at)) for at in range(len(PATHS))]

            def rebuild() -> int:
                return store.submit(Priority.OTHER, lambda w: w.rebuild_frame_state()).result()

            assert rebuild() == 0
            store.submit(Priority.OTHER, _spoil).result()
            assert rebuild() == 2
            assert [(frame.state, frame.run_frame_id) for block in reader.frames() for frame in block] == actual


def _spoil(writer: object) -> None:
    conn = writer.ledger  # type: ignore[attr-defined]
    conn.execute("UPDATE frame_state SET state = 'wrong' WHERE frame_id = 1")
    conn.execute("DELETE FROM frame_state WHERE frame_id = 2")


def _take(store: Store, ids: list[int], expected: Expected, step: tuple[object, ...]) -> None:
    match step:
        case ("decide", int(at), DecisionKind() as kind):
            made = decision(ids[at], kind)
            decide(store, made)
            expected.made.append((at, kind, made.uuid))
        case ("revoke", int(number)) if expected.made:
            uuid = expected.made[number % len(expected.made)][2]
            store.submit(Priority.DECISION, lambda w: w.revoke_decision(uuid, reason="")).result()
            expected.revoked.add(uuid)
        case ("error", int(at), bool(broken)):
            if broken:
                work = lambda w: w.set_frame_error(ids[at], FrameErrorCode.DAMAGED, "Damaged.")  # noqa: E731
            else:
                work = lambda w: w.mark_missing({ids[other] for other in range(len(ids)) if other != at})  # noqa: E731
                expected.error = [False if e == "missing" else e for e in expected.error]  # type: ignore[misc]
            store.submit(Priority.OTHER, work).result()
            expected.error[at] = True if broken else "missing"  # type: ignore[call-overload]
        case ("scan", int(at), int(size)):
            add(store, PATHS[at], size=size)
            if size != expected.size[at] or expected.error[at] == "missing":
                expected.error[at] = False
            expected.size[at] = size
        case ("predict", int(at), bool(works)):
            if works:
                run_frame_id = predict(store, [ids[at]], (0, 0.9))[0]
                assert run_frame_id is not None
                expected.predicted[at].append((expected.size[at], run_frame_id))
                expected.error[at] = False


def test_a_merged_decision_counts_for_the_figures_only_where_none_was_made_here(store: Store, reader: Reader) -> None:
    both, merged_only = add(store, "a.jpg", "b.jpg")
    for frame in (both, merged_only):
        decide(store, replace(decision(frame.id, DecisionKind.REJECTED), origin="another project"))
    assert [(entry.path, entry.first, entry.adopted) for entry in reader.decisions()] == [
        ("a.jpg", True, True),
        ("b.jpg", True, True),
    ]
    mine = decision(both.id)
    decide(store, mine)
    assert [(entry.path, entry.first, entry.adopted) for entry in reader.decisions()] == [
        ("a.jpg", False, False),
        ("b.jpg", True, True),
        ("a.jpg", True, True),
    ]
    revoke(store, mine)
    assert [entry.first for entry in reader.decisions()] == [True, True]
