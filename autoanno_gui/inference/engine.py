"""What a detector is to the rest of the program: frames in, predictions out, no model runtime in sight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.predictions import FramePredictions, ModelInfo


class Detector(Protocol):
    """A loaded model. It is used from one thread at a time.

    Attributes:
        info: the model file.
        imgsz: (height, width) of the network input in pixels that is really used.
        device: where it runs, such as `cpu` or `cuda:0`.
        device_reason: why it does not run on a GPU; empty when it does.
        batch_size: how many frames to hand to `predict` at once.
    """

    @property
    def info(self) -> ModelInfo: ...

    @property
    def imgsz(self) -> tuple[int, int]: ...

    @property
    def device(self) -> str: ...

    @property
    def device_reason(self) -> str: ...

    @property
    def batch_size(self) -> int: ...

    def predict(self, frames: Sequence[NDArray[np.uint8]]) -> list[FramePredictions | FrameErrorCode]:
        """Return for each frame its predictions, or why there are none.

        Args:
            frames: (height, width, 3) uint8 arrays, BGR, upright, all of one shape.

        Raises:
            OutOfMemory: the device's memory is out; fewer frames at once may do.
            ModelError: the model failed in its runtime.
        """
        ...

    def close(self) -> None:
        """Give the model's memory back; the detector cannot be used afterwards."""
        ...
