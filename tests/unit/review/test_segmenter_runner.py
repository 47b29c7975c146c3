"""The segmenter of the window: prompts at once, each frame encoded once, and GrabCut when another one fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ModelError, OutOfMemory
from autoanno_gui.core.prompt import Prompt, PromptPoint
from autoanno_gui.review.scheduler import Urgency
from autoanno_gui.review.segmenter_runner import (
    PROMPT,
)
from autoanno_gui.store.store_thread import Store
from tests.projects import make_project
from tests.unit.review.fake_segmenter import FakeSegmenter
from tests.unit.review.segment_kit import AROUND, SQUARE, Desk, repaint

FRAMES = 4


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = make_project(tmp_path, [None] * FRAMES)
    with Store.open(made.file) as store:
        yield store


@pytest.fixture
def desk(store: Store, app_home: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(store, app_home, monkeypatch)


def no_memory(number: int) -> None:
    raise OutOfMemory("The GPU's memory is full; use a smaller model.")


# ------------------------------------------------------------------------------------------------ prompts
def test_without_any_weights_grabcut_finds_the_square(desk: Desk) -> None:
    answer = desk.answer()
    assert desk.said == ["loaded GrabCut", "answer 1"]
    assert (answer.frame_id, answer.problem, len(answer.masks)) == (desk.frames[0].id, "", 1)
    assert answer.masks[0].bounds.iou(SQUARE) > 0.9
    assert desk.answer(Prompt(AROUND.box, (PromptPoint(50, 50),))).masks
    assert desk.said.count("loaded GrabCut") == 1


def test_a_frame_is_encoded_once(desk: Desk) -> None:
    fake = desk.use(FakeSegmenter())
    first = desk.answer(candidates=3)
    assert (first.scores, len(first.masks)) == ((1.0, 0.9, 0.8), 3)
    point = desk.answer(Prompt(points=(PromptPoint(100, 50),)))
    assert point.masks[0].bounds == Box(90, 40, 110, 60)
    assert len(fake.encoded) == 1
    desk.answer(number=1)
    desk.answer(number=0)
    assert len(fake.encoded) == 2


def test_outlines_are_simplified_by_what_is_set(desk: Desk) -> None:
    desk.runner.tolerance = 0.0
    first = desk.answer().masks[0]
    desk.runner.tolerance = 3.0
    second = desk.answer().masks[0]
    assert second.point_count < first.point_count
    assert second.iou(first) > 0.9


def test_a_replaced_file_is_encoded_anew(desk: Desk) -> None:
    fake = desk.use(FakeSegmenter())
    desk.answer()
    repaint(desk.store, 0, (10, 20, 30))
    desk.answer()
    assert fake.encoded[1] == (10, 20, 30)


def test_a_newer_prompt_takes_the_place_of_one_that_was_not_begun(desk: Desk) -> None:
    fake = desk.use(FakeSegmenter())
    for generation in (1, 2, 3):
        desk.ask(generation, Prompt(Box(0, 0, 10 * generation, 10)))
    desk.scheduler.run_until_idle()
    assert [answer.generation for answer in desk.answers] == [3]
    assert fake.prompts == [Prompt(Box(0, 0, 30, 10))]


def test_a_newer_prompt_replaces_one_whose_frame_is_being_encoded(desk: Desk) -> None:
    def newer(number: int) -> None:
        if number == 1:
            desk.ask(2, Prompt(Box(0, 0, 20, 20)))

    fake = desk.use(FakeSegmenter(on_encode=newer))
    desk.answer()
    assert [answer.generation for answer in desk.answers] == [2]
    assert len(fake.prompts) == len(fake.encoded) == 1


def test_prompts_that_keep_coming_never_keep_the_frame_from_being_encoded(desk: Desk) -> None:
    """Each prompt is replaced after its first step, as while the mouse is dragged."""
    fake = desk.use(FakeSegmenter())
    desk.ask(1)
    desk.scheduler._step()
    for generation in (2, 3):
        desk.ask(generation)
        desk.scheduler._step()  # the one before ends
        desk.scheduler._step()
    assert len(fake.encoded) == 1
    desk.scheduler.run_until_idle()
    assert [answer.generation for answer in desk.answers] == [3]
    assert len(fake.encoded) == 1


def test_a_frame_that_cannot_be_read_is_answered_with_the_reason(desk: Desk) -> None:
    (desk.store.root / desk.frames[0].path).write_bytes(b"")
    answer = desk.answer()
    assert (answer.masks, answer.frame_id) == ((), desk.frames[0].id)
    assert answer.problem == "frame_0.jpg: The file is empty (0 bytes)."
    assert desk.failures == []
    assert desk.answer(number=1).masks


def test_a_prompt_in_which_nothing_is_found_is_answered_all_the_same(desk: Desk) -> None:
    desk.use(FakeSegmenter(blind_to=lambda prompt: True))
    answer = desk.answer()
    assert (answer.masks, answer.scores, answer.problem) == ((), (), "")


def test_the_memory_of_the_cache_is_bounded(store: Store, app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(store, app_home, monkeypatch, cache_bytes=2500)
    fake = desk.use(FakeSegmenter(nbytes=1000))
    for number in (0, 1, 0, 2):
        desk.answer(number=number)
    assert len(fake.encoded) == 3
    desk.answer(number=0)
    assert len(fake.encoded) == 3
    desk.answer(number=1)
    assert len(fake.encoded) == 4


# ------------------------------------------------------------------------------------------------ encoding ahead
def test_frames_are_encoded_before_they_are_asked_about(desk: Desk) -> None:
    for number in range(FRAMES):
        repaint(desk.store, number, (number, 0, 0))
    fake = desk.use(FakeSegmenter())
    desk.runner.encode_ahead([desk.frames[2], desk.frames[0]])
    desk.scheduler.run_until_idle()
    assert [colour[0] for colour in fake.encoded] == [2, 0]
    desk.answer(number=0)
    desk.answer(number=2)
    assert len(fake.encoded) == 2


def test_a_quick_segmenter_encodes_nothing_ahead(desk: Desk) -> None:
    fake = desk.use(FakeSegmenter(slow_to_encode=False))
    desk.runner.encode_ahead(desk.frames)
    desk.scheduler.run_until_idle()
    assert fake.encoded == []


def test_nothing_is_loaded_just_to_encode_ahead(desk: Desk) -> None:
    desk.runner.encode_ahead(desk.frames)
    desk.scheduler.run_until_idle()
    assert desk.said == []


def test_a_prompt_goes_before_the_frames_ahead(desk: Desk) -> None:
    for number in range(FRAMES):
        repaint(desk.store, number, (number, 0, 0))

    def ask(number: int) -> None:
        if number == 1:
            desk.ask(1, number=3)

    fake = desk.use(FakeSegmenter(on_encode=ask))
    desk.on_answer = lambda: desk.said.append(f"after {len(fake.encoded)}")
    desk.runner.encode_ahead(desk.frames[:3])
    desk.scheduler.run_until_idle()
    assert [colour[0] for colour in fake.encoded] == [0, 3, 1, 2]
    assert desk.said == ["answer 1", "after 2"]


def test_a_prompt_about_the_frame_that_is_just_encoded_uses_the_result(desk: Desk) -> None:
    fake = desk.use(FakeSegmenter(on_encode=lambda number: desk.ask(1)))
    desk.runner.encode_ahead(desk.frames[:1])
    desk.scheduler.run_until_idle()
    assert len(fake.encoded) == 1
    assert [answer.generation for answer in desk.answers] == [1]


def test_a_prompt_between_decoding_and_encoding_ahead_encodes_for_both(desk: Desk) -> None:
    fake = desk.use(FakeSegmenter())
    desk.runner.encode_ahead(desk.frames[:1])
    desk.scheduler._step()
    desk.answer()
    assert len(fake.encoded) == 1


def test_frames_that_cannot_be_read_or_encoded_ahead_are_nobodys_concern(desk: Desk) -> None:
    (desk.store.root / desk.frames[0].path).unlink()
    fake = desk.use(FakeSegmenter())
    desk.runner.encode_ahead(desk.frames[:2])
    desk.scheduler.run_until_idle()
    assert len(fake.encoded) == 1
    desk.use(FakeSegmenter(on_encode=no_memory), "other.pt")
    desk.runner.encode_ahead(desk.frames)
    desk.scheduler.run_until_idle()
    assert desk.failures == []


# ------------------------------------------------------------------------------------------------ faults
@pytest.mark.parametrize("where", ["encode", "segment"])
def test_a_segmenter_that_breaks_is_named_once_and_grabcut_answers(desk: Desk, where: str) -> None:
    def breaks(_: object) -> None:
        raise ModelError("The runtime broke.")

    fake = desk.use(FakeSegmenter(**{f"on_{where}": breaks}))
    answer = desk.answer()
    assert desk.said == ["failed", "loaded GrabCut", "answer 1"]
    assert [str(error) for error in desk.failures] == [
        "fake_sam.pt failed, and GrabCut makes the masks from now on: The runtime broke."
    ]
    assert answer.problem == ""
    assert answer.masks[0].bounds.iou(SQUARE) > 0.9
    assert fake.closed
    assert desk.answer().masks
    assert len(desk.failures) == 1


def test_out_of_memory_forgets_what_is_kept_and_tries_again(desk: Desk) -> None:
    def third(number: int) -> None:
        if number == 3:
            no_memory(number)

    fake = desk.use(FakeSegmenter(on_encode=third))
    for number in range(3):
        assert desk.answer(number=number).masks
    assert desk.failures == []
    assert len(fake.encoded) == 3
    desk.answer(number=2)
    desk.answer(number=0)  # was forgotten
    assert len(fake.encoded) == 4


def test_out_of_memory_again_is_a_fault(desk: Desk) -> None:
    desk.use(FakeSegmenter(on_encode=no_memory))
    assert desk.answer().masks
    assert desk.said == ["failed", "loaded GrabCut", "answer 1"]


def test_a_prompt_that_replaces_the_one_that_met_the_fault_is_answered(desk: Desk) -> None:
    def breaks(_: object) -> None:
        desk.ask(2)
        raise ModelError("The runtime broke.")

    fake = desk.use(FakeSegmenter(on_encode=breaks))
    desk.answer()
    assert desk.said == ["failed", "loaded GrabCut", "answer 2"]
    assert fake.closed
    assert desk.answers[0].masks


def test_when_grabcut_fails_too_the_prompt_is_answered_with_the_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise OutOfMemory("There is no memory left.")

    monkeypatch.setattr(cv2, "grabCut", breaks)
    answer = desk.answer()
    assert answer.masks == ()
    assert answer.problem


def test_a_bug_is_reported_as_what_it_is(desk: Desk) -> None:
    def breaks(_: object) -> None:
        raise ZeroDivisionError("a bug")

    desk.use(FakeSegmenter(on_segment=breaks))
    desk.ask(1)
    desk.scheduler.run_until_idle()
    assert [type(error) for error in desk.failures] == [ZeroDivisionError]
    assert desk.answers == []


# ------------------------------------------------------------------------------------------------ which segmenter
def test_a_segmenter_that_cannot_be_loaded_leaves_the_one_before_in_use(desk: Desk) -> None:
    fake = desk.use(FakeSegmenter())
    desk.runner.load(Path("absent.pt"))
    desk.scheduler.run_until_idle()
    assert desk.said == ["loading absent.pt", "failed"]
    assert str(desk.failures[0]) == "There is no absent.pt."
    desk.answer()
    assert len(fake.prompts) == 1
    assert not fake.closed


def test_another_segmenter_takes_over_with_a_cache_of_its_own(desk: Desk) -> None:
    first = desk.use(FakeSegmenter())
    desk.answer()
    second = desk.use(FakeSegmenter(), "second.pt")
    assert first.closed
    desk.answer()
    assert len(second.encoded) == len(second.prompts) == 1
    desk.runner.load(None)
    desk.scheduler.run_until_idle()
    assert desk.said[-1:] == ["loaded GrabCut"]
    assert second.closed


def test_a_prompt_that_is_asked_while_a_segmenter_is_loaded_goes_to_it(desk: Desk) -> None:
    desk.kit["slow.pt"] = FakeSegmenter()
    desk.runner.load(Path("slow.pt"))
    desk.answer()
    assert desk.said == ["loading slow.pt", "loaded fake_sam.pt", "answer 1"]
    assert len(desk.kit["slow.pt"].prompts) == 1


def test_a_segmenter_that_was_replaced_while_it_was_loaded_is_closed(desk: Desk) -> None:
    desk.kit |= {"one.pt": FakeSegmenter(), "two.pt": FakeSegmenter()}
    desk.runner.load(Path("one.pt"))
    desk.scheduler._step()
    desk.runner.load(Path("two.pt"))
    desk.scheduler.run_until_idle()
    assert [fake.closed for fake in desk.kit.values()] == [True, False]
    assert desk.said == ["loading one.pt", "loading two.pt", "loaded fake_sam.pt"]


def test_encoding_ahead_ends_before_another_segmenter_takes_over(desk: Desk) -> None:
    desk.kit["two.pt"] = FakeSegmenter()
    first = desk.use(FakeSegmenter(on_encode=lambda number: desk.runner.load(Path("two.pt"))))
    desk.runner.encode_ahead(desk.frames)
    desk.scheduler.run_until_idle()
    assert len(first.encoded) == 1
    assert first.closed
    assert desk.failures == []


def test_closing_closes_the_segmenter(desk: Desk) -> None:
    fake = desk.use(FakeSegmenter())
    desk.runner.close()
    desk.runner.close()
    assert fake.closed


# ------------------------------------------------------------------------------------------------ urgency
def test_prompts_go_before_the_shown_frame_and_it_before_what_is_encoded_ahead(desk: Desk) -> None:
    order: list[str] = []
    desk.use(FakeSegmenter(on_encode=lambda number: order.append("encode")))
    desk.runner.encode_ahead(desk.frames[:1])
    desk.scheduler.submit(
        "shown",
        (order.append("shown") for _ in range(1)),
        urgency=Urgency.SHOWN_FRAME,
        on_failed=desk.failures.append,
    )
    desk.ask(1, number=1)
    desk.on_answer = lambda: order.append("answer")
    desk.scheduler.run_until_idle()
    assert order == ["encode", "answer", "shown", "encode"]


def test_a_prompt_that_was_cancelled_is_never_begun(desk: Desk) -> None:
    fake = desk.use(FakeSegmenter())
    desk.ask(1)
    desk.scheduler.cancel(PROMPT)
    desk.scheduler.run_until_idle()
    assert (desk.answers, fake.encoded) == ([], [])
