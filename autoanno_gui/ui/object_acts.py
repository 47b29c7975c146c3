"""What keys do to the selected objects: push, grow, turn, copy, and draw what was drawn on the canvas."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Literal

from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.reshaping import grown, side_moved, turned
from autoanno_gui.review.outcome import Outcome, Step
from autoanno_gui.review.session import ReviewSession
from autoanno_gui.ui.canvas.view import CanvasView

Direction = Literal["left", "right", "up", "down"]
STEPS: Final[dict[Direction, tuple[float, float]]] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class ObjectActs:
    """Verbs on the selected objects of the open frame; each is one step of the undo list."""

    def __init__(
        self,
        session: ReviewSession,
        canvas: CanvasView,
        *,
        apply: Callable[[Outcome], None],
        ask_for_class: Callable[[], None],
    ) -> None:
        """Act on a session.

        Args:
            apply: shows what a verb did.
            ask_for_class: called when something was drawn and there is no class yet to give it.
        """
        self._session = session
        self._canvas = canvas
        self._apply = apply
        self._ask_for_class = ask_for_class
        self._pending: Geometry | None = None
        """What was drawn and waits for a class."""

    # ------------------------------------------------------------------------------------------------ drawing
    def draw(self, geometry: Geometry) -> None:
        """Draw an object: it takes the last used class, else the first one."""
        objects, classes = self._session.objects, self._session.classes
        class_id = objects.last_class
        if class_id not in classes:
            by_slot = sorted(classes.values(), key=lambda record: (record.slot or 99, record.id))
            class_id = by_slot[0].id if by_slot else None
        if class_id is not None:
            self._apply(objects.add(geometry, class_id))
        elif objects.enabled:
            self._pending = geometry
            self._ask_for_class()

    def set_class(self, class_id: int) -> None:
        """Give the selected objects a class, or what was drawn and waits for one."""
        geometry, self._pending = self._pending, None
        objects = self._session.objects
        self._apply(objects.add(geometry, class_id) if geometry is not None else objects.set_class(class_id))

    def drop_pending(self) -> None:
        """Forget what was drawn and got no class."""
        self._pending = None

    # ------------------------------------------------------------------------------------------------ shaping
    def nudge(self, direction: Direction, pixels: float) -> None:
        """Move the selected objects, or the side that was snapped last, by image pixels."""
        dx, dy = (pixels * step for step in STEPS[direction])
        side = self._canvas.last_snapped_side
        several = len(self._session.objects.selection) > 1
        self._reshape(
            lambda outline: (
                self._moved(outline, dx, dy) if side is None or several else side_moved(outline, side.value, dx, dy)
            )
        )

    def grow(self, direction: Direction, pixels: float) -> None:
        """Move the right or the lower side of the selected objects by image pixels."""
        dx, dy = (pixels * step for step in STEPS[direction])
        self._reshape(lambda outline: grown(outline, dx, dy))

    def turn(self, degrees: float) -> None:
        """Turn the selected oriented boxes, clockwise on the screen."""
        document = self._session.document
        items = [document.get(i) for i in self._session.objects.selection] if document is not None else []
        if not any(item is not None and turned(item.geometry, 0.0) is not None for item in items):
            self._apply(Outcome(Step.NOTHING, text="Only oriented boxes can be turned."))
            return
        self._reshape(lambda outline: turned(outline, math.radians(degrees)) or outline)

    def _reshape(self, to: Callable[[Geometry], Geometry]) -> None:
        self._apply(self._session.objects.move_selected(to))

    def _moved(self, outline: Geometry, dx: float, dy: float) -> Geometry:
        document = self._session.document
        return outline.moved_inside(dx, dy, width=document.width, height=document.height) if document else outline
