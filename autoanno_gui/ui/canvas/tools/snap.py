"""The edge snap: the nearest side of an outline goes to a point. All in float pixels of the upright image."""

from __future__ import annotations

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.ui.canvas.handles import local_sides
from autoanno_gui.ui.canvas.state import Side, SnapGuide, nearest_side, with_side_at


def side_to_snap(outline: Geometry, x: float, y: float) -> Side | None:
    """Return which side a snap to this point moves, one along its own axes for an oriented box; None: it has none."""
    match outline:
        case Box():
            return nearest_side(outline, x, y)
        case Keypoints():
            return nearest_side(outline.box, x, y)
        case OrientedBox():
            return nearest_side(local_sides(outline), *outline.local(x, y))
        case Mask():
            return None


def snapped(outline: Geometry, side: Side, x: float, y: float) -> Geometry:
    """Return the outline with one side moved to the point; sides that cross change places."""
    match outline:
        case Keypoints():
            return outline.with_box(with_side_at(outline.box, side, x, y))
        case OrientedBox():
            sides = with_side_at(local_sides(outline), side, *outline.local(x, y))
            return outline.with_sides(*sides.as_tuple())
        case Box():
            return with_side_at(outline, side, x, y)
        case Mask():
            return outline


def snap_guide(outline: Geometry, x: float, y: float) -> SnapGuide | None:
    """Return what a snap to this point would do, None when the outline has no sides."""
    side = side_to_snap(outline, x, y)
    if side is None:
        return None
    after = snapped(outline, side, x, y)
    return SnapGuide(side, after if isinstance(after, OrientedBox) else after.bounds)
