"""The Segment Anything adapter: Ultralytics' predictors, with the image's features kept apart from the prompts."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ModelError, OutOfMemory
from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.inference.runtime_errors import free_gpu, runtime_errors
from autoanno_gui.inference.segmenter import Embedding, MaskCandidate, mask_candidate, prompt_within
from autoanno_gui.inference.yolo_devices import choose_device
from autoanno_gui.inference.yolo_metadata import Backend
from autoanno_gui.inference.yolo_runtime import import_ultralytics

if TYPE_CHECKING:
    from torch import Tensor, nn

FULL_IMGSZ: Final = 1024
DRAFT_IMGSZ: Final = 512
"""A fifth of the time to encode, and coarser masks."""

_STEP: Final = 64
"""The encoders halve the image down to a 32nd, and SAM 2 pairs the last cells up."""
_REMEDY: Final = "copy it again, or use another one"
_logger: Final = logging.getLogger(__name__)

_Features: TypeAlias = "Tensor | Mapping[str, Tensor | Sequence[Tensor]]"
"""What an image encoder gives: of SAM one tensor, of SAM 2 several by name."""


def load_sam(info: SegmenterInfo, network: nn.Module, *, device: str = "auto", imgsz: int = FULL_IMGSZ) -> SamSegmenter:
    """Return a segmenter that is known to work.

    Args:
        info: its kind is one of `sam_weights.ARCHITECTURES`.
        network: of that kind, with its weights, on the CPU.
        device: as in `choose_device`.
        imgsz: as in `SamSegmenter`.

    Raises:
        ModelError: the device is not there, or the network does not run on it.
        OutOfMemory: the device is too small.
    """
    import_ultralytics()
    chosen, reason = choose_device(device, Backend.TORCH)
    if chosen != "cpu" and device == "auto":
        try:
            return _load_on(info, network, device=chosen, reason=reason, imgsz=imgsz)
        except (ModelError, OutOfMemory) as e:
            _logger.warning("%s Going on with the CPU.", e)
            chosen, reason = "cpu", f"the segmenter could not be run on {chosen}"
    return _load_on(info, network, device=chosen, reason=reason, imgsz=imgsz)


def _load_on(info: SegmenterInfo, network: nn.Module, *, device: str, reason: str, imgsz: int) -> SamSegmenter:
    segmenter = SamSegmenter(info, network, device=device, device_reason=reason, imgsz=imgsz)
    if device != "cpu":  # on a CPU it takes seconds, and all operations are there
        segmenter.check()
    return segmenter


@dataclass(frozen=True, slots=True, eq=False)
class SamEmbedding:
    """The features of one image.

    Attributes:
        features: in full precision, so that answers do not depend on how long they were kept.
        width: of the image in pixels.
        height: of the image in pixels.
        maker: stands for the segmenter that made it.
    """

    features: _Features
    width: int
    height: int
    maker: object

    @property
    def nbytes(self) -> int:
        """Memory of the features, on the device where they are."""
        return sum(each.untyped_storage().nbytes() for each in _tensors(self.features))


def _tensors(features: object) -> Iterator[Tensor]:
    if isinstance(features, Mapping):
        features = list(features.values())
    if isinstance(features, Sequence):
        for each in features:
            yield from _tensors(each)
    else:
        tensor: Tensor = features
        yield tensor


class SamSegmenter:
    """A SAM 2, SAM 2.1, MobileSAM or SAM. One thread at a time.

    With `candidates` above one, and for a single click, which may mean a thing or a part of it, the network's three
    answers are compared; for anything else its one answer is taken.
    """

    slow_to_encode: Final = True

    def __init__(
        self, info: SegmenterInfo, network: nn.Module, *, device: str, device_reason: str = "", imgsz: int = FULL_IMGSZ
    ) -> None:
        """Move a network to a device.

        Args:
            device: where it runs, such as `cpu` or `cuda:0`.
            device_reason: why it does not run on a GPU, empty when it does.
            imgsz: longer side in pixels to which images are scaled: a multiple of 64, such as 1024 or 512.

        Raises:
            ModelError: the device refuses it.
            OutOfMemory: the device is too small.
        """
        from ultralytics.models.sam.predict import Predictor, SAM2Predictor

        if imgsz <= 0 or imgsz % _STEP:
            raise ValueError(f"imgsz {imgsz} is not a multiple of {_STEP}")
        self.info: Final = info
        self.device_reason: Final = device_reason
        self.imgsz: Final = imgsz
        self._maker: Final = object()
        overrides = {"task": "segment", "mode": "predict", "imgsz": imgsz, "conf": 0.0, "device": device, "save": False}
        predictor: Any = (SAM2Predictor if info.kind.startswith("sam2") else Predictor)(overrides=overrides)
        with runtime_errors(info, doing="while loading", opening=True, remedy=_REMEDY):
            predictor.setup_model(model=network, verbose=False)
        self.device: Final = str(predictor.device)
        self._predictor: Any = predictor

    def check(self) -> None:
        """Run a prompt on an empty image.

        Raises:
            ModelError: it does not run.
            OutOfMemory: the device is too small.
        """
        self.segment(self.encode(np.full((64, 64, 3), 114, np.uint8)), Prompt(Box(16.0, 16.0, 48.0, 48.0)))

    def encode(self, image: NDArray[np.uint8]) -> SamEmbedding:
        """See `Segmenter.encode`."""
        import torch

        predictor = self._open()
        with runtime_errors(self.info, doing="while encoding", remedy=_REMEDY), torch.inference_mode():
            try:
                predictor.set_image(image)
                return SamEmbedding(predictor.features, image.shape[1], image.shape[0], self._maker)
            finally:  # it would keep the image and its features until the next one
                predictor.reset_image()
                predictor.dataset = None

    def segment(self, embedding: Embedding, prompt: Prompt, *, candidates: int = 1) -> list[MaskCandidate]:
        """See `Segmenter.segment`."""
        import torch

        predictor = self._open()
        if not isinstance(embedding, SamEmbedding) or embedding.maker is not self._maker:
            raise ValueError("the embedding is of another segmenter")
        width, height = embedding.width, embedding.height
        prompt = prompt_within(prompt, width=width, height=height)
        if prompt.empty:  # without a prompt, everything in the image would be cut out
            return []
        single_click = prompt.box is None and len(prompt.points) == 1
        with runtime_errors(self.info, doing="while segmenting", remedy=_REMEDY), torch.inference_mode():
            # What `inference_features` does as well, which however enlarges all answers before one can be chosen.
            prompts = predictor._prepare_prompts((self.imgsz, self.imgsz), (height, width), **_arguments(prompt))
            multimask = candidates > 1 or single_click
            logits, scores = predictor._inference_features(embedding.features, *prompts, multimask_output=multimask)
            order = scores.argsort(descending=True, stable=True).tolist()
            found = (mask_candidate(self._enlarged(logits[i], width, height), float(scores[i])) for i in order)
            return list(islice((each for each in found if each is not None), candidates))

    def _enlarged(self, logits: Tensor, width: int, height: int) -> NDArray[np.bool_]:
        """Return (height, width) bits of an image for what the network says of it, scaled down and padded to a square.

        Args:
            logits: of the square, with a fraction of its side.
        """
        from ultralytics.utils.ops import scale_masks

        gain = self.imgsz / max(width, height)
        shares = [round(side * gain) / self.imgsz for side in (height, width)]
        ratio = [
            share * int(side) / own for share, side, own in zip(shares, logits.shape, (height, width), strict=True)
        ]
        large = scale_masks(logits[None, None].float(), (height, width), (ratio, (0, 0)), padding=False)
        bits: NDArray[np.bool_] = (large[0, 0] > self._predictor.model.mask_threshold).cpu().numpy()
        return bits

    def close(self) -> None:
        """Give its memory back; it cannot be used afterwards."""
        self._predictor = None
        free_gpu(self.device)

    def _open(self) -> Any:  # noqa: ANN401 - Ultralytics' predictors are untyped
        if self._predictor is None:
            raise RuntimeError("the segmenter is closed")
        return self._predictor


def _arguments(prompt: Prompt) -> dict[str, list[Any] | None]:
    """Return a prompt about one object as Ultralytics wants it: lists with one entry."""
    return {
        "bboxes": [prompt.box.as_tuple()] if prompt.box is not None else None,
        "points": [[(point.x, point.y) for point in prompt.points]] if prompt.points else None,
        "labels": [[int(point.positive) for point in prompt.points]] if prompt.points else None,
    }
