"""Reads what a page of the contact sheet shows: the pieces of frames around its objects. For a thread of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.draft import DraftSummary, summarise_draft
from autoanno_gui.core.errors import FrameError
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.core.keypoints import Keypoints
from autoanno_gui.core.mask import Mask
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.crops import Crop, crop_around
from autoanno_gui.imaging.decode import read_frame
from autoanno_gui.review.document_source import DocumentSource
from autoanno_gui.store.reader import Reader

REPLACED: Final = "The file holds another picture now"
_NO_POINTS: Final = np.zeros((0, 2))


@dataclass(frozen=True, slots=True)
class CropJob:
    """The objects of one frame that are wanted, in one decode.

    Attributes:
        size: (width, height) of a crop in device pixels, at most.
    """

    frame: Frame
    items: tuple[SheetItem, ...]
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class SheetCrop:
    """What is known of one object.

    Attributes:
        crop: its piece of the frame; None when it cannot be shown.
        outlines: (N, 2) rings in pixels of the crop; none where the object's box is all there is.
        points: (K, 2) keypoints that have a place, in pixels of the crop.
        choices: project classes of the model's best scores, best first.
        fault: why it cannot be shown, for people.
    """

    crop: Crop | None
    outlines: tuple[NDArray[np.float64], ...] = ()
    points: NDArray[np.float64] = field(default_factory=lambda: _NO_POINTS)
    choices: tuple[int, ...] = ()
    fault: str = ""


class SheetReader:
    """One thread at a time; the owner closes the reader."""

    def __init__(self, root: Path, reader: Reader) -> None:
        self._root: Final = root
        self._reader: Final = reader
        self._source: Final = DocumentSource(reader)

    def drafts(self, frame_ids: Collection[int]) -> dict[int, DraftSummary]:
        """Return what the drafts of these frames are about."""
        return {frame_id: summarise_draft(body) for frame_id, body in self._reader.drafts(frame_ids)}

    def crops(self, job: CropJob) -> dict[SheetItem, SheetCrop]:
        """Decode a frame once, in full, and cut its objects out."""
        frame = job.frame
        try:
            decoded = read_frame(self._root, frame.path)
        except FrameError as error:
            return dict.fromkeys(job.items, SheetCrop(None, fault=error.detail))
        size = decoded.header.width, decoded.header.height
        if frame.width and (frame.width, frame.height) != size:
            return dict.fromkeys(job.items, SheetCrop(None, fault=REPLACED))
        found = {}
        predictions = self._source.predictions(job.items[0].run_frame_id)
        for item in job.items:
            geometry = predictions.geometry(item.prediction)
            crop = crop_around(decoded.pixels, geometry.bounds, width=job.size[0], height=job.size[1])
            outlines = tuple(crop.placed(ring) for ring in _rings(geometry))
            choices = tuple(class_id for class_id, score in predictions.choices(item.prediction) if score > 0.0)
            found[item] = SheetCrop(crop, outlines, crop.placed(_points(geometry)), choices)
        return found


def _rings(geometry: Geometry) -> tuple[NDArray[np.float64], ...]:
    match geometry:
        case Mask():
            return tuple(geometry.rings)
        case OrientedBox():
            return (geometry.corners,)
        case _:
            return ()


def _points(geometry: Geometry) -> NDArray[np.float64]:
    if not isinstance(geometry, Keypoints):
        return _NO_POINTS
    placed = [geometry.points[index] for index in geometry.labelled]
    return np.array([(point.x, point.y) for point in placed]).reshape(-1, 2)
