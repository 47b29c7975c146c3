"""Decodes the frames that the next keys may ask for, on one thread, into images that are ready to be painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage

from autoanno_gui.core.errors import FrameError, FrameErrorCode
from autoanno_gui.core.records import Frame, FrameHeader
from autoanno_gui.imaging.decode import read_frame, read_preview, to_bgra
from autoanno_gui.imaging.enhance import Enhancement
from autoanno_gui.ui.images import to_image
from autoanno_gui.ui.threads import AskedThread

PLAIN: Final = Enhancement()
KEPT_IMAGES: Final = 12
"""About 6 MB each for a full-HD viewport."""


@dataclass(frozen=True, slots=True)
class LoadedFrame:
    """A frame's pixels, or why there are none.

    Attributes:
        size: (width, height) in device pixels that the preview was made to fit; None for full resolution.
        image: Format_RGB32; None when the file cannot be used.
    """

    frame_id: int
    size: tuple[int, int] | None
    image: QImage | None
    header: FrameHeader | None
    error: FrameErrorCode | None = None
    detail: str = ""
    fingerprint: tuple[int, int] | None = None
    """(bytes, mtime_ns) of the file that was read."""
    enhancement: Enhancement = PLAIN
    """How the pixels were brightened for the eye."""


class Prefetcher(QObject):
    """Keeps a small cache of decoded frames around the reviewer."""

    loaded = Signal(object)
    """LoadedFrame, on the GUI thread: a preview."""
    full_loaded = Signal(object)
    """LoadedFrame, on the GUI thread: full resolution."""
    filled = Signal(bool)
    """Whether everything that was asked for is ready."""

    def __init__(self, root: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache: dict[int, LoadedFrame] = {}
        self._wanted: tuple[int, ...] = ()
        self.enhancement = PLAIN
        self._worker = _DecodeThread(root)
        self._worker.decoded.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._worker.failed.connect(self._raise, Qt.ConnectionType.QueuedConnection)
        self._worker.start()

    def get(self, frame_id: int, *, size: tuple[int, int]) -> LoadedFrame | None:
        """Return the preview if it is ready in this size."""
        found = self._cache.get(frame_id)
        return found if found is not None and (found.size == size or found.image is None) else None

    def want(self, frames: Sequence[Frame], *, size: tuple[int, int]) -> None:
        """Ask for previews, most urgent first; what was asked for before and not begun is dropped."""
        self._wanted = tuple(frame.id for frame in frames)
        missing = [frame for frame in frames if self.get(frame.id, size=size) is None]
        self._worker.ask(missing, size)
        self.filled.emit(not missing)

    def want_full(self, frame: Frame) -> None:
        """Ask for one frame in full resolution, before anything else."""
        self._worker.ask_full(frame)

    def set_enhancement(self, enhancement: Enhancement) -> None:
        """Show all frames in another way from now on; what is decoded already has to be asked for again."""
        if enhancement != self.enhancement:
            self.enhancement = enhancement
            self._worker.use(enhancement)
            self._cache.clear()

    def forget_all(self) -> None:
        """Drop all previews, because files may have changed."""
        self._cache.clear()

    def close(self) -> None:
        """Stop the thread and drop the images."""
        self._worker.stop()
        self._cache.clear()

    @Slot(object)
    def _take(self, frame: LoadedFrame) -> None:
        self._worker.note_taken(frame)
        if frame.enhancement != self.enhancement:
            return  # decoded before the reviewer changed how pictures are shown
        if frame.size is None:
            self.full_loaded.emit(frame)
            return
        self._cache.pop(frame.frame_id, None)
        self._cache[frame.frame_id] = frame
        keep = set(self._wanted)
        for frame_id in list(self._cache):
            if len(self._cache) <= KEPT_IMAGES:
                break
            if frame_id not in keep:
                del self._cache[frame_id]
        self.loaded.emit(frame)
        self.filled.emit(all(frame_id in self._cache for frame_id in self._wanted))

    @Slot(object)
    def _raise(self, error: BaseException) -> None:
        raise error


class _DecodeThread(AskedThread):
    decoded = Signal(object)

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        self._enhancement = PLAIN
        self._previews: list[tuple[Frame, tuple[int, int]]] = []
        self._full: Frame | None = None
        self._under_way: set[tuple[int, tuple[int, int] | None]] = set()
        """What is being decoded or was not taken yet: asked for again, it need not be decoded again."""

    def ask(self, frames: Sequence[Frame], size: tuple[int, int]) -> None:
        with self._wake:
            self._previews = [(frame, size) for frame in frames if (frame.id, size) not in self._under_way]
            self._wake.notify()

    def ask_full(self, frame: Frame) -> None:
        with self._wake:
            self._full = frame if (frame.id, None) not in self._under_way else None
            self._wake.notify()

    def use(self, enhancement: Enhancement) -> None:
        with self._wake:
            self._enhancement = enhancement
            # What is on its way looks as it should no longer: it has to be decoded again after all.
            self._under_way.clear()

    def note_taken(self, frame: LoadedFrame) -> None:
        with self._wake:
            self._under_way.discard((frame.frame_id, frame.size))

    def run(self) -> None:
        while (task := self._next_task()) is not None:
            frame, size, enhancement = task
            try:
                self.decoded.emit(_load(self._root, frame, size, enhancement))
            except BaseException as error:  # noqa: BLE001 - the worker boundary: handed to the GUI thread, never swallowed
                with self._wake:
                    self._under_way.discard((frame.id, size))
                self.failed.emit(error)

    def _next_task(self) -> tuple[Frame, tuple[int, int] | None, Enhancement] | None:
        with self._wake:
            if not self._await(lambda: self._full is not None or bool(self._previews)):
                return None
            task: tuple[Frame, tuple[int, int] | None]
            if self._full is not None:
                task, self._full = (self._full, None), None
            else:
                task = self._previews.pop(0)
            self._under_way.add((task[0].id, task[1]))
            return *task, self._enhancement


def _load(root: Path, frame: Frame, size: tuple[int, int] | None, enhancement: Enhancement) -> LoadedFrame:
    try:
        if size is None:
            decoded = read_frame(root, frame.path)
            full = to_image(enhancement.apply(to_bgra(decoded.pixels)))
            return LoadedFrame(frame.id, None, full, decoded.header, enhancement=enhancement)
        preview = read_preview(root, frame.path, width=size[0], height=size[1])
        image = to_image(enhancement.apply(preview.pixels))
        return LoadedFrame(
            frame.id, size, image, preview.header, fingerprint=preview.fingerprint, enhancement=enhancement
        )
    except FrameError as error:
        return LoadedFrame(frame.id, size, None, None, error.code, error.detail, enhancement=enhancement)
