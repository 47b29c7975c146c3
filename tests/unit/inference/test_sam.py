from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ModelError, OutOfMemory
from autoanno_gui.core.predictions import SegmenterInfo
from autoanno_gui.core.prompt import Prompt, PromptPoint
from autoanno_gui.inference.sam_engine import SamEmbedding, SamSegmenter, load_sam
from autoanno_gui.inference.segmenters import load_segmenter
from tests.unit.inference.sam_kit import (
    HEIGHT,
    IMGSZ,
    WIDTH,
    Library,
    blotches,
    in_image,
    random_network,
    saved,
    state_of,
)
from tests.unit.inference.test_offline import ROOT, run_python

if TYPE_CHECKING:
    from torch import nn
    from ultralytics.models.sam.predict import Predictor

KINDS = ("sam2_t", "mobile_sam")
DRAFT = 256
BOX = Box(100.0, 50.0, 300.0, 200.0)
ON, OFF = PromptPoint(120.5, 70.25), PromptPoint(300.0, 200.0, positive=False)
PROMPTS = {
    "a box": Prompt(BOX),
    "points": Prompt(None, (ON, OFF, PromptPoint(200.0, 100.0))),
    "a box and points": Prompt(BOX, (ON, OFF)),
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def image() -> NDArray[np.uint8]:
    return blotches(0)


@pytest.fixture(scope="module")
def segmenter(kind: str, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamSegmenter]:
    """A segmenter from a file as it is published."""
    file = saved({"model": state_of(kind)}, tmp_path_factory.mktemp("weights") / f"{kind}.pt")
    loaded = load_segmenter(file, home=home, device="cpu", imgsz=IMGSZ)
    assert isinstance(loaded, SamSegmenter)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def embedding(segmenter: SamSegmenter, image: NDArray[np.uint8]) -> SamEmbedding:
    return segmenter.encode(image)


@pytest.fixture(scope="module")
def library(kind: str, home: Path, image: NDArray[np.uint8]) -> Library:
    return Library(kind, image)


@pytest.fixture(scope="module")
def network(home: Path) -> nn.Module:
    """A network of its own, for what needs to look or reach into it."""
    return random_network("mobile_sam")


@pytest.fixture
def own(network: nn.Module) -> Iterator[SamSegmenter]:
    """A segmenter of that network."""
    loaded = load_sam(SegmenterInfo("own.pt", "mobile_sam", path="/models/own.pt"), network, device="cpu", imgsz=DRAFT)
    yield loaded
    loaded.close()


# Answers


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS.keys())
def test_answers_are_those_of_the_library(
    prompt: Prompt, segmenter: SamSegmenter, embedding: SamEmbedding, library: Library
) -> None:
    (answer,) = segmenter.segment(embedding, prompt)
    masks, scores = library.masks(prompt)
    assert 0 < answer.raster.area < WIDTH * HEIGHT
    assert np.array_equal(in_image(answer), masks[0])
    assert answer.score == pytest.approx(float(np.clip(scores[0], 0, 1)))


def test_answers_are_those_of_a_prediction_that_encodes_the_image_too(
    segmenter: SamSegmenter, embedding: SamEmbedding, library: Library
) -> None:
    (answer,) = segmenter.segment(embedding, PROMPTS["a box and points"])
    assert np.array_equal(in_image(answer), library.whole_call(PROMPTS["a box and points"])[0])


def test_several_answers_come_surest_first(segmenter: SamSegmenter, embedding: SamEmbedding, library: Library) -> None:
    answers = segmenter.segment(embedding, Prompt(BOX), candidates=3)
    masks, scores = library.masks(Prompt(BOX), multimask=True)
    order = np.argsort(-scores, kind="stable")
    assert len(set(scores.tolist())) == 3
    assert len(answers) == 3
    for answer, index in zip(answers, order, strict=True):
        assert np.array_equal(in_image(answer), masks[index])
        assert answer.score == pytest.approx(float(np.clip(scores[index], 0, 1)))
    two = segmenter.segment(embedding, Prompt(BOX), candidates=2)
    assert [in_image(each).tolist() for each in two] == [in_image(each).tolist() for each in answers[:2]]


def test_a_single_click_gets_the_surest_of_three_answers(
    segmenter: SamSegmenter, embedding: SamEmbedding, library: Library
) -> None:
    (answer,) = segmenter.segment(embedding, Prompt(None, (ON,)))
    masks, scores = library.masks(Prompt(None, (ON,)), multimask=True)
    assert np.array_equal(in_image(answer), masks[scores.argmax()])


