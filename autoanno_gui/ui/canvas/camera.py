"""Where the image lies in the viewport. Plain arithmetic: zooming and panning can be tested without a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from autoanno_gui.core.box import Box

MAX_ZOOM: Final = 40.0
"""Device pixels per image pixel that nobody needs to exceed."""
MAX_FIT_ZOOM: Final = 16.0
"""A tiny image is not blown up further than this to fill the window."""
FIT_MARGIN: Final = 12.0
"""Logical pixels left free around a fitted image, so that handles on its border can be seen and grabbed."""


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Where a camera stood at one moment; what was drawn from it is right as long as it is the same.

    Attributes:
        left: device pixels from the viewport's left edge to the image's.
        top: the same from the top.
        zoom: device pixels per image pixel.
        ratio: device pixels per logical pixel.
        width: device pixels of the viewport.
        height: device pixels of the viewport.
    """

    left: float
    top: float
    zoom: float
    ratio: float
    width: int
    height: int

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return device pixels for image pixels."""
        return self.left + x * self.zoom, self.top + y * self.zoom

    def sees(self, box: Box, *, margin: float) -> bool:
        """Whether an image box, grown by `margin` device pixels, reaches into the viewport."""
        return (
            self.left + box.x1 * self.zoom < self.width + margin
            and self.left + box.x2 * self.zoom > -margin
            and self.top + box.y1 * self.zoom < self.height + margin
            and self.top + box.y2 * self.zoom > -margin
        )


@dataclass(slots=True)
class Camera:
    """The mapping between image pixels and the viewport.

    Attributes:
        image_width: pixels of the upright image, 0 without an image.
        image_height: pixels of the upright image.
        view_width: device pixels of the viewport.
        view_height: device pixels of the viewport.
        ratio: device pixels per logical pixel.
        zoom: device pixels per image pixel.
        left: device pixels from the viewport's left edge to the image's, not rounded.
        top: the same from the top.
        fitted: the image follows the window's size.
    """

    image_width: int = 0
    image_height: int = 0
    view_width: float = 1.0
    view_height: float = 1.0
    ratio: float = 1.0
    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0
    fitted: bool = True

    # ------------------------------------------------------------------------------------------------ mapping
    @property
    def origin(self) -> tuple[int, int]:
        """Device pixel on which the image's corner is drawn: whole, so that a 1:1 preview is copied unblurred."""
        return round(self.left), round(self.top)

    @property
    def viewpoint(self) -> Viewpoint:
        return Viewpoint(*self.origin, self.zoom, self.ratio, round(self.view_width), round(self.view_height))

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Return image pixels for a position in logical pixels of the viewport."""
        left, top = self.origin
        return (x * self.ratio - left) / self.zoom, (y * self.ratio - top) / self.zoom

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """Return logical viewport pixels for image pixels."""
        left, top = self.origin
        return (left + x * self.zoom) / self.ratio, (top + y * self.zoom) / self.ratio

    def to_device(self, box: Box) -> tuple[int, int, int, int]:
        """Return the whole device pixels (x1, y1, x2, y2) on which the sides of an image box lie."""
        left, top = self.origin
        zoom = self.zoom
        return (
            left + round(box.x1 * zoom),
            top + round(box.y1 * zoom),
            left + round(box.x2 * zoom),
            top + round(box.y2 * zoom),
        )

    def visible_box(self) -> Box:
        """Return the part of the endless image plane that the viewport shows, in image pixels."""
        left, top = self.origin
        return Box(
            -left / self.zoom,
            -top / self.zoom,
            (self.view_width - left) / self.zoom,
            (self.view_height - top) / self.zoom,
        )

    def on_screen(self, pixels: float, *, zoom: float | None = None) -> float:
        """Return a length of the image in logical pixels of the screen, at the present zoom or another one."""
        return pixels * (self.zoom if zoom is None else zoom) / self.ratio

    def in_image(self, logical: float) -> float:
        """Return a length of the screen (logical pixels) in image pixels."""
        return logical * self.ratio / self.zoom

    def inside(self, x: float, y: float) -> tuple[float, float]:
        """Return the nearest point of the image, in image pixels."""
        return _between(x, 0.0, self.image_width), _between(y, 0.0, self.image_height)

    # ------------------------------------------------------------------------------------------------ moves
    def set_image(self, width: int, height: int) -> None:
        self.image_width, self.image_height = width, height

    def resize(self, width: float, height: float, ratio: float) -> None:
        """Take a viewport size in device pixels: a fitted image stays fitted, else its middle stays in the middle."""
        self.left += (width - self.view_width) / 2
        self.top += (height - self.view_height) / 2
        self.view_width, self.view_height, self.ratio = width, height, ratio
        if self.fitted:
            self.fit()
        else:
            self._keep_in_reach()

    def fit_area(self) -> tuple[int, int]:
        """Return the device pixels a fitted image may fill."""
        margin = 2 * FIT_MARGIN * self.ratio
        return max(1, int(self.view_width - margin)), max(1, int(self.view_height - margin))

    def fit_zoom(self) -> float:
        if not self.image_width or not self.image_height:
            return 1.0
        width, height = self.fit_area()
        return min(width / self.image_width, height / self.image_height, MAX_FIT_ZOOM)

    def fit(self) -> None:
        self.fitted = True
        self.zoom = self.fit_zoom()
        self._centre_on(self.image_width / 2, self.image_height / 2)

    def zoom_at(self, zoom: float, x: float, y: float) -> None:
        """Zoom so that what lies under (x, y), logical viewport pixels, stays there as far as the limits allow."""
        lowest = min(self.fit_zoom(), 1.0) / 2
        zoom = min(max(zoom, lowest), MAX_ZOOM)
        x, y = x * self.ratio, y * self.ratio
        self.left = x - (x - self.left) * zoom / self.zoom
        self.top = y - (y - self.top) * zoom / self.zoom
        self.zoom, self.fitted = zoom, False
        self._keep_in_reach()

    def pan(self, dx: float, dy: float) -> None:
        """Move the image by logical pixels."""
        self.left += dx * self.ratio
        self.top += dy * self.ratio
        self.fitted = False
        self._keep_in_reach()

    def show_box(self, box: Box) -> None:
        """Zoom to a box with its surroundings: it takes about half of the viewport, never less than fitted."""
        span = max(box.width / self.view_width, box.height / self.view_height, 1e-9)
        self.zoom = min(max(0.5 / span, self.fit_zoom()), MAX_ZOOM / 4)
        self.centre(box)

    def enlarge(self, box: Box, *, short_side: float, least: float) -> None:
        """Zoom in until `short_side`, image pixels, takes `least` logical pixels of the screen, and centre the box.

        The present zoom is never reduced, and the limit of zooming kept.
        """
        wanted = least * self.ratio / max(short_side, 1e-9)
        self.zoom = min(max(wanted, self.zoom), MAX_ZOOM)
        self.centre(box)

    def centre(self, box: Box) -> None:
        """Bring the middle of a box to the middle of the viewport, as far as the image fills it."""
        self.fitted = False
        self._centre_on(*box.centre)
        self.left = self._covering(self.left, self.image_width, self.view_width)
        self.top = self._covering(self.top, self.image_height, self.view_height)

    def _centre_on(self, x: float, y: float) -> None:
        self.left = self.view_width / 2 - x * self.zoom
        self.top = self.view_height / 2 - y * self.zoom

    def _covering(self, start: float, image: int, view: float) -> float:
        """Return the place nearest to `start` at which the image fills the viewport, or is centred if it cannot."""
        margin = FIT_MARGIN * self.ratio
        room = view - image * self.zoom
        return _between(start, room - margin, margin) if room < 2 * margin else room / 2

    def _keep_in_reach(self) -> None:
        """The middle of the viewport stays over the image, so that no pan or zoom can lose it."""
        self.left = _between(self.left, self.view_width / 2 - self.image_width * self.zoom, self.view_width / 2)
        self.top = _between(self.top, self.view_height / 2 - self.image_height * self.zoom, self.view_height / 2)


def _between(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
