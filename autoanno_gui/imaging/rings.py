"""From pixels to rings: tracing the border of a bitmap exactly, and drawing it with fewer points.

A traced ring runs along the borders of pixels, so all its corners are whole numbers and right angles. Parts are what
hangs together over the sides of pixels; pixels that only touch at a corner belong to two parts, or to two ends of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Corners: TypeAlias = NDArray[np.int64]
"""(N, 2) x, y of a traced ring, N >= 4: every side is horizontal or vertical, and no corner comes twice."""

Border: TypeAlias = NDArray[np.int64]
"""(P, 2) twice x and y of places on the border of pixels: the middles of their sides, which no two rings share."""

_Places: TypeAlias = NDArray[np.complex128]

_GRID: Final = 16
"""Fitted points lie on this fraction of a pixel: float32 holds it exactly, and so do a few decimals."""

_FINEST: Final = 0.2
"""Pixels: what may stray less than this from the border has as many points as the border itself."""

_REACH: Final = 1.0
"""Pixels that a point may move when the lines on both sides of it are fitted."""


@dataclass(frozen=True, slots=True)
class TracedPart:
    """One piece of a bitmap that hangs together over the sides of its pixels."""

    outer: Corners
    holes: tuple[Corners, ...] = ()


def trace(bits: NDArray[np.bool_]) -> list[TracedPart]:
    """Return the parts of a bitmap, top to bottom by their first pixel.

    Rings touch themselves nowhere, and each other in single points at most, so that the parts are valid polygons.
    Filling all rings by the even-odd rule gives the bitmap back.
    """
    outers: list[Corners] = []
    holes: list[Corners] = []
    for ring in _rings(bits):
        # Of a ring's topmost corners the leftmost is the top left one of a pixel that the ring holds.
        x, y = ring[0]
        (outers if bits[y, x] else holes).append(ring)
    if not holes:
        return [TracedPart(outer) for outer in outers]
    if len(outers) == 1:
        return [TracedPart(outers[0], tuple(holes))]
    of_part: list[list[Corners]] = [[] for _ in outers]
    for hole, owner in zip(holes, _owners(outers, holes, bits), strict=True):
        of_part[owner].append(hole)
    return [TracedPart(outer, tuple(mine)) for outer, mine in zip(outers, of_part, strict=True)]


def _rings(bits: NDArray[np.bool_]) -> list[Corners]:
    """Return the rings between the pixels and what is around them, each from the leftmost of its topmost corners."""
    corners, order = _corners(bits)
    wide = bits.shape[1] + 1
    # Along a row of the grid the corners pair up to horizontal sides: the 1st with the 2nd, and so on; along a column
    # to vertical ones. A ring takes the two in turn.
    vertical = np.empty_like(order)
    vertical[order[::2]], vertical[order[1::2]] = order[1::2], order[::2]
    partner, place = vertical.tolist(), corners.tolist()
    touching = bool((corners[1:] == corners[:-1]).any())
    seen = bytearray(len(place))
    rings = []
    for start in range(0, len(place), 2):
        ring: list[int] = []
        at = start
        while not seen[at]:
            across = at ^ 1
            seen[at] = seen[across] = 1
            ring += place[at], place[across]
            at = partner[across]
        if ring:
            rings += _loops(ring) if touching else [ring]
    return [np.stack([found % wide, found // wide], axis=1) for found in map(np.array, rings)]


def _corners(bits: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the corners of all rings as y * (width + 1) + x, ordered by row, and their indices ordered by column.

    Where two pixels touch only at their corners, two corners are in the same place.
    """
    height, width = bits.shape
    padded = np.zeros((height + 2, width + 2), np.uint8)
    padded[1:-1, 1:-1] = bits
    sides = padded[1:] ^ padded[:-1]
    corner = sides[:, 1:] ^ sides[:, :-1]
    saddle = sides[:, 1:] & sides[:, :-1] & (padded[1:, 1:] ^ padded[1:, :-1])
    places = np.flatnonzero((corner | saddle).view(np.bool_))
    places = np.repeat(places, 1 + saddle.ravel()[places])
    y, x = np.divmod(places, width + 1)
    order = np.argsort(x.astype(np.min_scalar_type(width)), kind="stable")
    first = np.flatnonzero(places[1:] == places[:-1])
    # The first of two corners in one place is the end of the side from the left, the second the start of the one to
    # the right; as it stands the first also ends the side from above, which cuts the pixels above left and below right
    # apart. Where the other two pixels are set, it has to be the second.
    rising = first[padded[y[first], x[first] + 1] > 0]
    if len(rising):
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        rank[rising], rank[rising + 1] = rank[rising + 1], rank[rising]
        order[rank] = np.arange(len(order))
    return places, order