def test_answers_are_cut_to_their_pixels(segmenter: SamSegmenter, embedding: SamEmbedding) -> None:
    for answer in segmenter.segment(embedding, Prompt(BOX), candidates=3):
        raster, whole = answer.raster, in_image(answer)
        rows, columns = np.flatnonzero(whole.any(axis=1)), np.flatnonzero(whole.any(axis=0))
        assert raster.bits.dtype == np.bool_
        assert (raster.left, raster.top) == (columns[0], rows[0])
        assert raster.bits.shape == (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)


@pytest.mark.parametrize(("width", "height"), [(512, 512), (300, 700), (517, 333), (1920, 1080), (10, 3000), (1, 1)])
def test_answers_fit_images_of_any_form(width: int, height: int, own: SamSegmenter) -> None:
    image = blotches(1, width=width, height=height)
    prompt = Prompt(Box(width * 0.2, height * 0.1, width * 0.9, height * 0.8))
    answers = own.segment(own.encode(image), prompt, candidates=3)
    masks, scores = Library("mobile_sam", image, imgsz=DRAFT).masks(prompt, multimask=True)
    expected = [masks[i] for i in np.argsort(-scores, kind="stable") if masks[i].any()]
    assert len(answers) == len(expected) > 0
    for answer, mask in zip(answers, expected, strict=True):
        assert np.array_equal(in_image(answer, width=width, height=height), mask)


# What says nothing about the image


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(),
        Prompt(None, (OFF,)),
        Prompt(Box(50.0, 50.0, 50.0, 90.0)),
        Prompt(Box(-90.0, 10.0, -20.0, 60.0)),
        Prompt(Box(float("nan"), 10.0, 20.0, 60.0)),
        Prompt(None, (PromptPoint(WIDTH + 5.0, 10.0),)),
        Prompt(Box(WIDTH + 1.0, 0.0, WIDTH + 9.0, 9.0), (PromptPoint(10.0, -3.0),)),
    ],
)
def test_a_prompt_beside_the_image_finds_nothing(
    prompt: Prompt, segmenter: SamSegmenter, embedding: SamEmbedding
) -> None:
    assert segmenter.segment(embedding, prompt) == []


def test_what_is_beside_the_image_is_cut_off(
    segmenter: SamSegmenter, embedding: SamEmbedding, library: Library
) -> None:
    beyond = Prompt(Box(-50.0, 100.0, 200.0, HEIGHT + 40.0), (PromptPoint(-1.0, 5.0), ON))
    (answer,) = segmenter.segment(embedding, beyond)
    masks, _ = library.masks(Prompt(Box(0.0, 100.0, 200.0, HEIGHT), (ON,)))
    assert np.array_equal(in_image(answer), masks[0])


# Encoding


def test_an_image_is_encoded_once_for_any_number_of_prompts(own: SamSegmenter, network: nn.Module) -> None:
    encoded: list[tuple[int, ...]] = []
    handle = network.image_encoder.register_forward_hook(lambda module, given, out: encoded.append(given[0].shape))
    first, second = own.encode(blotches(1)), own.encode(blotches(2))
    alone = [in_image(own.segment(first, prompt)[0]) for prompt in PROMPTS.values()]
    for prompt, mask in zip(PROMPTS.values(), alone, strict=True):
        own.segment(second, prompt, candidates=3)
        assert np.array_equal(in_image(own.segment(first, prompt)[0]), mask)
    handle.remove()
    assert encoded == [(1, 3, DRAFT, DRAFT)] * 2


