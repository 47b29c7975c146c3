"""Asks the segmenter for the mask of what is clicked or boxed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QKeyEvent

from autoanno_gui.core.mask import Mask
from autoanno_gui.core.prompt import Prompt, PromptPoint
from autoanno_gui.ui.canvas.tools.gestures import is_meant, spanned
from autoanno_gui.ui.canvas.tools.tool import (
    CLICK_REACH,
    Pointer,
    Tool,
    ToolName,
    is_backspace,
    is_enter,
    is_letter,
)

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView

NEXT_ANSWER: Final = "W"


class SegmentTool(Tool):
    """A click is on the object, a right or Shift+click beside it, a drag draws a box around it. Enter keeps the mask
    that answers, W shows the next answer, Backspace takes the last click back, Esc drops all."""

    name = ToolName.SEGMENT

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._pressed: Pointer | None = None
        self._pressed_other = False
        self._dragging = False
        self._prompt = Prompt()
        self._answers: tuple[Mask, ...] = ()
        """To the present prompt; empty until they are there."""
        self._at = 0

    # ------------------------------------------------------------------------------------------------ mouse
    def press(self, at: Pointer) -> None:
        self._pressed = at
        self._dragging = False

    def move(self, at: Pointer) -> None:
        if self._pressed is None:
            return
        self._dragging = self._dragging or at.travelled(self._pressed) >= CLICK_REACH
        if self._dragging:
            self._canvas.state.draft = spanned(self._canvas, self._pressed, at)
            self._canvas.refresh()

    def release(self, at: Pointer) -> None:
        pressed, dragging = self._pressed, self._dragging
        self._pressed, self._dragging = None, False
        if pressed is None:
            return
        self._canvas.state.draft = None
        self._canvas.refresh()
        if not dragging:
            self._add(at, positive=not pressed.shift)
            return
        box = spanned(self._canvas, pressed, at)
        if is_meant(self._canvas, box):
            self._ask(replace(self._prompt, box=box))

    def press_other(self, at: Pointer) -> None:
        self._pressed_other = True

    def release_other(self, at: Pointer) -> None:
        if self._pressed_other:
            self._pressed_other = False
            self._add(at, positive=False)

    # ------------------------------------------------------------------------------------------------ keys
    def claims(self, event: QKeyEvent) -> bool:
        asked = self._prompt != Prompt()
        return asked and (is_enter(event) or is_backspace(event) or is_letter(event, NEXT_ANSWER))

    def key(self, event: QKeyEvent) -> bool:
        if not self.claims(event):
            return False
        if is_enter(event):
            self._keep()
        elif is_backspace(event):
            self._ask(self._prompt.without_last())
        elif self._answers:
            self._show_answer((self._at + 1) % len(self._answers))
        return True

    # ------------------------------------------------------------------------------------------------ coming and going
    @property
    def busy(self) -> bool:
        return self._pressed is not None or self._prompt != Prompt()

    def cancel(self) -> bool:
        busy, asked = self.busy, self._prompt != Prompt()
        self._pressed, self._pressed_other, self._dragging = None, False, False
        self._prompt, self._answers = Prompt(), ()
        if busy:
            self._drop()
        if asked:
            self._canvas.prompt_changed.emit(None)
        return busy

    # ------------------------------------------------------------------------------------------------ asking
    def _add(self, at: Pointer, *, positive: bool) -> None:
        if self._canvas.is_on_image(at):
            camera = self._canvas.camera
            x, y = self._canvas.inside_image(at.x, at.y)
            # A click on the border means the last pixel before it.
            x, y = min(x, camera.image_width - 0.5), min(y, camera.image_height - 0.5)
            self._ask(self._prompt.with_point(PromptPoint(x, y, positive)))

    def _ask(self, prompt: Prompt) -> None:
        if prompt == Prompt():
            self.cancel()
            return
        state = self._canvas.state
        if prompt.empty or prompt.box != self._prompt.box:
            state.preview = None  # what was shown may be another object
        self._prompt, self._answers = prompt, ()
        state.prompt = prompt
        self._canvas.refresh()
        self._canvas.prompt_changed.emit(prompt)
        if prompt.empty:
            self._canvas.said.emit("Now click on the object itself.")

    def show_answers(self, masks: Sequence[Mask]) -> None:
        """Offer the first of these masks; ignored when nothing is asked any more."""
        if self._prompt.empty:
            return
        self._answers = tuple(mask for mask in masks if mask.parts)
        self._canvas.state.preview = None
        if self._answers:
            self._show_answer(0)
        else:
            self._canvas.said.emit("The segmenter found nothing there: click on another place of the object.")
        self._canvas.refresh()

    def _show_answer(self, at: int) -> None:
        self._at = at
        self._canvas.state.preview = self._answers[at]
        self._canvas.refresh()
        count = len(self._answers)
        others = f", {NEXT_ANSWER} shows the next ({at + 1} of {count})" if count > 1 else ""
        self._canvas.said.emit(f"Enter keeps the mask{others}")

    def _keep(self) -> None:
        if not self._answers:
            nothing_asked = self._prompt.empty
            self._canvas.said.emit(
                "Click on the object first." if nothing_asked else "The segmenter has no mask to keep yet."
            )
            return
        camera = self._canvas.camera
        mask = self._answers[self._at].clipped(camera.image_width, camera.image_height)
        self.cancel()
        self._canvas.shape_drawn.emit(mask)
