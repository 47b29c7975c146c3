"""Masks without weights, from the colours around a prompt: quick, always there, and good where colours differ.

Colours alone lose the object as soon as its surroundings share some of them. So a first guess is made of where in its
box an object usually is; the guess and the colours correct each other; where both are sure, GrabCut may not change its
mind; and GrabCut draws the border. Several guesses are tried, and the answers are ranked by how well they fill the box
and how strong the edges under their border are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.core.prompt import Prompt, PromptPoint
from autoanno_gui.imaging.masks import raster_iou
from autoanno_gui.inference.colour_evidence import ColourEvidence, Share
from autoanno_gui.inference.segmenter import Embedding, MaskCandidate, mask_candidate, prompt_within

GRABCUT: Final = SegmenterInfo("GrabCut", "grabcut")

_SIDE: Final = 128
"""Longer side in pixels of what GrabCut works on; it takes the time of an eye blink."""
_MARGIN: Final = 0.25
"""How much of the surroundings is looked at on each side of a box, as a share of that side."""
_LEAST_MARGIN: Final = 4.0
_TINY: Final = 1e-3
"""Pixels; a box that is smaller can be divided by this."""
_SAME: Final = 0.97
"""Intersection over union from which on two answers are one."""

_Bits: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class GrabCutEmbedding:
    """The image itself: nothing is worked out ahead."""

    image: NDArray[np.uint8]

    @property
    def nbytes(self) -> int:
        """Memory of the image, which stays as long as this does."""
        return self.image.nbytes


class GrabCutSegmenter:
    """OpenCV's GrabCut on the part of the image that a prompt is about."""

    info: Final = GRABCUT
    device: Final = "cpu"
    device_reason: Final = ""
    slow_to_encode: Final = False

    def encode(self, image: NDArray[np.uint8]) -> GrabCutEmbedding:
        """See `Segmenter.encode`; takes no time."""
        return GrabCutEmbedding(image)

    def segment(self, embedding: Embedding, prompt: Prompt, *, candidates: int = 1) -> list[MaskCandidate]:
        """See `Segmenter.segment`. Equal questions get equal answers; up to three of them."""
        if not isinstance(embedding, GrabCutEmbedding):
            raise ValueError("the embedding is of another segmenter")
        image = embedding.image
        prompt = prompt_within(prompt, width=image.shape[1], height=image.shape[0])
        if prompt.empty:
            return []
        found: list[MaskCandidate] = []
        for answer in sorted(_answers(image, prompt), key=lambda answer: -answer.score):
            if len(found) == candidates:
                break
            new = answer.candidate()
            if new is not None and all(raster_iou(new.raster, other.raster) < _SAME for other in found):
                found.append(new)
        return found

    def close(self) -> None:
        """There is nothing to give back."""


def _answers(image: NDArray[np.uint8], prompt: Prompt) -> Iterator[_Answer]:
    if prompt.box is not None:
        box = _with_points(prompt.box, prompt.points)
        view = _View.of(image, _grown(box, _MARGIN * box.width, _MARGIN * box.height))
        for form in _FORMS:
            yield _answer(view, prompt, form.share(view, box), box=box)
        return
    clicks = np.array([point[:2] for point in prompt.points if point.positive])
    for reach in _REACHES:
        radius = reach * max(image.shape[:2])
        view = _View.of(image, _grown(Box.around(clicks), _SIGHT * radius, _SIGHT * radius))
        yield _answer(view, prompt, _share_near(view, clicks, radius))


def _answer(view: _View, prompt: Prompt, share: Share, *, box: Box | None = None) -> _Answer:
    """Return the answer that comes of one guess.

    Args:
        share: the guess, from the places of the pixels alone; 0 where the object cannot be.
        box: around the object, where it is known.
    """
    clicks = _Clicks(view, prompt.points)
    share = clicks.marked(view.colours.weighed(clicks.spread(share), inside=clicks.positive, outside=clicks.negative))
    bits = _whole(_cut(view.pixels, share), positive=clicks.positive, negative=clicks.negative)
    return _Answer(view, bits, _score(view, bits, box), box)


