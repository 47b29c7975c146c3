"""Reads what a page of the contact sheet shows: the pieces of frames around its objects. For a thread of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autoanno_gui.core.draft import DraftSummary, summarise_draft
from autoanno_gui.core.errors import FrameError
from autoanno_gui.core.judged_page import SheetItem
from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.crops import Crop, crop_around
from autoanno_gui.imaging.decode import read_frame
from autoanno_gui.review.document_source import DocumentSource
from autoanno_gui.store.reader import Reader

REPLACED: Final = "The file holds another picture now"


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
        choices: project classes of the model's best scores, best first.
        fault: why it cannot be shown, for people.
    """

    crop: Crop | None
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
            box = predictions.geometry(item.prediction).bounds
            crop = crop_around(decoded.pixels, box, width=job.size[0], height=job.size[1])
            choices = tuple(class_id for class_id, score in predictions.choices(item.prediction) if score > 0.0)
            found[item] = SheetCrop(crop, choices)
        return found
