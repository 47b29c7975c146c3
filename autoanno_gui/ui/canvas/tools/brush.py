"""Painting on masks. The pixels live only as long as the tool is in hand; what is told are outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autoanno_gui.core.mask import Mask
from autoanno_gui.imaging.masks import MaskCanvas, MaskRaster
from autoanno_gui.ui.canvas.state import BrushTip
from autoanno_gui.ui.canvas.tools.tool import Pointer, Tool, ToolName

if TYPE_CHECKING:
    from autoanno_gui.ui.canvas.view import CanvasView


class BrushTool(Tool):
    """Paints on the selected mask, or a new one when none is selected; each stroke is one change. The right button
    wipes, Shift draws a straight line from where the last stroke ended."""

    name = ToolName.BRUSH
    wipes = False
    """Whether the left button wipes, too."""

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._pixels: MaskCanvas | None = None
        self._object_id: int | None = None
        """The object whose mask the pixels are; None for a new one."""
        self._outline: Mask | None = None
        """The outline that the pixels stand for. They are finer, and so are kept from stroke to stroke."""
        self._before: MaskRaster | None = None
        """The pixels before the stroke under way; None without one."""
        self._wiping = False
        self._end: tuple[float, float] | None = None
        """Where the last stroke ended, or the one under way has got to."""
        self._telling = False

    # ------------------------------------------------------------------------------------------------ mouse
    def press(self, at: Pointer) -> None:
        self._begin(at, wiping=self.wipes)

    def press_other(self, at: Pointer) -> None:
        self._begin(at, wiping=True)

    def move(self, at: Pointer) -> None:
        self._show_tip(at)
        if self._before is not None:
            self._stroke_to(at)
        self._canvas.refresh()

    def release(self, at: Pointer) -> None:
        if self._before is not None:
            self._stroke_to(at)
            self._finish(self._before)
            self._show_tip(at)

    def release_other(self, at: Pointer) -> None:
        self.release(at)

    # ------------------------------------------------------------------------------------------------ coming and going
    @property
    def busy(self) -> bool:
        return self._before is not None

    def cancel(self) -> bool:
        before, self._before = self._before, None
        if before is None:
            return False
        self._restore(before)
        self._drop()
        return True

    def exit(self) -> None:
        super().exit()
        self.forget()

    def forget(self) -> None:
        self.cancel()
        self._pixels = self._outline = self._object_id = self._end = None

    def leave(self) -> None:
        if self._canvas.state.brush is not None:
            self._canvas.state.brush = None
            self._canvas.refresh()

    def objects_changed(self) -> None:
        if self._telling or self._pixels is None or (self._object_id is None and self.busy):
            return
        selected = self._canvas.state.selected
        shown = self._canvas.state.objects.get(selected) if selected is not None else None
        if shown is None or shown.id != self._object_id or shown.geometry != self._outline:
            self.cancel()
            self._pixels = self._outline = self._object_id = None

    def grow(self, steps: float) -> bool:
        self._canvas.grow_brush(steps)
        return True

    # ------------------------------------------------------------------------------------------------ strokes
    def _begin(self, at: Pointer, *, wiping: bool) -> None:
        self.cancel()  # a release may have gone to somebody else
        selected = self._canvas.state.selected_object()
        mask = selected.geometry if selected is not None and isinstance(selected.geometry, Mask) else None
        if wiping and mask is None:
            self._canvas.said.emit("Select a mask first to wipe parts of it away.")
            return
        object_id = selected.id if selected is not None and mask is not None else None
        if self._pixels is None or object_id is None or (object_id, mask) != (self._object_id, self._outline):
            camera = self._canvas.camera
            self._pixels = MaskCanvas(camera.image_width, camera.image_height)
            if mask is not None:
                self._pixels = MaskCanvas.from_mask(mask, width=camera.image_width, height=camera.image_height)
        self._object_id, self._outline = object_id, mask
        self._before = self._pixels.raster()
        self._wiping = wiping
        if not at.shift or self._end is None:
            self._end = at.x, at.y
        self._stroke_to(at)
        self._show_tip(at)

    def _stroke_to(self, at: Pointer) -> None:
        if self._pixels is None or self._end is None:
            return
        self._pixels.stroke(*self._end, at.x, at.y, self._canvas.brush_radius, erase=self._wiping)
        self._end = at.x, at.y
        state = self._canvas.state
        state.paint, state.painted = self._pixels.raster(), self._object_id
        self._canvas.refresh()

    def _finish(self, before: MaskRaster) -> None:
        self._before = None
        pixels, object_id = self._pixels, self._object_id
        if pixels is None:
            return
        after = pixels.raster()
        if after.area == 0 and before.area:
            self._restore(before)
            self._canvas.said.emit("Nothing would be left of the mask: reject the object to take it away.")
        elif after.area and not _same(before, after):
            camera = self._canvas.camera
            # A smooth line along the border may stray over it by parts of a pixel.
            outline = pixels.mask(self._canvas.mask_tolerance).clipped(camera.image_width, camera.image_height)
            self._tell(object_id, outline)
        self._drop()

    def _tell(self, object_id: int | None, outline: Mask) -> None:
        self._telling = True
        if object_id is None:
            self._canvas.shape_drawn.emit(outline)
        else:
            self._canvas.geometries_edited.emit({object_id: outline})
        self._telling = False
        # Where the mask became an object as it is, the next stroke goes on with these pixels.
        state = self._canvas.state
        shown = state.objects.get(state.selected) if state.selected is not None else None
        if shown is not None and shown.geometry == outline:
            self._object_id, self._outline = shown.id, outline
        else:
            self._pixels = self._outline = self._object_id = None

    def _restore(self, before: MaskRaster) -> None:
        camera = self._canvas.camera
        self._pixels = MaskCanvas(camera.image_width, camera.image_height)
        self._pixels.apply(before)

    def _show_tip(self, at: Pointer) -> None:
        wiping = self._wiping if self.busy else self.wipes
        self._canvas.state.brush = BrushTip(at.x, at.y, self._canvas.brush_radius, erases=wiping)


class EraserTool(BrushTool):
    """Wipes parts of the selected mask away."""

    name = ToolName.ERASER
    wipes = True


def _same(a: MaskRaster, b: MaskRaster) -> bool:
    return (a.left, a.top) == (b.left, b.top) and np.array_equal(a.bits, b.bits)
