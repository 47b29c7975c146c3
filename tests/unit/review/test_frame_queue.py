"""Finding the next frames in a long queue."""

from __future__ import annotations

import random

import pytest

from autoanno_gui.core.records import Frame, FrameState
from autoanno_gui.review.frame_queue import FrameQueue

COUNT = 5_000


@pytest.fixture(scope="module")
def queue() -> FrameQueue:
    """Frames of which the first 3,000 in the queue are undecided but for a few, and then hardly any."""
    chance = random.Random(3)
    made = FrameQueue()
    made.frames.extend(Frame(number, f"{number}.jpg") for number in range(COUNT))
    made.reorder()
    for number in range(COUNT):
        if chance.random() < (0.01 if number < 3_000 else 0.999):
            made.frames.update(Frame(number, f"{number}.jpg", state=FrameState.ACCEPTED))
    return made


@pytest.mark.parametrize("place", [-1, 0, 255, 256, 257, 2_999, 3_000, 4_990, COUNT - 1])
@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize("state", [FrameState.UNDECIDED, FrameState.ACCEPTED, FrameState.DEFERRED])
def test_following_frames_are_the_nearest_in_their_state(
    queue: FrameQueue, place: int, wrap: bool, state: FrameState
) -> None:
    behind = list(range(place + 1, COUNT)) + (list(range(max(place, 0))) if wrap else [])
    wanted = [at for at in behind if queue.at(at).state is state]
    for count in (1, 5, 400):
        assert queue.following(place, state, count=count, wrap=wrap) == wanted[:count]
