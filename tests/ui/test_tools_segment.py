"""The segment tool: prompts, the answers to them, and what is kept."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.prompt import Prompt, PromptPoint
from autoanno_gui.ui.canvas.tools.tool import ToolName
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import HEIGHT, RIGHT, SHIFT, WIDTH, Heard, Mouse, open_view, picture, shown

FIRST, SECOND, THIRD = (Mask.of_box(Box(100, 100, 150 + 10 * i, 150)) for i in range(3))
Key = Qt.Key


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    view = open_view(qtbot)
    view.show_frame(picture(), [], selected=None)
    view.set_tool(ToolName.SEGMENT)
    return view


def rounded(prompt: Prompt | None) -> tuple[object, ...] | None:
    """Return the prompt in whole pixels: its box and its points."""
    if prompt is None:
        return None
    box = tuple(round(v) for v in prompt.box.as_tuple()) if prompt.box is not None else None
    return box, *((round(x), round(y), positive) for x, y, positive in prompt.points)


# ---------------------------------------------------------------------------------------------------- prompts
def test_clicks_and_drags_add_up_to_one_prompt_at_any_scaling(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.tap(120, 120)
    mouse.tap(180, 120, button=RIGHT)
    mouse.press(100, 90)
    mouse.move(160, 160)
    assert view.state.draft is not None
    assert len(heard.prompts) == 2
    mouse.release(160, 160)
    assert view.state.draft is None
    mouse.drag((90, 90), (170, 165))
    mouse.tap(190, 130, keys=SHIFT)
    yes, no = (120, 120, True), (180, 120, False)
    assert [rounded(prompt) for prompt in heard.prompts] == [
        (None, yes),
        (None, yes, no),
        ((100, 90, 160, 160), yes, no),
        ((90, 90, 170, 165), yes, no),
        ((90, 90, 170, 165), yes, no, (190, 130, False)),
    ]
    assert view.state.prompt == heard.prompts[-1]
    assert heard.drawn == []


def test_backspace_takes_the_last_click_back_then_the_box_then_all(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    mouse.drag((100, 90), (160, 160))
    mouse.tap(120, 120)
    QTest.keyClick(view, Key.Key_Backspace)
    assert rounded(heard.prompts[-1]) == ((100, 90, 160, 160),)
    QTest.keyClick(view, Key.Key_Backspace)
    assert heard.prompts[-1] is None
    assert (view.state.prompt, view.busy) == (None, False)


def test_a_click_beside_the_object_alone_asks_nothing_yet(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.tap(120, 120, button=RIGHT)
    assert heard.prompts == [Prompt(points=(PromptPoint(pytest.approx(120), pytest.approx(120), False),))]
    assert "on the object" in heard.said[-1]
    view.show_candidates([FIRST])
    assert view.state.preview is None
    QTest.keyClick(view, Key.Key_Return)
    assert heard.drawn == []


def test_a_line_is_no_box_and_a_drag_back_to_its_start_is_no_click(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    mouse.drag((100, 100), (160, 100.2))
    mouse.trail((100, 100), (140, 140), (100.5, 100.5))
    assert heard.prompts == []
    assert view.state.draft is None


def test_a_click_on_the_border_is_on_a_pixel_and_one_beside_the_image_nothing(
    view: CanvasView, mouse: Mouse, heard: Heard
) -> None:
    view.zoom_by(0.5)
    mouse.tap(-30, 100)
    mouse.tap(WIDTH + 2, HEIGHT + 2)
    (prompt,) = heard.prompts
    assert prompt == Prompt(points=(PromptPoint(WIDTH - 0.5, HEIGHT - 0.5),))


def test_objects_under_the_pointer_do_not_matter(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.show_objects([shown(1, (100, 100, 200, 200))], selected=1)
    mouse.drag((100, 100), (200, 200))
    assert len(heard.prompts) == 1
    assert heard.acts == 0


# ---------------------------------------------------------------------------------------------------- answers
def test_the_first_answer_is_shown_w_goes_round_and_enter_keeps(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.tap(120, 120)
    view.show_candidates([FIRST, SECOND, THIRD])
    seen = [view.state.preview]
    for _ in range(3):
        QTest.keyClick(view, Key.Key_W)
        seen.append(view.state.preview)
    assert seen == [FIRST, SECOND, THIRD, FIRST]
    assert "1 of 3" in heard.said[-1]
    QTest.keyClick(view, Key.Key_W)
    QTest.keyClick(view, Key.Key_Enter)
    assert heard.drawn == [SECOND]
    assert heard.prompts[-1] is None
    assert (view.state.preview, view.state.prompt, view.busy) == (None, None, False)


def test_enter_keeps_nothing_that_answers_an_older_prompt(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    QTest.keyClick(view, Key.Key_Return)
    mouse.tap(120, 120)
    QTest.keyClick(view, Key.Key_Return)
    view.show_candidates([FIRST])
    mouse.tap(150, 120)
    assert view.state.preview == FIRST  # it stays to be seen until the new one is there
    QTest.keyClick(view, Key.Key_Return)
    assert heard.drawn == []
    assert "no mask to keep yet" in heard.said[-1]
    view.show_candidates([SECOND])
    QTest.keyClick(view, Key.Key_Return)
    assert heard.drawn == [SECOND]


def test_another_box_takes_the_old_answer_away(view: CanvasView, mouse: Mouse) -> None:
    mouse.drag((100, 100), (150, 150))
    view.show_candidates([FIRST])
    mouse.drag((200, 100), (250, 150))
    assert view.state.preview is None


@pytest.mark.parametrize("answer", [[], [Mask(())]], ids=["none", "empty"])
def test_finding_nothing_is_said(view: CanvasView, mouse: Mouse, heard: Heard, answer: list[Mask]) -> None:
    mouse.tap(120, 120)
    view.show_candidates([FIRST])
    mouse.tap(130, 130)
    view.show_candidates(answer)
    assert view.state.preview is None
    assert "found nothing" in heard.said[-1]
    QTest.keyClick(view, Key.Key_Return)
    QTest.keyClick(view, Key.Key_W)
    assert heard.drawn == []


@pytest.mark.parametrize("end", ["escape", "tool", "frame"])
def test_dropping_tells_it_once_and_a_late_answer_is_not_shown(
    view: CanvasView, mouse: Mouse, heard: Heard, end: str
) -> None:
    mouse.tap(120, 120)
    view.show_candidates([FIRST])
    match end:
        case "escape":
            assert view.cancel()
        case "tool":
            view.set_tool(ToolName.SELECT)
        case "frame":
            view.show_frame(picture(2), [], selected=None)
    assert heard.prompts[-1] is None
    assert len(heard.prompts) == 2
    assert (view.state.preview, view.state.prompt) == (None, None)
    view.show_candidates([SECOND])
    assert view.state.preview is None
    assert not view.cancel()
    assert heard.acts == 0


def test_another_tool_shows_no_answer(view: CanvasView) -> None:
    view.set_tool(ToolName.BRUSH)
    view.show_candidates([FIRST])
    assert view.state.preview is None


def test_escape_in_mid_drag_drops_the_box(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.press(100, 100)
    mouse.move(150, 150)
    assert view.cancel()
    mouse.release(150, 150)
    assert heard.prompts == []
    assert view.state.draft is None


def test_objects_that_change_leave_the_prompt_in_peace(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    mouse.tap(120, 120)
    view.show_candidates([FIRST])
    view.show_objects([shown(1, (10, 10, 30, 30))], selected=1)
    assert view.state.preview == FIRST
    QTest.keyClick(view, Key.Key_Return)
    assert heard.drawn == [FIRST]


def test_nothing_is_asked_while_the_objects_are_hidden(view: CanvasView, mouse: Mouse, heard: Heard) -> None:
    view.set_overlay_visible(False)
    mouse.tap(120, 120)
    mouse.tap(120, 120, button=RIGHT)
    assert heard.prompts == []
    assert "hidden" in heard.said[-1]
