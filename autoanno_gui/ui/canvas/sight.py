"""How large objects are on the screen, and bringing them near."""

from __future__ import annotations

from typing import Final

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.camera import Camera
from autoanno_gui.ui.canvas.state import CanvasState

EASY_SIDE: Final = 64.0
"""Logical pixels of an object's shorter side on the screen from which it can be judged without effort."""


class Sight:
    """Moves the camera to objects of the frame that is shown."""

    def __init__(self, camera: Camera, state: CanvasState) -> None:
        self._camera = camera
        self._state = state
        self._near: tuple[int, float] | None = None
        """The object that was brought near last, and the zoom at which it was."""
        self._revealed_at: float | None = None
        """The zoom that `reveal` chose; any other one is the reviewer's own."""

    def short_side(self, object_id: int) -> float:
        """Return the shorter side of an object on the screen, logical pixels; 0 when there is none of this id."""
        shown = self._state.objects.get(object_id)
        return self._camera.on_screen(_short_side(shown.geometry)) if shown is not None else 0.0

    def has(self, object_id: int) -> bool:
        """Return whether the middle of an object is in the part of the image that is on the screen."""
        shown = self._state.objects.get(object_id)
        if shown is None or not self._state.visible:
            return False
        return self._camera.visible_box().contains(*shown.geometry.bounds.centre)

    def zoom_to(self, object_id: int) -> bool:
        """Bring one object and its surroundings near; once it is near, go back to the whole image."""
        shown = self._state.objects.get(object_id)
        if shown is None:
            return False
        if self._near == (object_id, self._camera.zoom):
            self._camera.fit()
        else:
            self._camera.show_box(shown.geometry.bounds)
            self._near = object_id, self._camera.zoom
        return True

    def reveal(self, object_id: int) -> bool:
        """Bring a small object so near that it is easy to judge, and one that is out of sight to the middle.

        One that is large enough in the whole image brings that back, if it was this that left it.

        Returns:
            Whether the camera moved.
        """
        shown = self._state.objects.get(object_id)
        if shown is None:
            return False
        camera, side = self._camera, _short_side(shown.geometry)
        if self._revealed_at == camera.zoom and camera.on_screen(side, zoom=camera.fit_zoom()) >= EASY_SIDE:
            camera.fit()
            return True
        bounds: Box = shown.geometry.bounds
        if camera.on_screen(side) < EASY_SIDE:
            camera.enlarge(bounds, short_side=side, least=EASY_SIDE)
            self._revealed_at = camera.zoom
        elif camera.visible_box().contains(*bounds.centre):
            return False
        else:
            camera.centre(bounds)
        return True


def _short_side(outline: Geometry) -> float:
    """Return the shorter side in image pixels; of an oriented box its own one."""
    if isinstance(outline, OrientedBox):
        return min(outline.width, outline.height)
    return min(outline.bounds.width, outline.bounds.height)
