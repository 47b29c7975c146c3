"""Telling what a file of weights is, and refusing everything else with a sentence."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ModelError
from autoanno_gui.core.prompt import Prompt
from autoanno_gui.inference.registry import inspect_model
from autoanno_gui.inference.segmenters import ARCHITECTURES, inspect_segmenter, load_segmenter
from tests.unit.inference.sam_kit import blotches, in_image, random_network, saved, state_of
from tests.unit.inference.test_registry import CallsOut

BUILT_LIKE = {"sam_b": "sam_vit_b", "sam_l": "sam_vit_l", "sam_h": "sam_vit_h"}


@pytest.fixture(scope="module")
def state(home: Path) -> dict[str, Any]:
    """The weights of a SAM 2."""
    return state_of("sam2_t")


@pytest.fixture(scope="module")
def newer(home: Path) -> dict[str, Any]:
    """The weights of a SAM 2.1."""
    return state_of("sam2.1_t")


@pytest.fixture(scope="module")
def file(state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved({"model": state}, tmp_path_factory.mktemp("weights") / "sam2_t.pt")


# What is told


def test_a_file_tells_what_it_is(file: Path, home: Path) -> None:
    info = inspect_segmenter(file, home=home)
    assert (info.name, info.kind, info.path) == ("sam2_t.pt", "sam2_t", str(file))
    assert info.weights_hash == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_loaded_segmenter_tells_the_same(file: Path, home: Path) -> None:
    loaded = load_segmenter(file, home=home, device="cpu")
    assert loaded.info == inspect_segmenter(file, home=home)
    assert (loaded.device, loaded.slow_to_encode) == ("cpu", True)
    loaded.close()


def test_without_a_file_it_is_grabcut(home: Path) -> None:
    loaded = load_segmenter(None, home=home, device="cuda", architecture="sam2_t")
    assert (loaded.info.name, loaded.info.kind, loaded.info.weights_hash, loaded.info.path) == (
        "GrabCut",
        "grabcut",
        "",
        "",
    )
    assert (loaded.device, loaded.device_reason, loaded.slow_to_encode) == ("cpu", "", False)


@pytest.mark.parametrize(
    "wrap",
    [lambda state: state, lambda state: {"model": state}, lambda state: {"state_dict": state, "epoch": 3}],
    ids=["alone", "as published", "from a training"],
)
def test_weights_may_be_wrapped(wrap: Callable[[object], object], state: object, tmp_path: Path, home: Path) -> None:
    assert inspect_segmenter(saved(wrap(state), tmp_path / "weights.pth"), home=home).kind == "sam2_t"


def hollow(kind: str) -> dict[str, Any]:
    """Return weights with the names and shapes of an architecture that take no room on disk."""
    import torch

    if kind in BUILT_LIKE:
        with torch.device("meta"):
            built = dict(random_network(BUILT_LIKE[kind]).state_dict())
    else:
        built = state_of(kind)
    return {name: torch.zeros((), dtype=each.dtype).expand(each.shape) for name, each in built.items()}


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_each_architecture_is_told_by_its_weights_whatever_the_name(kind: str, tmp_path: Path, home: Path) -> None:
    renamed = saved({"model": hollow(kind)}, tmp_path / "sam2_t.pt")
    assert inspect_segmenter(renamed, home=home).kind == kind
    assert inspect_segmenter(renamed, home=home, architecture=kind).kind == kind


def test_weights_of_sam_2_1_give_the_masks_that_they_give_as_sam_2(
    file: Path, newer: dict[str, Any], tmp_path: Path, home: Path
) -> None:
    """What they have more is for videos only."""
    answers = []
    for each in (file, saved({"model": newer}, tmp_path / "sam2.1_t.pt")):
        loaded = load_segmenter(each, home=home, device="cpu", imgsz=256)
        answers.append(loaded.segment(loaded.encode(blotches(0)), Prompt(Box(100, 50, 300, 200))))
        loaded.close()
    (old,), (new,) = answers
    assert np.array_equal(in_image(old), in_image(new))
    assert old.score == new.score


def test_weights_in_half_precision_are_used_in_full(state: dict[str, Any], tmp_path: Path, home: Path) -> None:
    half = saved({name: each.half() for name, each in state.items()}, tmp_path / "half.pt")
    loaded = load_segmenter(half, home=home, device="cpu", imgsz=256)
    assert loaded.segment(loaded.encode(blotches(0)), Prompt(Box(100, 50, 300, 200)))


# What is refused


def refused(path: Path, home: Path, *, architecture: str | None = None) -> str:
    """Return the sentence with which a file is refused, after the checks that hold for all of them."""
    with pytest.raises(ModelError) as caught:
        load_segmenter(path, home=home, device="cpu", architecture=architecture)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_another_architecture_than_the_one_that_was_chosen(
    file: Path, newer: dict[str, Any], tmp_path: Path, home: Path
) -> None:
    assert "weights of sam2_t, not of sam2.1_t; choose sam2_t" in refused(file, home, architecture="sam2.1_t")
    assert "weights of sam2_t, not of mobile_sam" in refused(file, home, architecture="mobile_sam")
    later = saved(newer, tmp_path / "sam2_t.pt")
    assert "weights of sam2.1_t, not of sam2_t" in refused(later, home, architecture="sam2_t")


def test_an_architecture_that_there_is_not(file: Path, home: Path) -> None:
    with pytest.raises(ModelError, match=r"no architecture sam9_x; choose one of sam2\.1_t, "):
        inspect_segmenter(file, home=home, architecture="sam9_x")


def test_a_file_that_is_not_there(tmp_path: Path, home: Path) -> None:
    assert "There is no" in refused(tmp_path / "sam2_t.pt", home)
    assert os.listdir(tmp_path) == []


def test_a_folder(tmp_path: Path, home: Path) -> None:
    assert "is a folder" in refused(tmp_path, home)


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"", "is empty"),
        (b"these are not weights\n", "is not a PyTorch file, whatever its name says; choose the weights of a SAM"),
        (b"\x80\x02not a pickle after all", "was not opened"),
    ],
)
def test_something_else_that_is_called_pt(content: bytes, phrase: str, tmp_path: Path, home: Path) -> None:
    (tmp_path / "sam2_t.pt").write_bytes(content)
    assert phrase in refused(tmp_path / "sam2_t.pt", home)


@pytest.mark.parametrize("keep", [0.01, 0.5, 0.999])
def test_a_file_that_was_cut_short(keep: float, file: Path, tmp_path: Path, home: Path) -> None:
    whole = file.read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: int(len(whole) * keep)])
    assert "damaged or cut short" in refused(tmp_path / "cut.pt", home)


def rotten(whole: bytes) -> Iterator[bytes]:
    """Yield a small archive with some bytes of its names and its pickle replaced."""
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(whole)
        for at in random.integers(0, min(len(whole), 900), 6):
            damaged[at] = random.integers(0, 256)
        yield bytes(damaged)


@pytest.mark.filterwarnings("ignore")
def test_rotten_bytes_give_a_sentence_or_what_is_no_sam(tmp_path: Path, home: Path) -> None:
    import torch

    good = saved({"model": {"a.weight": torch.zeros(2, 3)}}, tmp_path / "good.pt").read_bytes()
    for damaged in rotten(good):
        (tmp_path / "rotten.pt").write_bytes(damaged)
        refused(tmp_path / "rotten.pt", home)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("way", ["pickle", "archive", "old archive"])
def test_a_file_with_code_is_not_run(way: str, state: dict[str, Any], tmp_path: Path, home: Path) -> None:
    import torch

    trace, evil = tmp_path / "trace", tmp_path / "sam2.1_t.pt"
    content = {"model": {"no_mem_embed": state["no_mem_embed"]}, "extra": CallsOut(trace)}
    if way == "pickle":
        evil.write_bytes(pickle.dumps({"model": CallsOut(trace)}, protocol=2))
    else:
        torch.save(content, evil, _use_new_zipfile_serialization=way == "archive")
    assert "not opened since it" in refused(evil, home)
    assert not trace.exists()
    if way != "pickle":
        assert "contains code" in refused(evil, home)
        torch.load(evil, weights_only=False)
        assert trace.is_dir()


def test_a_yolo_is_no_sam_also_when_one_was_opened_before(tiny: Path, home: Path) -> None:
    assert "is a YOLO model, not a SAM" in refused(tiny, home)
    inspect_model(tiny, home=home)
    assert "is a YOLO model, not a SAM" in refused(tiny, home)


@pytest.mark.filterwarnings("ignore:`torch.jit", "ignore:'torch.load' received")
def test_a_torchscript_archive_is_no_file_of_weights(tmp_path: Path, home: Path) -> None:
    import torch

    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), str(tmp_path / "s.pt"))
    assert "TorchScript" in refused(tmp_path / "s.pt", home)


def test_other_weights_are_no_sam(state: dict[str, Any], tmp_path: Path, home: Path) -> None:
    import torch

    others = {
        "linear": torch.nn.Linear(3, 4).state_dict(),
        "tensor": torch.zeros(3),
        "list": [torch.zeros(3)],
        "empty": {},
        "values": {"epochs": 3, "model": {"lr": 0.1}},
        # An encoder of a width that is not built.
        "width": {"image_encoder.trunk.pos_embed": torch.zeros(1, 99, 7, 7)},
    }
    for name, content in others.items():
        sentence = refused(saved(content, tmp_path / f"{name}.pt"), home)
        assert "choose the .pt or .pth file of a SAM 2, SAM 2.1, MobileSAM or SAM" in sentence


def test_weights_that_are_not_complete(
    state: dict[str, Any], newer: dict[str, Any], tmp_path: Path, home: Path
) -> None:
    import torch

    lacking = {name: each for name, each in state.items() if not name.startswith("memory_encoder.")}
    assert "lacks memory_encoder." in refused(saved(lacking, tmp_path / "a.pt"), home)
    foreign = {**state, "detector.head": torch.zeros(3)}
    assert "has a foreign detector.head;" in refused(saved(foreign, tmp_path / "b.pt"), home)
    misfit = {**state, "no_mem_embed": torch.zeros(1, 1, 9)}
    assert "has a misfit no_mem_embed;" in refused(saved(misfit, tmp_path / "c.pt"), home)
    half_new = {name: each for name, each in newer.items() if name != "obj_ptr_tpos_proj.bias"}
    assert "no complete sam2.1_t: it lacks obj_ptr_tpos_proj.bias;" in refused(saved(half_new, tmp_path / "d.pt"), home)


@pytest.mark.filterwarnings("ignore:Validating sparse")
def test_weights_of_a_strange_kind(state: dict[str, Any], tmp_path: Path, home: Path) -> None:
    strange = {**state, "no_mem_embed": state["no_mem_embed"].to_sparse()}
    assert "cannot be used" in refused(saved(strange, tmp_path / "sparse.pt"), home)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read everything")
def test_a_file_that_may_not_be_read(file: Path, tmp_path: Path, home: Path) -> None:
    (tmp_path / "locked.pt").write_bytes(file.read_bytes())
    (tmp_path / "locked.pt").chmod(0)
    assert "cannot be read" in refused(tmp_path / "locked.pt", home)
