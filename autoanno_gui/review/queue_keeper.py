"""Keeps what the queue is sorted by up to date with the project file, and sorts: for a thread of its own.

All of it can be made anew from the project file at any time; nothing here is ever the only place of anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.classes import living_class
from autoanno_gui.core.confidence_table import ConfidenceTable
from autoanno_gui.core.frame_list import FrameColumns
from autoanno_gui.core.prediction_index import JUDGED, UNMAPPED, IndexBuilder, PredictionBlock, PredictionIndex
from autoanno_gui.core.queue import QueueOrder, order
from autoanno_gui.core.queue_filter import QueueFilter, matching
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import Thresholds
from autoanno_gui.review.honesty import blind_positions
from autoanno_gui.review.look_keeper import LookKeeper
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.reader_index import StoredPredictions

QUEUE_SETTING: Final = "queue"
"""Under this name the project keeps its `QueueSettings`."""
ALL_FRAMES: Final = QueueFilter()
_UNSAID: Final = -1
"""Stands for a class that the model did not name; the last entry of a lookup answers for it."""
_NOT_MET: Final = -2
"""Stands for a class of a model that has no line in the class map yet."""


@dataclass(frozen=True, slots=True)
class SortRequest:
    """What the queue is to be sorted by.

    Attributes:
        generation: of the frame list: an order made for another one means other frames.
        checks: whether the random stream runs through the order.
        first: ids of frames that come before all others.
        trial: ids of frames that come before these still.
        hidden: ids of frames that must not show what the model proposed, beside those that are labelled blind.
        restart: the reviewer asked for another order, which begins right behind what is open.
        wanted: which frames the queue is narrowed to by their predictions.
    """

    frames: FrameColumns
    generation: int
    settings: QueueSettings
    thresholds: Thresholds
    checks: bool = True
    first: tuple[int, ...] = ()
    trial: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()
    restart: bool = False
    wanted: QueueFilter = ALL_FRAMES


@dataclass(frozen=True, slots=True)
class SortedQueue:
    """An order with what it was made of.

    Attributes:
        matches: (N,) by position, which frames pass the request's filter; None where all do.
    """

    request: SortRequest
    order: QueueOrder
    matches: NDArray[np.bool_] | None
    index: PredictionIndex
    table: ConfidenceTable


@dataclass(slots=True)
class News:
    """What changed in the project file since the index was last brought up to date.

    Attributes:
        predicted: frames with a newer prediction, or none any more.
        judged: frames whose adopted decision changed.
        looks: more is known of what frames look like.
        everything: classes or their maps changed, or nothing was read yet.
    """

    predicted: set[int] = field(default_factory=set)
    judged: set[int] = field(default_factory=set)
    looks: bool = False
    everything: bool = False

    def __bool__(self) -> bool:
        """Whether the index has to be brought up to date."""
        return self.everything or bool(self.predicted or self.judged)

    def merge(self, other: News) -> None:
        self.predicted |= other.predicted
        self.judged |= other.judged
        self.looks |= other.looks
        self.everything |= other.everything


class QueueKeeper:
    """The prediction index of one project. One thread at a time."""

    def __init__(self, reader: Reader) -> None:
        self._reader: Final = reader
        self._builder = IndexBuilder()
        self._lookups: dict[str, NDArray[np.int32]] = {}
        self._outdated = False
        """Whether rows were read with a class map that has grown since."""
        self._snapshot: PredictionIndex | None = None
        self._table: ConfidenceTable | None = None
        self._looks: LookKeeper | None = None
        """Read when an order asks for it."""

    def update(self, news: News, *, stop: Callable[[], bool] = lambda: False) -> bool:
        """Read what changed.

        Args:
            news: what to read.
            stop: asked between blocks whether to give up; then the index is incomplete until everything is read anew.

        Returns:
            Whether it came to its end.
        """
        if news.looks:
            self._looks = None
        elif self._looks is not None and news.predicted:
            # The file of one may hold another picture now.
            self._looks.update(sorted(news.predicted))
        if not news:
            return True
        self._snapshot = self._table = None
        frame_ids = None if news.everything else sorted(news.predicted)
        if news.everything:
            self._builder = IndexBuilder()
            self._lookups, self._outdated = self._class_lookups(), False
        elif frame_ids:
            # What is not found again has lost its predictions: its file holds another picture now.
            self._builder.forget(frame_ids)
        if frame_ids is None or frame_ids:
            for block in self._reader.newest_predictions(frame_ids):
                self._builder.add(self._mapped(block))
                if stop():
                    return False
        if self._outdated:
            return self.update(News(everything=True), stop=stop)
        changed = None if news.everything else sorted(news.predicted | news.judged)
        verdicts = self._reader.judged_predictions(changed)
        for frame_id in verdicts if changed is None else changed:
            found = verdicts.get(frame_id, {})
            self._builder.judge(frame_id, {at: JUDGED[kind] for at, kind in found.items() if kind in JUDGED})
        return True

    @property
    def index(self) -> PredictionIndex:
        """The index as it is now."""
        if self._snapshot is None:
            self._snapshot = self._builder.snapshot()
        return self._snapshot

    @property
    def table(self) -> ConfidenceTable:
        """How confidences are spread, and what became of the predictions."""
        if self._table is None:
            self._table = ConfidenceTable.of(self.index)
        return self._table

    def sort(self, request: SortRequest, *, stop: Callable[[], bool] = lambda: False) -> SortedQueue | None:
        """Return the order of review; None when it was stopped.

        Args:
            request: what to sort by.
            stop: asked every few milliseconds whether to give up, where it takes long.
        """
        distances = None
        if request.settings.order is OrderName.DIFFERENT:
            if self._looks is None:
                self._looks = LookKeeper(self._reader)
                self._looks.update()
            distances = self._looks.scores(request.frames, stop=stop)
            if distances is None:
                return None
        found = order(
            request.frames,
            self.index,
            settings=request.settings,
            thresholds=request.thresholds,
            checks=request.checks,
            first=request.first,
            trial=request.trial,
            distances=distances,
        )
        return SortedQueue(request, found, self._matches(request), self.index, self.table)

    def _matches(self, request: SortRequest) -> NDArray[np.bool_] | None:
        if request.wanted.is_open:
            return None
        at = self.index.at_positions(request.frames.ids)
        found = np.zeros(len(request.frames.ids), np.bool_)
        found[at[at >= 0]] = matching(self.index, request.wanted)[at >= 0]
        if request.checks:
            # That a frame passes would say what the model proposed for it.
            found &= ~blind_positions(request.frames, request.settings)
        if request.hidden:
            found &= ~np.isin(request.frames.ids, request.hidden)
        return found

    # ------------------------------------------------------------------------------------------------ classes
    def _class_lookups(self) -> dict[str, NDArray[np.int32]]:
        """Return by weights hash the living project class of each class of the model."""
        records = {record.id: record for record in self._reader.classes()}
        lookups = {}
        for model in self._reader.models():
            pairs = self._reader.class_map(model.weights_hash).items()
            # One more for classes beyond those that the model names, and one for `_UNSAID`.
            lookup = np.full(max([len(model.classes), *(c + 1 for c, _ in pairs)]) + 2, _NOT_MET, np.int32)
            lookup[_UNSAID] = UNMAPPED
            for model_class, class_id in pairs:
                lookup[model_class] = living_class(class_id, records) if class_id in records else UNMAPPED
            lookups[model.weights_hash] = lookup
        return lookups

    def _reload_lookups(self) -> None:
        before, self._lookups = self._lookups, self._class_lookups()
        self._outdated |= any(not np.array_equal(self._lookups[known], lookup) for known, lookup in before.items())

    def _mapped(self, block: StoredPredictions) -> PredictionBlock:
        if set(block.weights_hashes) - self._lookups.keys():
            self._reload_lookups()
        classes = self._looked_up(block, block.classes)
        if (classes == _NOT_MET).any():
            # A running prediction may have brought a class that did not occur before.
            self._reload_lookups()
            classes = self._looked_up(block, block.classes)
        return PredictionBlock(
            block.frame_ids,
            block.run_frame_ids,
            block.sizes,
            block.counts,
            block.boxes,
            block.confidences,
            np.maximum(classes, UNMAPPED),
            np.maximum(self._looked_up(block, block.top_classes), UNMAPPED),
            block.top_scores,
        )

    def _looked_up(self, block: StoredPredictions, model_classes: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the project classes of the models' ones, `_NOT_MET` for those that no prediction had before."""
        hashes = np.array(block.weights_hashes)
        found = np.empty_like(model_classes)
        for weights_hash in dict.fromkeys(block.weights_hashes):
            rows = np.repeat(hashes == weights_hash, block.counts)
            lookup = self._lookups[weights_hash]
            found[rows] = lookup[np.minimum(model_classes[rows], len(lookup) - 2)]
        return found