def _loops(ring: list[int]) -> list[list[int]]:
    """Cut a ring that comes to some places twice into rings that do not."""
    if len(set(ring)) == len(ring):
        return [ring]
    loops: list[list[int]] = []
    path: list[int] = []
    index: dict[int, int] = {}
    for place in ring:
        known = index.get(place)
        if known is None:
            index[place] = len(path)
            path.append(place)
            continue
        loops.append(path[known:])
        for passed in path[known + 1 :]:
            del index[passed]
        del path[known + 1 :]
    loops.append(path)
    first = [loop.index(min(loop)) for loop in loops]
    return [loop[at:] + loop[:at] for loop, at in zip(loops, first, strict=True)]


def _owners(outers: list[Corners], holes: list[Corners], bits: NDArray[np.bool_]) -> list[int]:
    """Return for each hole the index of the outer ring of its part."""
    rings = outers + holes
    tall = bits.shape[0] + 1
    sizes = [len(ring) for ring in rings]
    here = np.concatenate(rings)
    there = here[_following(sizes)]
    upright = np.flatnonzero(here[:, 0] == there[:, 0])
    sides = here[upright, 0] * tall + np.minimum(here[upright, 1], there[upright, 1])
    order = np.argsort(sides)
    ring_of = np.repeat(np.arange(len(rings)), sizes)[upright[order]]
    # The pixel above a hole's first side is of the hole's part. From there to the left, the first side that is met
    # belongs to a ring of the same part: its outer one, or a hole that starts further up.
    beside = []
    for x, y in (hole[0].tolist() for hole in holes):
        run = bits[y - 1, x::-1]
        beside.append((x + 1 - (len(run) if run.all() else int(run.argmin()))) * tall + y - 1)
    met = ring_of[np.searchsorted(sides[order], beside, side="right") - 1].tolist()
    owners = []
    for ring in met:
        while ring >= len(outers):
            ring = met[ring - len(outers)]
        owners.append(ring)
    return owners


