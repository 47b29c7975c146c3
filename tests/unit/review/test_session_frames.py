"""Frames that arrive while the reviewer is already at work."""

from __future__ import annotations

import os
from pathlib import Path

from autoanno_gui.core.records import DecisionKind, FrameState
from autoanno_gui.core.review_objects import Role
from autoanno_gui.review.outcome import Step
from autoanno_gui.review.scan_job import scan_job
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.store_thread import Priority, Store
from tests.projects import USUAL, MadeProject, make_project


def open_session(made: MadeProject) -> tuple[Store, ReviewSession]:
    store = Store.open(made.file)
    return store, ReviewSession(store, reviewer="tester")


def test_a_state_that_was_read_before_the_decision_does_not_undo_it(tmp_path: Path) -> None:
    store, session = open_session(make_project(tmp_path))
    with store, store.reader() as reader:
        read_before = [frame for block in reader.frames() for frame in block]
        session.take_frames(read_before)
        session.open(read_before[0].id)
        session.frame_painted()
        commit = session.accept_frame().commit
        assert commit is not None
        commit.result()
        session.committed()
        session.take_frames(read_before)
        assert [frame.state for frame in session.frames] == [
            FrameState.ACCEPTED,
            FrameState.UNDECIDED,
            FrameState.UNDECIDED,
        ]
        session.close()


def test_another_order_keeps_the_open_frame(tmp_path: Path) -> None:
    store, session = open_session(make_project(tmp_path))
    with store, store.reader() as reader:
        frames = [frame for block in reader.frames() for frame in block]
        session.take_frames([frames[1], frames[0], frames[2]])
        session.open(frames[1].id)
        session.frame_painted()
        session.take_frames([], order=[frame.id for frame in frames])
        assert [frame.path for frame in session.frames] == ["frame_0.jpg", "frame_1.jpg", "frame_2.jpg"]
        assert session.frame is not None
        assert session.frame.path == "frame_1.jpg"
        assert session.queue.place_of(frames[1].id) == 1
        session.close()


def test_frames_found_later_do_not_move_what_was_just_decided(tmp_path: Path) -> None:
    store, session = open_session(make_project(tmp_path, [USUAL] * 5))
    with store, store.reader() as reader:
        frames = [frame for block in reader.frames() for frame in block]
        session.take_frames(frames[:3])
        session.open(frames[0].id)
        session.frame_painted()
        commit = session.accept_frame().commit
        assert commit is not None
        commit.result()
        session.committed()
        session.take_frames(frames[3:])
        assert [session.queue.at(place).id for place in range(5)] == [frame.id for frame in frames]
        session.close()


def test_proposals_do_not_stay_over_a_picture_that_was_replaced(tmp_path: Path) -> None:
    made = make_project(tmp_path)
    store, session = open_session(made)
    with store, store.reader() as reader:
        frames = [frame for block in reader.frames() for frame in block]
        session.set_model_active(True)
        session.take_frames(frames)
        session.open(frames[0].id)
        session.frame_painted()
        file = made.folder / "frame_0.jpg"
        file.write_bytes((made.folder / "frame_1.jpg").read_bytes())
        os.utime(file, ns=(1, 1))
        shown_again = [session.take_frames(block) for block in scan_job(store, made.folder)]
        assert any(shown_again)
        assert session.waiting
        assert session.accept_frame().step is Step.NOTHING
        session.close()


def test_a_decided_frame_follows_a_merge_of_its_classes(tmp_path: Path) -> None:
    store, session = open_session(make_project(tmp_path))
    with store, store.reader() as reader:
        frames = [frame for block in reader.frames() for frame in block]
        session.take_frames(frames)
        dog, cat = (next(r.id for r in session.classes.values() if r.name == name) for name in ("dog", "cat"))
        session.open(frames[0].id)
        session.frame_painted()
        commit = session.accept_frame().commit
        assert commit is not None
        commit.result()
        session.committed()
        store.submit(Priority.OTHER, lambda writer: writer.merge_class(dog, cat)).result()
        session.reload_classes()
        session.frame_painted()
        session.open(frames[0].id)
        session.frame_painted()
        assert session.document is not None
        assert {item.class_id for item in session.document.in_role(Role.CONFIRMED)} == {cat}
        again = session.accept_frame().commit
        assert again is not None
        again.result()
        decision = reader.decision(frames[0].id)
        assert decision is not None
        assert (decision.kind, [v.class_changed for v in decision.verdicts]) == (DecisionKind.ACCEPTED, [False, False])
        session.close()


def test_a_frame_of_the_tuning_sample_keeps_its_ghosts_in_sight(tmp_path: Path) -> None:
    store, session = open_session(make_project(tmp_path))
    with store, store.reader() as reader:
        session.take_frames(frame for block in reader.frames() for frame in block)
        frame = session.frames.at(0)
        session.tuning_sample = (frame.id,)
        session.open(frame.id)
        session.frame_painted()
        assert session.objects.ghosts_shown
        session.reload_classes()
        session.reload_predictions()
        assert session.objects.ghosts_shown, "a class was renamed"
        session.label_by_hand()
        assert not session.objects.ghosts_shown
        session.label_by_hand()
        assert session.objects.ghosts_shown, "back to the proposals"
        session.close()
