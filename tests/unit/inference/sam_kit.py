"""Segment Anything networks of random weights, and what Ultralytics itself says about a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.prompt import Prompt
from autoanno_gui.inference.segmenter import MaskCandidate
from tests.rasters import paste

if TYPE_CHECKING:
    from torch import nn

IMGSZ = 512
WIDTH, HEIGHT = 500, 300


def random_network(kind: str) -> nn.Module:
    """Return a network whose weights follow from its kind."""
    import torch
    from ultralytics.models.sam import build

    torch.manual_seed(3)
    network: nn.Module = getattr(build, f"build_{kind}")(None)
    return network


def state_of(kind: str) -> dict[str, Any]:
    """Return the weights of a random network by name; those of SAM 2.1 have what they have more than SAM 2."""
    import torch

    state = dict(random_network(kind.replace("sam2.1", "sam2")).state_dict())
    if kind.startswith("sam2.1"):
        state["no_obj_embed_spatial"] = torch.zeros(1, 64)
        state["obj_ptr_tpos_proj.weight"] = torch.zeros(64, 256)
        state["obj_ptr_tpos_proj.bias"] = torch.zeros(64)
    return state


def saved(content: object, file: Path) -> Path:
    """Write what `torch.load` gives back and return the file."""
    import torch

    torch.save(content, file)
    return file


def blotches(seed: int, *, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """Return a BGR image of soft spots."""
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 9)


def in_image(answer: MaskCandidate, *, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.bool_]:
    """Return an answer as (height, width) bits of the whole image."""
    return paste(answer.raster, width=width, height=height)


class Library:
    """Ultralytics' own predictor of a network, asked directly."""

    def __init__(self, kind: str, image: NDArray[np.uint8], *, imgsz: int = IMGSZ) -> None:
        from ultralytics.models.sam.predict import Predictor, SAM2Predictor

        overrides = {"task": "segment", "mode": "predict", "imgsz": imgsz, "conf": 0.0, "device": "cpu", "save": False}
        self._image = image
        self._predictor: Any = (SAM2Predictor if kind.startswith("sam2") else Predictor)(overrides=overrides)
        self._predictor.args.verbose = False
        self._predictor.args.conf = -1.0  # random weights may score below 0, and a prediction drops what is not above
        self._predictor.setup_model(model=random_network(kind), verbose=False)
        self._predictor.set_image(image)
        self._features: Any = self._predictor.features

    def masks(self, prompt: Prompt, *, multimask: bool = False) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Return (N, height, width) bits and N scores for the features of the image."""
        masks, boxes = self._predictor.inference_features(
            self._features, self._image.shape[:2], **_arguments(prompt), multimask_output=multimask
        )
        return masks.numpy(), boxes[:, 4].numpy()

    def whole_call(self, prompt: Prompt) -> NDArray[np.bool_]:
        """Return (N, height, width) bits of a prediction from the image on."""
        (result,) = self._predictor(self._image, **_arguments(prompt))
        return result.masks.data.numpy().astype(bool)


def _arguments(prompt: Prompt) -> Mapping[str, Any]:
    box, points = prompt.box, prompt.points
    return {
        "bboxes": [list(box.as_tuple())] if box is not None else None,
        "points": [[[point.x, point.y] for point in points]] if points else None,
        "labels": [[1 if point.positive else 0 for point in points]] if points else None,
    }
