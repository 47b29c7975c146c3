"""What can go wrong, in two families.

`KnownError` is a fault of the environment (a damaged file, a full disk): its message is one sentence for a person,
which says what happened to which file and what to do, and it is shown. Any other exception is a bug of ours and goes
to the crash dialog and the log.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class KnownError(Exception):
    """A fault of the environment; `str(error)` is a sentence that can be shown as it is."""


class ProjectError(KnownError):
    """A project file that cannot be opened, is not ours, is newer, is locked, or cannot be written."""


class FolderError(KnownError):
    """A folder of frames that is missing, cannot be read, or holds no images."""


class ModelError(KnownError):
    """A model file that is missing, damaged, unsafe, not a YOLO, or of a task that is not handled."""


class ExportError(KnownError):
    """An export that could not be written or did not pass its own verification."""


class OutOfMemory(KnownError):
    """The device ran out of memory; the caller may try again with a smaller batch."""


class FrameErrorCode(StrEnum):
    """Why one image file cannot be used; stored with the frame and printed by the command line."""

    EMPTY_FILE = "empty_file"
    DAMAGED = "damaged"
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    TOO_LARGE = "too_large"
    BAD_DIMENSIONS = "bad_dimensions"
    UNREADABLE = "unreadable"
    MISSING_TARGET = "missing_target"
    TOO_SMALL = "too_small"
    MISSING = "missing"
    PREDICTION_LOST = "prediction_lost"


FRAME_ERROR_TEXT: Final[dict[FrameErrorCode, str]] = {
    FrameErrorCode.EMPTY_FILE: "The file is empty (0 bytes).",
    FrameErrorCode.DAMAGED: "The file is damaged or cut short and cannot be shown in full.",
    FrameErrorCode.NOT_AN_IMAGE: "The name says image but the contents are something else.",
    FrameErrorCode.UNSUPPORTED_FORMAT: "This kind of image is not supported; convert it to JPEG or PNG.",
    FrameErrorCode.TOO_LARGE: "The image has more pixels than can be opened safely.",
    FrameErrorCode.BAD_DIMENSIONS: "The image declares an impossible size.",
    FrameErrorCode.UNREADABLE: "The file may not be read; check its permissions.",
    FrameErrorCode.MISSING_TARGET: "The link points to a file that is not there.",
    FrameErrorCode.TOO_SMALL: "The image is smaller than 10 pixels on a side; YOLO training refuses it.",
    FrameErrorCode.MISSING: "The file is no longer in the folder.",
    FrameErrorCode.PREDICTION_LOST: "The model gave up on this frame; run the prediction again.",
}


class FrameError(KnownError):
    """One image file that cannot be used. It never stops a folder, a batch or an export.

    Args:
        code: the reason as a stable code.
        path: the frame's escaped path relative to the frame root.
        detail: replaces the standard sentence of the code when it can say more (for instance the format's name).
    """

    def __init__(self, code: FrameErrorCode, path: str, *, detail: str | None = None) -> None:
        super().__init__(f"{path}: {detail or FRAME_ERROR_TEXT[code]}")
        self.code: Final = code
        self.path: Final = path
        self.detail: Final = detail or FRAME_ERROR_TEXT[code]
