"""Frames whose picture was replaced by one of another size: the reviewer learns it, and nothing is scaled silently."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.records import FrameHeader
from autoanno_gui.review.outcome import Outcome
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.store.store_thread import Priority
from tests.projects import HEIGHT, WIDTH, MadeProject
from tests.unit.review.conftest import Sit
from tests.unit.review.sitting import Sitting

OLD = (WIDTH, HEIGHT)
NEW = (640, 480)
BOX = Box(230, 20, 300, 90)


def open_at(sitting: Sitting, number: int, size: tuple[int, int]) -> tuple[int, int] | None:
    """Open a frame whose picture has this size now; return what the session says of it."""
    assert sitting.session.open(sitting.ids[number]).commit is None
    return paint(sitting, size)


def paint(sitting: Sitting, size: tuple[int, int]) -> tuple[int, int] | None:
    frame = sitting.session.frame
    assert frame is not None
    sitting.session.note_size(frame.id, width=size[0], height=size[1])
    sitting.session.frame_painted()
    return sitting.session.size_changed


def draw(sitting: Sitting, box: Box = BOX) -> None:
    assert sitting.session.objects.add(box, min(sitting.session.classes)).ids


def boxes(sitting: Sitting) -> list[Box]:
    return [item.geometry for item in sitting.document]


@pytest.mark.parametrize("verb", [ReviewSession.accept_frame, ReviewSession.reject_frame, ReviewSession.defer_frame])
def test_a_decision_has_the_size_of_the_picture_on_the_screen(
    sitting: Sitting, verb: Callable[[ReviewSession], Outcome]
) -> None:
    paint(sitting, NEW)
    sitting.done(verb(sitting.session))
    assert (sitting.decision(0).width, sitting.decision(0).height) == NEW


def test_a_decided_frame_says_so_until_it_is_decided_again(sit_down: Sit, made: MadeProject) -> None:
    first = sit_down(made)
    draw(first)
    first.accept()
    before = first.decision(0)
    first.close()

    second = sit_down(made)
    assert open_at(second, 0, OLD) is None
    assert open_at(second, 0, NEW) == OLD
    assert boxes(second)[-1] == BOX
    assert open_at(second, 2, OLD) is None
    assert open_at(second, 0, NEW) == OLD
    second.accept()
    again = second.decision(0)
    assert (again.width, again.height) == NEW
    assert [v.geometry for v in again.verdicts] == [v.geometry for v in before.verdicts]
    assert open_at(second, 0, NEW) is None
    second.close()

    assert open_at(sit_down(made), 0, NEW) is None


def test_a_rejected_frame_says_so(sit_down: Sit, made: MadeProject) -> None:
    first = sit_down(made)
    first.reject()
    first.close()
    assert open_at(sit_down(made), 0, NEW) == OLD


def test_a_draft_says_so_as_long_as_nothing_is_decided(sit_down: Sit, made: MadeProject) -> None:
    first = sit_down(made)
    draw(first)
    first.close()
    second = sit_down(made)
    assert paint(second, NEW) == OLD
    assert boxes(second)[-1] == BOX
    draw(second, Box(400, 300, 500, 400))
    second.close()
    third = sit_down(made)
    assert paint(third, NEW) == OLD, "one of its boxes is still of the old picture"
    assert len(boxes(third)) == len(boxes(second))
    third.accept()
    assert open_at(third, 0, NEW) is None


def test_a_draft_that_does_not_know_its_size_opens_without_a_word(sit_down: Sit, made: MadeProject) -> None:
    first = sit_down(made)
    draw(first)
    first.session.save_draft()
    first.settle()
    body = json.loads(first.draft(0) or b"")
    del body["size"]
    first.store.submit(Priority.DRAFT, lambda w: w.save_draft(first.ids[0], json.dumps(body).encode())).result()
    first.close()
    second = sit_down(made)
    assert paint(second, NEW) is None
    assert boxes(second)[-1] == BOX


def test_a_picture_replaced_while_the_window_is_open_says_so(sitting: Sitting) -> None:
    draw(sitting)
    assert open_at(sitting, 1, OLD) is None
    assert open_at(sitting, 0, NEW) == OLD
    sitting.accept()
    sitting.session.undo().commit.result()  # type: ignore[union-attr]
    sitting.session.committed()
    assert paint(sitting, (100, 100)) == NEW, "it was judged as it is in the meantime"
    sitting.session.note_fault(sitting.session.frames.get(sitting.ids[0]), "gone")
    assert sitting.session.size_changed is None


def test_proposals_for_another_picture_say_so(sit_down: Sit, made: MadeProject) -> None:
    first = sit_down(made)
    for frame_id in first.ids:
        first.store.submit(Priority.OTHER, lambda w, i=frame_id: w.set_frame_header(i, FrameHeader(*OLD), sha256=None))
    first.settle()
    first.close()
    second = sit_down(made)
    assert second.session.size_changed is None
    second.session.open(second.ids[1])
    assert second.session.size_changed is None, "nothing is known before the paint"
    assert paint(second, NEW) == OLD


def test_a_frame_on_which_nothing_was_made_has_nothing_to_say(sit_down: Sit) -> None:
    sitting = sit_down(proposals=[None, None])
    assert open_at(sitting, 1, OLD) is None
    assert open_at(sitting, 0, NEW) is None
