"""How much each frame differs from those that are decided, and the order that this gives. Pure: arrays in, arrays out.

A look (see `imaging.similarity`) is a row of bytes; how different two frames are is the Euclidean distance of their
looks, `FULL_DISTANCE` of which count as 1. For most pairs of unrelated photos that is 0.3 to 0.6 and hardly ever less
than 0.22; for one picture in two encodings, sizes or exposures, or for neighbouring frames of a film, it is less than
0.1 with few exceptions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

FULL_DISTANCE: Final = 256.0
"""Looks that are this far apart or farther differ by 1."""
NEAR_DUPLICATE: Final = 0.12
"""Frames that differ by less show the same picture."""
HEAD: Final = 200
"""So many of the frames that come next also differ from each other, each from all that come before it."""

_ROWS: Final = 4096  # rows and columns of one matrix of distances: 16 MB
_COLUMNS: Final = 1024
_POOL: Final = 4096
_NONE: Final = -1
_TAKEN: Final = np.float32(-1)  # in place of a squared distance


def _never() -> bool:
    return False


class Distances:
    """How much each row of looks differs from the nearest decided one, kept up to date. One thread at a time.

    Squares of whole numbers are exact in float32 as long as a look has fewer than 128 bytes: twins have distance 0.
    """

    def __init__(self, looks: NDArray[np.uint8], known: NDArray[np.bool_]) -> None:
        """Start with nothing decided.

        Args:
            looks: (N, B) uint8, B < 128.
            known: (N,) bool, which rows hold a look.
        """
        if looks.shape[1] >= 128:
            raise ValueError(f"a look of {looks.shape[1]} bytes is too long")
        count = len(looks)
        self._looks = looks.copy()
        self._known = known.copy()
        self._counted = np.zeros(count, np.bool_)  # decided rows that all others were compared with
        self._touched = np.zeros(count, np.bool_)  # decided rows that any others were compared with
        self._squares = np.full(count, np.inf, np.float32)
        self._nearest = np.full(count, _NONE, np.int32)  # row of the decided look that the square belongs to
        self._outdated = np.zeros(count, np.bool_)  # rows whose square must be worked out anew

    def __len__(self) -> int:
        return len(self._looks)

    def append(self, looks: NDArray[np.uint8], known: NDArray[np.bool_]) -> None:
        """Add (K, B) rows at the end."""
        more = Distances(looks, known)
        more._outdated[:] = known
        for name in ("_looks", "_known", "_counted", "_touched", "_squares", "_nearest", "_outdated"):
            setattr(self, name, np.concatenate([getattr(self, name), getattr(more, name)]))

    def replace(self, rows: NDArray[np.int64], looks: NDArray[np.uint8]) -> None:
        """Put (K, B) looks in place of what is in these (K,) rows, which are known from now on."""
        self._release(rows)
        self._looks[rows] = looks
        self._known[rows] = True
        self._outdated[rows] = True

    def forget(self, rows: NDArray[np.int64]) -> None:
        """Take it that the looks of these (K,) rows are not known any more."""
        self._release(rows)
        self._known[rows] = False

    def _release(self, rows: NDArray[np.int64]) -> None:
        """Compare with these rows no more; whoever was nearest to one of them looks for another."""
        gone = np.zeros(len(self), np.bool_)
        gone[rows] = True
        self._counted &= ~gone
        self._touched &= ~gone
        # What is nearest to nothing points at the last row, which the first condition takes out again.
        self._outdated |= (self._nearest >= 0) & gone[self._nearest]

    def update(self, decided: NDArray[np.bool_], *, stop: Callable[[], bool] = _never) -> bool:
        """Bring the distances up to date.

        Args:
            decided: (N,) bool, which frames are decided now; what is no longer among them counts no more.
            stop: asked every few milliseconds whether to give up; the next call goes on from there.

        Returns:
            Whether it came to its end.
        """
        wanted = decided & self._known
        self._release(np.flatnonzero(self._touched & ~wanted))
        counted = np.flatnonzero(self._counted)
        outdated = np.flatnonzero(self._outdated)
        for start in range(0, len(outdated), _ROWS):
            rows = outdated[start : start + _ROWS]
            self._squares[rows], self._nearest[rows] = np.inf, _NONE
            for first in range(0, len(counted), _COLUMNS):
                if stop():
                    return False
                self._compare(rows, counted[first : first + _COLUMNS])
            self._outdated[rows] = False
        new = np.flatnonzero(wanted & ~self._counted)
        for first in range(0, len(new), _COLUMNS):
            columns = new[first : first + _COLUMNS]
            self._touched[columns] = True
            for start in range(0, len(self), _ROWS):
                if stop():
                    return False
                self._compare(slice(start, start + _ROWS), columns)
            self._counted[columns] = True
        return True

    def _compare(self, rows: NDArray[np.int64] | slice, columns: NDArray[np.int64]) -> None:
        squares, at = nearest_squares(self._looks[rows], self._looks[columns])
        closer = squares < self._squares[rows]
        self._squares[rows] = np.where(closer, squares, self._squares[rows])
        self._nearest[rows] = np.where(closer, columns[at], self._nearest[rows])

    @property
    def looks(self) -> NDArray[np.uint8]:
        """(N, B), to be read only."""
        return self._looks

    @property
    def known(self) -> NDArray[np.bool_]:
        """(N,) which rows hold a look, to be read only."""
        return self._known

    @property
    def compared(self) -> bool:
        """Whether any decided frame has a look."""
        return bool(self._counted.any())

    def squares(self) -> NDArray[np.float32]:
        """Return (N,) the squared distances to the nearest decided look, as of the last update.

        While nothing is decided, those to the mean of all looks; nan where a look is not known.
        """
        found = self._squares.copy() if self.compared else _squares_to_mean(self._looks, self._known)
        found[~self._known] = np.nan
        return found

    def values(self) -> NDArray[np.float32]:
        """Return (N,) how much each frame differs from the nearest decided one, 0..1, as of the last update.

        While nothing is decided, from the mean of all; nan where a look is not known.
        """
        return _as_distances(self.squares())


def distances_to_decided(
    looks: NDArray[np.uint8], known: NDArray[np.bool_], decided: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return (N,) how much each frame differs from the nearest decided one, 0..1; nan where its look is not known.

    Args:
        looks: (N, B) uint8.
        known: (N,) bool.
        decided: (N,) bool; where no decided frame has a look, the distances are those to the mean of all.
    """
    distances = Distances(looks, known)
    distances.update(decided)
    return distances.values()


