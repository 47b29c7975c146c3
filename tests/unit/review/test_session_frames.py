"""Frames that arrive while the reviewer is already at work."""

from __future__ import annotations

from pathlib import Path

from autoanno_gui.core.records import FrameState
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.store_thread import Store
from tests.projects import MadeProject, make_project


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