def test_an_embedding_says_what_it_holds_and_holds_no_image(own: SamSegmenter) -> None:
    image = blotches(3)
    kept = weakref.ref(image)
    embedding = own.encode(image)
    del image
    gc.collect()
    assert kept() is None
    assert embedding.nbytes == 256 * (DRAFT // 16) ** 2 * 4


def test_a_draft_takes_less_memory(network: nn.Module) -> None:
    sizes = []
    for imgsz in (DRAFT, 2 * DRAFT):
        draft = load_sam(SegmenterInfo("own.pt", "mobile_sam"), network, device="cpu", imgsz=imgsz)
        sizes.append(draft.encode(blotches(0)).nbytes)
    assert sizes[1] == 4 * sizes[0]


def test_a_side_that_the_network_cannot_have_is_refused(network: nn.Module) -> None:
    for imgsz in (0, -64, 100):
        with pytest.raises(ValueError, match=str(imgsz)):
            load_sam(SegmenterInfo("own.pt", "mobile_sam"), network, device="cpu", imgsz=imgsz)


def test_an_embedding_belongs_to_the_segmenter_that_made_it(own: SamSegmenter, network: nn.Module) -> None:
    other = load_sam(own.info, network, device="cpu", imgsz=DRAFT)
    with pytest.raises(ValueError, match="another segmenter"):
        own.segment(other.encode(blotches(0)), Prompt(BOX))


def test_a_closed_segmenter_is_not_used(network: nn.Module) -> None:
    closed = load_sam(SegmenterInfo("own.pt", "mobile_sam"), network, device="cpu", imgsz=DRAFT)
    embedding = closed.encode(blotches(0))
    closed.close()
    with pytest.raises(RuntimeError, match="closed"):
        closed.encode(blotches(0))
    with pytest.raises(RuntimeError, match="closed"):
        closed.segment(embedding, Prompt(BOX))


# Faults of the runtime


def raising(error: Exception) -> Callable[..., None]:
    def hook(*_: object) -> None:
        raise error

    return hook


@pytest.mark.parametrize("part", ["image_encoder", "mask_decoder"])
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), OutOfMemory),
        (MemoryError(), OutOfMemory),
        (RuntimeError("device-side assert triggered\nand more"), ModelError),
        (ZeroDivisionError("a bug of ours"), ZeroDivisionError),
        (TypeError("a bug of ours"), TypeError),
    ],
)
def test_faults_are_told_apart(
    part: str, error: Exception, raised: type[Exception], own: SamSegmenter, network: nn.Module
) -> None:
    before = own.encode(blotches(0))
    handle = getattr(network, part).register_forward_pre_hook(raising(error))
    try:
        with pytest.raises(raised) as caught:
            own.segment(own.encode(blotches(0)), Prompt(BOX))
    finally:
        handle.remove()
    if raised in (OutOfMemory, ModelError):
        assert "own.pt" in str(caught.value)
        assert "\n" not in str(caught.value)
    assert own.segment(before, Prompt(BOX))


def test_torchs_own_out_of_memory(own: SamSegmenter, network: nn.Module) -> None:
    import torch

    handle = network.image_encoder.register_forward_pre_hook(raising(torch.OutOfMemoryError("HIP out of memory")))
    with pytest.raises(OutOfMemory):
        own.encode(blotches(0))
    handle.remove()


# Where it runs


def test_it_says_why_it_is_not_on_a_gpu(own: SamSegmenter) -> None:
    assert (own.device, own.device_reason, own.slow_to_encode) == ("cpu", "the CPU was asked for", True)


def test_a_gpu_that_is_not_there_is_refused(network: nn.Module) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ModelError, match="choose auto or cpu"):
        load_sam(SegmenterInfo("own.pt", "mobile_sam"), network, device="cuda", imgsz=DRAFT)


@pytest.mark.parametrize("broken", [RuntimeError("no kernel image is available"), RuntimeError("out of memory")])
def test_auto_goes_on_with_the_cpu_where_the_gpu_fails(
    broken: RuntimeError, network: nn.Module, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from ultralytics.models.sam.predict import Predictor

    from autoanno_gui.inference import sam_engine

    set_up = Predictor.setup_model

    def setup_model(self: Predictor, model: nn.Module, *, verbose: bool) -> None:
        if self.args.device == "cuda:0":
            raise broken
        set_up(self, model=model, verbose=verbose)

    monkeypatch.setattr(sam_engine, "choose_device", lambda wanted, backend: ("cuda:0", ""))
    monkeypatch.setattr(Predictor, "setup_model", setup_model)
    loaded = load_sam(SegmenterInfo("own.pt", "mobile_sam", path="own.pt"), network, imgsz=DRAFT)
    assert (loaded.device, loaded.device_reason) == ("cpu", "the segmenter could not be run on cuda:0")
    assert "Going on with the CPU" in caplog.text
    assert loaded.segment(loaded.encode(blotches(0)), Prompt(BOX))


def test_nothing_leaves_the_computer_and_nothing_is_written_beside_it(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    file = saved(state_of("mobile_sam"), tmp_path / "mobile_sam.pt")
    script = f"""
import json, os, socket, sys
sys.path.insert(0, {str(ROOT)!r})
os.chdir({str(tmp_path / "here")!r})
tried = []
def refuse(*args, **kwargs):
    tried.append(str(args))
    raise OSError("no network in this test")
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.create_connection = refuse
from pathlib import Path
import numpy as np
from autoanno_gui.core.box import Box
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.inference.segmenters import load_segmenter
loaded = load_segmenter(Path({str(file)!r}), home=Path({str(tmp_path / "home")!r}), device="cpu", imgsz=256)
loaded.segment(loaded.encode(np.full((90, 120, 3), 90, np.uint8)), Prompt(Box(9, 9, 60, 60)), candidates=3)
print(json.dumps([tried, os.listdir(".")]), file=sys.stderr)
"""
    done = run_python(script, home=tmp_path / "user")
    assert json.loads(done.stderr.splitlines()[-1]) == [[], []]
    assert done.stdout == ""