def diversity_scores(
    distances: Distances, waiting: NDArray[np.bool_], *, head: int = HEAD, stop: Callable[[], bool] = _never
) -> NDArray[np.float32] | None:
    """Return (N,) scores, 0..1: the frames that wait come by falling score.

    First come those that differ most from all that are decided and from each other: each is the one that differs most
    from everything before it. The others follow by how much they differ from the decided frames and from those first
    ones. What differs from them by less than `NEAR_DUPLICATE` comes last; a frame without a look has just that score.

    While nothing is decided, the frame that is closest to the mean of all comes first.

    Args:
        distances: up to date with what is decided.
        waiting: (N,) bool, the frames that may come next; scores of others are just how much they differ.
        head: how many of the first ones are to differ from each other, at most.
        stop: asked every few milliseconds whether to give up.

    Returns:
        None when it was stopped.
    """
    squares = distances.squares()
    scores = np.where(distances.known, _as_distances(squares), np.float32(NEAR_DUPLICATE)).astype(np.float32)
    rows = np.flatnonzero(waiting & distances.known)
    if not len(rows) or head < 1:
        return scores
    looks = distances.looks[rows]
    left = squares[rows]
    picks: list[int] = []
    if not distances.compared:
        picks.append(int(left.argmin()))
        left = _lowered(np.full(len(rows), np.inf, np.float32), looks, looks[picks])
    found = _farthest_first(looks, left, picks, head=head, stop=stop)
    if found is None:
        return None
    order, apart = found
    # Strictly falling, so that frames at equal distances keep the places they were given.
    places = _as_distances(apart)
    for place in range(1, len(places)):
        places[place] = min(places[place], np.nextafter(places[place - 1], np.float32(0)))
    scores[rows[order]] = places
    left = _lowered(left, looks, looks[order])
    rest = np.ones(len(rows), np.bool_)
    rest[order] = False
    behind = np.nextafter(places[-1], np.float32(0))
    scores[rows[rest]] = np.minimum(_as_distances(left[rest]), behind)
    return scores


