"""What a segmenter is asked: clicks on the object and beside it, a box, or both."""

from __future__ import annotations

from autoanno_gui.core.box import Box
from autoanno_gui.core.prompt import Prompt, PromptPoint

BOX = Box(1, 2, 30, 40)
ON, BESIDE = PromptPoint(5, 6), PromptPoint(25, 30, positive=False)


def test_a_box_or_a_point_on_the_object_says_where_it_is() -> None:
    assert Prompt().empty
    assert not Prompt(BOX).empty
    assert not Prompt().with_point(ON).empty


def test_points_beside_the_object_alone_say_nothing() -> None:
    assert Prompt().with_point(BESIDE).empty
    assert not Prompt(BOX).with_point(BESIDE).empty
    assert not Prompt().with_point(BESIDE).with_point(ON).empty


def test_a_click_is_on_the_object_unless_it_says_otherwise() -> None:
    assert ON.positive
    assert not BESIDE.positive


def test_points_keep_their_order() -> None:
    assert Prompt(BOX).with_point(ON).with_point(BESIDE) == Prompt(BOX, (ON, BESIDE))


def test_the_last_point_goes_first_and_the_box_last() -> None:
    prompt = Prompt(BOX, (ON, BESIDE))
    assert prompt.without_last() == Prompt(BOX, (ON,))
    assert prompt.without_last().without_last() == Prompt(BOX)
    assert prompt.without_last().without_last().without_last() == Prompt()
    assert Prompt().without_last() == Prompt()