# -------------------------------------------------------------------------------------------------------------- views
@dataclass(frozen=True)
class _View:
    """A part of the image, made smaller.

    Attributes:
        left: its first column in the upright image.
        top: its first row.
        width: in pixels of the upright image.
        height: in pixels of the upright image.
        pixels: (h, w, 3) BGR, the longer side at most `_SIDE`.
        goes_on: whether the image goes on beyond its top, bottom, left and right side.
    """

    left: int
    top: int
    width: int
    height: int
    pixels: NDArray[np.uint8]
    goes_on: tuple[bool, bool, bool, bool]

    @classmethod
    def of(cls, image: NDArray[np.uint8], box: Box) -> _View:
        """Return what is in a box, as far as it is in the image; at least one pixel."""
        height, width = image.shape[:2]
        left, top = min(max(int(box.x1), 0), width - 1), min(max(int(box.y1), 0), height - 1)
        right, bottom = min(int(np.ceil(box.x2)), width), min(int(np.ceil(box.y2)), height)
        part = image[top : max(bottom, top + 1), left : max(right, left + 1)]
        rows, columns = part.shape[:2]
        scale = min(1.0, _SIDE / max(rows, columns))
        size = max(1, round(columns * scale)), max(1, round(rows * scale))
        pixels = cv2.resize(part, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else part
        goes_on = top > 0, top + rows < height, left > 0, left + columns < width
        return cls(left, top, columns, rows, np.ascontiguousarray(pixels, np.uint8), goes_on)

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the view for one of the image, across and down."""
        return self.pixels.shape[1] / self.width, self.pixels.shape[0] / self.height

    @cached_property
    def middles(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """x (1, w) and y (h, 1) of the pixels' middles in the upright image."""
        rows, columns = self.pixels.shape[:2]
        across, down = self.scale
        x = self.left + (np.arange(columns, dtype=np.float32) + np.float32(0.5)) / np.float32(across)
        y = self.top + (np.arange(rows, dtype=np.float32) + np.float32(0.5)) / np.float32(down)
        return x[None, :], y[:, None]

    def leaving(self, bits: _Bits) -> int:
        """Return how many of the pixels touch a side beyond which the image goes on."""
        sides = bits[0], bits[-1], bits[:, 0], bits[:, -1]
        return sum(int(np.count_nonzero(side)) for side, open_ in zip(sides, self.goes_on, strict=True) if open_)

    @cached_property
    def colours(self) -> ColourEvidence:
        return ColourEvidence(self.pixels)


def _grown(box: Box, across: float, down: float) -> Box:
    across, down = max(across, _LEAST_MARGIN), max(down, _LEAST_MARGIN)
    return Box(box.x1 - across, box.y1 - down, box.x2 + across, box.y2 + down)


def _with_points(box: Box, points: Sequence[PromptPoint]) -> Box:
    """Return the box, made larger where a point beside it is on the object too."""
    for x, y, positive in points:
        if positive:
            box = Box(min(box.x1, x), min(box.y1, y), max(box.x2, x), max(box.y2, y))
    return box


# ------------------------------------------------------------------------------------------------------------- guesses
@dataclass(frozen=True, slots=True)
class _Form:
    """What part of its box an object fills: a soft oval.

    Attributes:
        most: likelihood in the middle.
        power: 2 for an ellipse; more for something like a box.
        size: by the box's.
        hardness: how fast the likelihood falls at its border.
    """

    most: float
    power: float
    size: float
    hardness: float

    def share(self, view: _View, box: Box) -> Share:
        """Return how likely each pixel is on the object, 0 outside the box."""
        (x, y), (cx, cy) = view.middles, box.centre
        across, down = np.abs(x - cx) / max(box.width / 2, _TINY), np.abs(y - cy) / max(box.height / 2, _TINY)
        with np.errstate(over="ignore"):
            distance = (across**self.power + down**self.power) ** (1 / self.power) / self.size
            likelihood = self.most / (1 + np.exp(self.hardness * (distance - 1))) + 0.02
        share: Share = np.where((across <= 1.0) & (down <= 1.0), likelihood, 0).astype(np.float32)
        return share


_FORMS: Final = (
    _Form(most=0.9, power=2.5, size=1.0, hardness=4.0),
    _Form(most=0.9, power=2.0, size=0.75, hardness=4.0),
    _Form(most=0.95, power=8.0, size=1.0, hardness=8.0),
)
"""What most objects fill of their box, slim ones, and such as fill it all."""

_REACHES: Final = (1 / 24, 1 / 12, 1 / 6)
"""How far an object may reach from a click, by the image's longer side: a part, a thing, a large thing."""
_SIGHT: Final = 2.5
"""How far is looked around a click, by the reach."""


def _share_near(view: _View, clicks: NDArray[np.float64], reach: float) -> Share:
    """Return how likely each pixel is on an object that was clicked at (N, 2) places and reaches so far from them."""
    x, y = view.middles
    squares = np.min([(x - cx) ** 2 + (y - cy) ** 2 for cx, cy in clicks], axis=0)
    with np.errstate(under="ignore"):
        share: Share = (0.9 * np.exp(-0.5 * (squares / reach**2) ** 1.5)).clip(0.01).astype(np.float32)
    return share


class _Clicks:
    """What the points of a prompt say about the pixels of a view.

    Attributes:
        positive: around the points on the object.
        negative: around the others.
    """

    _RADIUS: Final = 0.02
    """Within which they are certain, by the view's longer side."""
    _SPREAD: Final = 0.07
    """Within which they count much for their neighbours too, likewise."""

    def __init__(self, view: _View, points: Sequence[PromptPoint]) -> None:
        shape = view.pixels.shape[:2]
        across, down = view.scale
        self._places: Final = [((x - view.left) * across, (y - view.top) * down, positive) for x, y, positive in points]
        self._side: Final = max(shape)
        discs = np.zeros((2, *shape), np.uint8)
        for x, y, positive in self._places:
            at = min(int(x), shape[1] - 1), min(int(y), shape[0] - 1)
            cv2.circle(discs[int(positive)], at, round(self._RADIUS * self._side), 1, -1)
        # Where they meet, the object gives way.
        self.negative: Final[_Bits] = discs[0] > 0
        self.positive: Final[_Bits] = (discs[1] > 0) & ~self.negative

    def spread(self, share: Share) -> Share:
        """Return a guess with the clicks and their neighbourhoods in it; there, the object can only be where it could
        be before."""
        if not self._places:
            return share
        near = {True: np.zeros_like(share), False: np.zeros_like(share)}
        y, x = np.ogrid[: share.shape[0], : share.shape[1]]
        for column, row, positive in self._places:
            squares = (x + 0.5 - column) ** 2 + (y + 0.5 - row) ** 2
            reach = self._reach(column, row, positive)
            with np.errstate(under="ignore"):
                near[positive] = np.maximum(near[positive], 0.9 * np.exp(-squares / (2 * reach**2)))
        changed = (share + (0.97 - share) * near[True]) * (1 - near[False])
        return self.marked(np.where(share > 0, changed.clip(0.005), 0).astype(np.float32))

    def _reach(self, x: float, y: float, positive: bool) -> float:
        """Return how far a click counts: not so far as a click that says the contrary."""
        others = [np.hypot(x - a, y - b) / 2 for a, b, sign in self._places if sign is not positive]
        return float(max(min([self._SPREAD * self._side, *others]), 1.0))

    def marked(self, share: Share) -> Share:
        """Return a guess with the certain places in it."""
        share = share.copy()
        share[self.positive] = 0.99
        share[self.negative] = 0.0
        return share


# ------------------------------------------------------------------------------------------------------------- answers
@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """Which pixels of a view are on the object, perhaps none, and how good that looks.

    Attributes:
        box: that they must not leave, if any.
    """

    view: _View
    bits: _Bits
    score: float
    box: Box | None

    def candidate(self) -> MaskCandidate | None:
        """Return the answer in pixels of the image, with a smooth border; None when it has none."""
        view, box = self.view, self.box
        if self.bits.shape == (view.height, view.width):
            large = self.bits.copy()
        else:
            soft = cv2.GaussianBlur(self.bits.astype(np.uint8) * np.uint8(255), (0, 0), 0.7)
            large = cv2.resize(soft, (view.width, view.height), interpolation=cv2.INTER_LINEAR) > 127
        if box is not None:
            large[: max(int(box.y1) - view.top, 0)] = False
            large[int(np.ceil(box.y2)) - view.top :] = False
            large[:, : max(int(box.x1) - view.left, 0)] = False
            large[:, int(np.ceil(box.x2)) - view.left :] = False
        return mask_candidate(large, self.score, left=view.left, top=view.top)


def _cut(pixels: NDArray[np.uint8], share: Share) -> _Bits:
    """Return GrabCut's answer, which starts from a guess and keeps what is sure of it."""
    state = np.where(share > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    state[share > 0.8] = cv2.GC_FGD
    state[share < 0.15] = cv2.GC_BGD
    bits = _on_object(state)
    if bits.all() or not bits.any():  # it learns the colours of both
        return bits
    cv2.setRNGSeed(0)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(pixels, state, (0, 0, 0, 0), background, foreground, 1, cv2.GC_INIT_WITH_MASK)
    return _on_object(state)


def _on_object(state: NDArray[np.uint8]) -> _Bits:
    bits: _Bits = (state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)
    return bits


def _whole(bits: _Bits, *, positive: _Bits, negative: _Bits) -> _Bits:
    """Return the pieces that were clicked, else the largest one, without pinholes."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bits.view(np.uint8), connectivity=4)
    chosen = np.zeros(len(stats), np.bool_)
    chosen[labels[positive & bits]] = True
    if not chosen.any() and len(stats) > 1:
        chosen[1 + stats[1:, cv2.CC_STAT_AREA].argmax()] = True
    piece: _Bits = chosen[labels]
    padded = np.pad(~piece, 1, constant_values=True)  # all that is outside hangs together
    _, labels, stats, _ = cv2.connectedComponentsWithStats(padded.view(np.uint8), connectivity=4)
    holes = labels[1:-1, 1:-1]
    pinhole = stats[:, cv2.CC_STAT_AREA] < np.count_nonzero(piece) / 100
    pinhole[holes[negative]] = False
    filled: _Bits = piece | pinhole[holes]
    return filled


def _score(view: _View, bits: _Bits, box: Box | None) -> float:
    """Return 0..1: how strong the edges under the border are, and how well the piece fills its box, or how far it stays
    inside the view where there is no box."""
    if not bits.any():
        return 0.0
    border = cv2.morphologyEx(bits.view(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    edges = view.colours.edges
    contrast = float(edges[border].mean()) / (float(edges.mean()) + 1e-6) if border.any() else 0.0
    if box is None:
        fit = 1.0 - min(1.0, 2 * view.leaving(bits) / max(int(np.count_nonzero(border)), 1))
    else:
        x, y, width, height = cv2.boundingRect(bits.view(np.uint8))
        across, down = view.scale
        left, top = view.left + x / across, view.top + y / down
        fit = box.iou(Box(left, top, left + width / across, top + height / down))
    good = fit * contrast
    return good / (1.0 + good)