def _farthest_first(
    looks: NDArray[np.uint8],
    squares: NDArray[np.float32],
    picks: list[int],
    *,
    head: int,
    stop: Callable[[], bool],
) -> tuple[NDArray[np.int64], NDArray[np.float32]] | None:
    """Return up to `head` rows, each the farthest from what was before it, and their squared distances to that.

    Distances only fall as rows are picked, so only the farthest rows are followed as long as one of them is at least
    as far as all others were at first: the result is that of following all.

    Args:
        looks: (N, B) uint8.
        squares: (N,) to what was there before, and to `picks`.
        picks: rows that are picked already.
    """
    count = len(looks)
    by_distance = np.argsort(-squares, kind="stable")
    size = min(_POOL, count)
    pool = by_distance[:size]
    left = squares[pool].copy()
    chosen, apart = list(picks), [np.float32(np.inf)] * len(picks)
    left[np.isin(pool, chosen)] = _TAKEN
    while len(chosen) < min(head, count):
        if stop():
            return None
        at = int(left.argmax())
        if size < count and left[at] < squares[by_distance[size]]:
            more = by_distance[size : 2 * size]
            fresh = _lowered(squares[more], looks[more], looks[chosen])
            fresh[np.isin(more, chosen)] = _TAKEN
            pool, left = np.concatenate([pool, more]), np.concatenate([left, fresh])
            size = len(pool)
            continue
        chosen.append(int(pool[at]))
        apart.append(left[at])
        # What is taken stays below all distances.
        left = _lowered(left, looks[pool], looks[pool[at : at + 1]])
        left[at] = _TAKEN
    return np.array(chosen), np.array(apart, np.float32)


def nearest_squares(
    looks: NDArray[np.uint8], others: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return (N,) the squared distance of each look to the nearest of the others, and (N,) which that is.

    Args:
        looks: (N, B) uint8.
        others: (M, B) uint8, M > 0; the whole (N, M) matrix is made at once.
    """
    left, right = looks.astype(np.float32), others.astype(np.float32)
    own = np.einsum("ij,ij->i", left, left)
    if len(others) == 1:
        squares = own + (right[0] @ right[0] - 2 * (left @ right[0]))
        return squares, np.zeros(len(looks), np.int64)
    # One more column carries the others' own squares through the product: a pass over the matrix less.
    right_own = np.einsum("ij,ij->i", right, right)
    product = np.column_stack([left, np.ones(len(left), np.float32)]) @ np.column_stack([-2 * right, right_own]).T
    at = product.argmin(axis=1)
    return product[np.arange(len(looks)), at] + own, at


def _lowered(squares: NDArray[np.float32], looks: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (N,) squared distances with more looks to be near to."""
    found = np.empty_like(squares)
    for start in range(0, len(looks), _ROWS):
        part = slice(start, start + _ROWS)
        found[part] = np.minimum(squares[part], nearest_squares(looks[part], others)[0])
    return found


def _squares_to_mean(looks: NDArray[np.uint8], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    if not known.any():
        return np.zeros(len(looks), np.float32)
    mean = looks[known].mean(axis=0, dtype=np.float64).astype(np.float32)
    found = np.empty(len(looks), np.float32)
    for start in range(0, len(looks), _ROWS):
        apart = looks[start : start + _ROWS].astype(np.float32) - mean
        found[start : start + _ROWS] = np.einsum("ij,ij->i", apart, apart)
    return found


def _as_distances(squares: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.minimum(np.sqrt(squares) / np.float32(FULL_DISTANCE), np.float32(1))
    return found