def side_middles(rings: Sequence[Corners]) -> list[Border]:
    """Return the border of each ring: the middles of its pixel sides, which, unlike its corners, lie on both sides of a
    slanted edge alike."""
    here = np.concatenate(rings)
    along = here[_following([len(ring) for ring in rings])] - here
    lengths = np.abs(along).sum(axis=1)
    side = np.repeat(np.arange(len(here)), lengths)
    ends = np.cumsum(lengths)
    nth = np.arange(len(side)) - (ends - lengths)[side]
    doubled = 2 * here[side] + np.sign(along)[side] * (2 * nth + 1)[:, None]
    stops = ends[np.cumsum([len(ring) for ring in rings]) - 1].tolist()
    return [doubled[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]


def simplify(rings: Sequence[Corners], borders: Sequence[Border], slack: Sequence[float]) -> list[NDArray[np.float64]]:
    """Return each ring drawn with fewer points, or as it is where that would not spare any.

    Points of its border are chosen so that it strays at most `slack` pixels from the lines between them; then each line
    is fitted to its stretch of the border, which leaves as much inside as outside, and neighbours are made to meet.

    Args:
        borders: `side_middles` of the rings.
        slack: for each ring.
    """
    drawn = [ring.astype(np.float64) for ring in rings]
    chosen = {}
    for i, (ring, border, most) in enumerate(zip(rings, borders, slack, strict=True)):
        points = _chosen(border, most)
        if 3 <= len(points) < len(ring):
            chosen[i] = points
    if chosen:
        drawn_anew = _fitted([borders[i] for i in chosen], list(chosen.values()))
        for i, vertices in zip(chosen, drawn_anew, strict=True):
            drawn[i] = vertices
    return drawn


def _chosen(border: Border, slack: float) -> Border:
    """Return points of a border from whose polygon it strays at most `slack` pixels; fewer than 3 when that takes all
    its points."""
    while slack >= _FINEST:
        points = cv2.approxPolyDP(border.astype(np.int32)[:, None], 2 * slack, True)[:, 0]
        if len(points) >= 3:
            return points.astype(np.int64)
        slack /= 2
    return border[:0]


def _fitted(borders: Sequence[Border], chosen: Sequence[Border]) -> list[NDArray[np.float64]]:
    """Return for each border where the lines meet that are fitted to its stretches between the chosen points."""
    sizes, counts = np.array([len(border) for border in borders]), np.array([len(points) for points in chosen])
    ends, stops = np.cumsum(sizes), np.cumsum(counts)
    border = np.concatenate(borders)
    cuts = _indices(border, np.concatenate(chosen))
    following = _following(counts)
    # Places in the plane as complex numbers, from each ring's first.
    places = border[:, 0] / 2 + border[:, 1] * 0.5j
    origins = places[ends - sizes]
    places -= np.repeat(origins, sizes)
    sums = np.zeros((2, len(places) + 1), np.complex128)
    np.cumsum(places, out=sums[0, 1:])
    np.cumsum(places * places, out=sums[1, 1:])
    # A stretch goes from one cut to the next, both of them included; a ring's last one goes on at its start.
    beyond = cuts[following] + 1
    lengths = beyond - cuts
    lengths[stops - 1] += sizes
    stretches = sums[:, beyond] - sums[:, cuts]
    stretches[:, stops - 1] += sums[:, ends] - sums[:, ends - sizes]
    middles, squares = stretches / lengths
    # The squared distances from the middle add up to a number of twice the angle of the line that fits best.
    along = np.exp(0.5j * np.angle(squares - middles * middles))
    vertices = _meeting(middles, along, middles[following], along[following], places[cuts[following]])
    vertices += np.repeat(origins, counts)
    points = np.round(vertices.view(np.float64).reshape(-1, 2) * _GRID) / _GRID
    return [points[stop - count : stop] for stop, count in zip(stops.tolist(), counts.tolist(), strict=True)]


def _meeting(a: _Places, along_a: _Places, b: _Places, along_b: _Places, near: _Places) -> _Places:
    """Return where the lines through `a` and `b` meet, or, where that is further than `_REACH` from `near`, the middle
    of the places nearest to it on both.

    Args:
        along_a: the unit direction of the line through `a`; `along_b` of that through `b`.
    """
    turn = (along_a * along_b.conj()).imag
    bends = np.abs(turn) > 1e-6
    meeting = a + along_a * (((b - a) * along_b.conj()).imag / np.where(bends, turn, 1.0))
    off_a, off_b = ((near - a) * along_a.conj()).imag, ((near - b) * along_b.conj()).imag
    between = near - 0.5j * (along_a * off_a + along_b * off_b)
    return np.where(bends & (np.abs(meeting - near) <= _REACH), meeting, between)


def _indices(border: Border, points: Border) -> NDArray[np.intp]:
    """Return where some points of a border are in it, in rising order."""
    wide = int(border[:, 0].max()) + 1
    keys = border @ (1, wide)
    order = np.argsort(keys)
    return np.sort(order[np.searchsorted(keys, points @ (1, wide), sorter=order)])


def _following(sizes: Sequence[int] | NDArray[np.integer]) -> NDArray[np.intp]:
    """Return for each point of rings that lie one after the other the index of the next one of the same ring."""
    ends = np.cumsum(sizes)
    following = np.arange(1, ends[-1] + 1)
    following[ends - 1] = ends - sizes
    return following
