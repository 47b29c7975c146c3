"""Makes what the contact sheet shows, on one thread: its list, then crops, each frame read once for all its objects."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Qt, QThread, Signal, Slot
from PySide6.QtGui import QImage

from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.review.contact_sheet import LARGEST_PAGE
from autoanno_gui.review.sheet_list import ListTask, MadeList, make_list
from autoanno_gui.review.sheet_reader import CropJob, SheetCrop, SheetReader
from autoanno_gui.store.reader import Reader
from autoanno_gui.ui.images import to_image
from autoanno_gui.ui.threads import AskedThread

Size: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LoadedCrop:
    """One object as it can be painted.

    Attributes:
        size: (width, height) in device pixels that the image was made to fit.
        image: Format_RGB32; None when the object cannot be shown.
        box: the object's box, xyxy in pixels of the image.
        outlines: closed, in pixels of the image; none where the box is all there is.
        points: keypoints, in pixels of the image.
        choices: project classes of the model's best scores, best first.
        fault: why there is no image, for people.
    """

    size: Size
    image: QImage | None
    box: tuple[float, float, float, float]
    outlines: tuple[tuple[QPointF, ...], ...]
    points: tuple[QPointF, ...]
    choices: tuple[int, ...]
    fault: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that was made; `generation` is that of the question."""

    generation: int
    made: MadeList


class CropLoader(QObject):
    """Keeps the crops of the page that is shown, and of little more."""

    listed = Signal(object)
    """Listed."""
    loaded = Signal(object)
    """The objects that can be painted now, as a list of `SheetItem`."""
    failed = Signal(object)
    """What ended the thread."""

    def __init__(self, root: Path, open_reader: Callable[[], Reader], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[SheetItem, LoadedCrop] = OrderedDict()
        self._wanted: frozenset[SheetItem] = frozenset()
        self._worker = _CropThread(root, open_reader)
        self._worker.listed.connect(self.listed, Qt.ConnectionType.QueuedConnection)
        self._worker.cropped.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._worker.failed.connect(self.failed, Qt.ConnectionType.QueuedConnection)

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, item: SheetItem, *, size: Size) -> LoadedCrop | None:
        """Return an object's crop if it is there in this size."""
        found = self._kept.get(item)
        return found if found is not None and found.size == size else None

    def make_list(self, generation: int, task: ListTask) -> None:
        """Ask for a list, before anything else is read."""
        self._worker.ask_list(generation, task)
        self._start()

    def want(self, jobs: Sequence[CropJob]) -> None:
        """Ask for crops, most urgent first; what was asked for before and not begun is dropped."""
        self._wanted = frozenset(item for job in jobs for item in job.items)
        missing = [
            CropJob(job.frame, left, job.size)
            for job in jobs
            if (left := tuple(item for item in job.items if self.get(item, size=job.size) is None))
        ]
        self._worker.ask(missing)
        if missing:
            self._start()

    def forget(self) -> None:
        """Drop all crops, because files may have changed."""
        self._kept.clear()

    def renew(self) -> None:
        """Read the project's classes and kind of objects again before anything else is read."""
        self._worker.renew()

    def close(self) -> None:
        """Stop the thread and drop the crops."""
        self._worker.stop()
        self._kept.clear()

    def _start(self) -> None:
        # Begun when it is first needed, and again after a fault.
        if not self._worker.isRunning():
            self._worker.start(QThread.Priority.LowPriority)

    @Slot(object)
    def _take(self, crops: dict[SheetItem, LoadedCrop]) -> None:
        self._worker.note_taken(crops)
        for item, crop in crops.items():
            self._kept[item] = crop
            self._kept.move_to_end(item)
        for item in list(self._kept):
            if len(self._kept) <= len(self._wanted) + LARGEST_PAGE:
                break
            if item not in self._wanted:
                del self._kept[item]
        self.loaded.emit(list(crops))


class _CropThread(AskedThread):
    listed = Signal(object)
    cropped = Signal(object)

    def __init__(self, root: Path, open_reader: Callable[[], Reader]) -> None:
        super().__init__()
        self._root: Final = root
        self._open_reader: Final = open_reader
        self._list: tuple[int, ListTask] | None = None
        self._jobs: list[CropJob] = []
        self._under_way: set[tuple[SheetItem, Size]] = set()
        """What is being read or was not taken yet: asked for again, it need not be read again."""
        self._renew = False

    def ask_list(self, generation: int, task: ListTask) -> None:
        with self._wake:
            self._list = generation, task
            self._wake.notify()

    def ask(self, jobs: Sequence[CropJob]) -> None:
        with self._wake:
            self._jobs = []
            for job in jobs:
                items = tuple(item for item in job.items if (item, job.size) not in self._under_way)
                if items:
                    self._jobs.append(CropJob(job.frame, items, job.size))
            self._wake.notify()

    def note_taken(self, crops: dict[SheetItem, LoadedCrop]) -> None:
        with self._wake:
            self._under_way.difference_update((item, crop.size) for item, crop in crops.items())

    def renew(self) -> None:
        with self._wake:
            self._renew = True

    def run(self) -> None:
        """Read until stopped (Qt override; on the new thread)."""
        try:
            with closing(self._open_reader()) as reader:
                sheet = SheetReader(self._root, reader)
                while (task := self._next_task()) is not None:
                    if self._renewed():
                        sheet = SheetReader(self._root, reader)
                    if isinstance(task, CropJob):
                        self.cropped.emit(_painted(sheet.crops(task), task.size))
                    else:
                        self.listed.emit(Listed(task[0], make_list(task[1], sheet)))
        except BaseException as error:  # noqa: BLE001 - the worker boundary: handed to the GUI thread, never swallowed
            with self._wake:
                self._under_way.clear()
            self.failed.emit(error)

    def _renewed(self) -> bool:
        with self._wake:
            renewed, self._renew = self._renew, False
        return renewed

    def _next_task(self) -> CropJob | tuple[int, ListTask] | None:
        with self._wake:
            if not self._await(lambda: self._list is not None or bool(self._jobs)):
                return None
            if self._list is not None:
                asked, self._list = self._list, None
                return asked
            job = self._jobs.pop(0)
            self._under_way.update((item, job.size) for item in job.items)
            return job


def _painted(crops: dict[SheetItem, SheetCrop], size: Size) -> dict[SheetItem, LoadedCrop]:
    """Make images of crops: on this thread, so that the GUI has nothing left to do but paint."""
    return {
        item: LoadedCrop(
            size,
            to_image(found.crop.pixels) if found.crop is not None else None,
            found.crop.box if found.crop is not None else (0.0, 0.0, 0.0, 0.0),
            tuple(map(_as_qt, found.outlines)),
            _as_qt(found.points),
            found.choices,
            found.fault,
        )
        for item, found in crops.items()
    }


def _as_qt(points: NDArray[np.float64]) -> tuple[QPointF, ...]:
    return tuple(QPointF(x, y) for x, y in points.tolist())
