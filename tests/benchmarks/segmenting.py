"""What a reviewer waits for when asking a segmenter, with the network alone as the floor; weights are random."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.core.prompt import Prompt, PromptPoint
from autoanno_gui.inference.offline import prepare_offline
from autoanno_gui.inference.sam_engine import load_sam
from autoanno_gui.inference.segmenter import Embedding, Segmenter
from autoanno_gui.inference.segmenters import load_segmenter
from tests.benchmarks.figures import Figure, median, percentile, spread
from tests.benchmarks.material import make_frames

if TYPE_CHECKING:
    from torch import nn

WIDTH, HEIGHT = 1920, 1080
PROMPTS: Final = {
    "box": Prompt(Box(500.0, 200.0, 1300.0, 900.0)),
    "click": Prompt(None, (PromptPoint(900.0, 500.0),)),
}
OVER_DECODER_MS: Final = 60.0
GRABCUT_MS: Final = 100.0
CANDIDATES: Final = 3
"""How many answers the window asks for."""


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Encode a 1080p frame and ask about it: SAM 2 tiny at both sizes (only the draft when `short`), then GrabCut."""
    home = folder / "models"
    prepare_offline(home)
    make_frames(folder / "frames", count=1, width=WIDTH, height=HEIGHT)
    frame = cv2.imread(str(folder / "frames" / "frame_00000.jpg"))
    assert frame is not None
    image = frame.astype(np.uint8, copy=False)
    figures = []
    for imgsz in (512,) if short else (1024, 512):
        figures += _sam(image, imgsz=imgsz, rounds=2 if short else 5, prompts=4 if short else 20)
    return figures + _grabcut(load_segmenter(None, home=home), image, prompts=4 if short else 20)


def _sam(image: NDArray[np.uint8], *, imgsz: int, rounds: int, prompts: int) -> list[Figure]:
    network = _network()
    segmenter = load_sam(SegmenterInfo("SAM 2 tiny, random", "sam2_t"), network, device="cpu", imgsz=imgsz)
    bare_encoder = _Bare(network, "image_encoder")
    embedding = segmenter.encode(image)  # the first one warms up
    encoding, encoder = [], []
    for _ in range(rounds):
        encoding.append(_milliseconds(partial(segmenter.encode, image)))
        encoder.append(_milliseconds(bare_encoder))
    figures = [
        Figure(
            f"encode, SAM 2 tiny at {imgsz}, image encoder as floor",
            median(encoding),
            "ms",
            median(encoder),
            "none: done ahead",
            None,
            f"{spread(encoding, 'ms')}; {embedding.nbytes / (1 << 20):.0f} MiB are kept of a frame",
        )
    ]
    bare_decoder = _Bare(network, "sam_mask_decoder")
    for words, prompt in PROMPTS.items():
        asking, decoder = [], []
        segmenter.segment(embedding, prompt, candidates=CANDIDATES)
        for _ in range(prompts):
            asking.append(_milliseconds(partial(segmenter.segment, embedding, prompt, candidates=CANDIDATES)))
            decoder.append(_milliseconds(bare_decoder))
        figures.append(_prompt_figure(words, imgsz, asking, decoder))
    segmenter.close()
    return figures


def _prompt_figure(words: str, imgsz: int, asking: list[float], decoder: list[float]) -> Figure:
    return Figure(
        f"prompt by {words}, SAM 2 tiny at {imgsz}, mask decoder as floor",
        median(asking),
        "ms",
        median(decoder),
        f"<= it + {OVER_DECODER_MS:.0f} ms",
        median(asking) <= median(decoder) + OVER_DECODER_MS,
        f"{CANDIDATES} masks of {WIDTH} x {HEIGHT}: {spread(asking, 'ms')}; decoder {spread(decoder, 'ms')}",
    )


def _grabcut(segmenter: Segmenter, image: NDArray[np.uint8], *, prompts: int) -> list[Figure]:
    embedding = segmenter.encode(image)
    return [_grabcut_figure(segmenter, embedding, prompt, words, prompts) for words, prompt in PROMPTS.items()]


def _grabcut_figure(segmenter: Segmenter, embedding: Embedding, prompt: Prompt, words: str, prompts: int) -> Figure:
    ask = partial(segmenter.segment, embedding, prompt, candidates=CANDIDATES)
    asking = [_milliseconds(ask) for _ in range(prompts + 1)][1:]
    return Figure(
        f"prompt by {words}, GrabCut, p90",
        percentile(asking, 0.9),
        "ms",
        None,
        f"<= {GRABCUT_MS:.0f} ms",
        percentile(asking, 0.9) <= GRABCUT_MS,
        spread(asking, "ms"),
    )


def _network() -> nn.Module:
    from autoanno_gui.inference.yolo_runtime import import_ultralytics

    import_ultralytics()
    import torch
    from ultralytics.models.sam.build import build_sam2_t

    torch.manual_seed(0)
    network: nn.Module = build_sam2_t(None)
    return network


class _Bare:
    """One part of a network, called again with what it was called with last."""

    def __init__(self, network: nn.Module, name: str) -> None:
        self._part: Final = network.get_submodule(name)
        self._last: tuple[tuple[Any, ...], dict[str, Any]] = (), {}
        self._part.register_forward_pre_hook(self._note, with_kwargs=True)

    def _note(self, _part: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._last = arguments, named

    def __call__(self) -> None:
        import torch

        arguments, named = self._last
        with torch.inference_mode():
            self._part(*arguments, **named)


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000
