"""Decodes small pictures for the rows in sight, on one thread of low priority, and keeps the latest of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from autoanno_gui.core.errors import FrameError
from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.thumbnails import read_thumbnail
from autoanno_gui.ui.images import to_image
from autoanno_gui.ui.threads import AskedThread

KEPT: Final = 600
"""About 9 kB each, four times as much on a screen of double density."""


@dataclass(frozen=True, slots=True)
class LoadedThumbnail:
    """One small picture; `image` is None when the file cannot be shown."""

    frame_id: int
    scale: float
    image: QImage | None


@dataclass(frozen=True, slots=True)
class _Kept:
    scale: float
    pixmap: QPixmap | None


class Thumbnails(QObject):
    """The small pictures of one folder, made only when they are asked for."""

    loaded = Signal(int)
    """The picture of this frame is ready, or known to be none."""

    def __init__(self, root: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._stale: set[int] = set()
        """Pictures of files that may have changed: shown until they are read again."""
        self._worker = _ThumbnailThread(root)
        self._worker.decoded.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._worker.failed.connect(self._raise, Qt.ConnectionType.QueuedConnection)
        self._worker.start(QThread.Priority.LowestPriority)

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, frame_id: int) -> QPixmap | None:
        """Return the picture; None while it is on its way, or when the file cannot be shown."""
        found = self._kept.get(frame_id)
        if found is None:
            return None
        self._kept.move_to_end(frame_id)
        return found.pixmap

    def is_damaged(self, frame_id: int) -> bool:
        """Return whether the file was looked at and gave no picture."""
        found = self._kept.get(frame_id)
        return found is not None and found.pixmap is None

    def want(self, frames: Sequence[Frame], *, scale: float) -> None:
        """Ask for pictures, most urgent first; what was asked for before and not begun is dropped.

        Args:
            frames: no more than `KEPT`; those that cannot be used are passed over.
            scale: device pixels of the screen for each logical one.
        """
        missing = [frame for frame in frames[:KEPT] if frame.usable and not self._has(frame.id, scale)]
        self._worker.ask(missing, scale)

    def _has(self, frame_id: int, scale: float) -> bool:
        found = self._kept.get(frame_id)
        return found is not None and found.scale == scale and frame_id not in self._stale

    def pause(self, paused: bool) -> None:
        """Begin no further picture, or go on: what the next keys ask for comes first."""
        self._worker.pause(paused)

    def distrust(self) -> None:
        """Read every picture again when it is asked for, because files may have changed."""
        self._stale = set(self._kept)

    def close(self) -> None:
        """Stop the thread and drop the pictures."""
        self._worker.stop()
        self._kept.clear()

    @Slot(object)
    def _take(self, loaded: LoadedThumbnail) -> None:
        pixmap = None
        if loaded.image is not None:
            pixmap = QPixmap.fromImage(loaded.image)
            pixmap.setDevicePixelRatio(loaded.scale)
        self._stale.discard(loaded.frame_id)
        self._kept[loaded.frame_id] = _Kept(loaded.scale, pixmap)
        self._kept.move_to_end(loaded.frame_id)
        while len(self._kept) > KEPT:
            dropped, _ = self._kept.popitem(last=False)
            self._stale.discard(dropped)
        self._worker.note_taken(loaded.frame_id)
        self.loaded.emit(loaded.frame_id)

    @Slot(object)
    def _raise(self, error: BaseException) -> None:
        raise error


class _ThumbnailThread(AskedThread):
    decoded = Signal(object)

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        self._wanted: list[Frame] = []
        self._scale = 1.0
        self._under_way: tuple[int, float] | None = None
        """What is being decoded or was not taken yet: asked for again, it need not be decoded again."""
        self._paused = False

    def ask(self, frames: Sequence[Frame], scale: float) -> None:
        with self._wake:
            self._wanted = [frame for frame in frames if (frame.id, scale) != self._under_way]
            self._scale = scale
            self._wake.notify()

    def note_taken(self, frame_id: int) -> None:
        with self._wake:
            if self._under_way is not None and self._under_way[0] == frame_id:
                self._under_way = None
            self._wake.notify()

    def pause(self, paused: bool) -> None:
        with self._wake:
            self._paused = paused
            self._wake.notify()

    def run(self) -> None:
        """Decode until stopped (Qt override; on the new thread)."""
        try:
            while (task := self._next_task()) is not None:
                self.decoded.emit(_load(self._root, *task))
        except BaseException as error:  # noqa: BLE001 - the worker boundary: handed to the GUI thread, never swallowed
            self.failed.emit(error)

    def _next_task(self) -> tuple[Frame, float] | None:
        with self._wake:
            # One at a time: the GUI thread never finds a heap of pictures to take in a row.
            if not self._await(lambda: bool(self._wanted) and not self._paused and self._under_way is None):
                return None
            frame = self._wanted.pop(0)
            self._under_way = (frame.id, self._scale)
            return frame, self._scale


def _load(root: Path, frame: Frame, scale: float) -> LoadedThumbnail:
    try:
        return LoadedThumbnail(frame.id, scale, to_image(read_thumbnail(root, frame.path, scale=scale)))
    except FrameError:
        return LoadedThumbnail(frame.id, scale, None)
