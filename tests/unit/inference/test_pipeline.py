from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, FrameErrorCode, ModelError
from autoanno_gui.core.predictions import FramePredictions, FrameResult
from autoanno_gui.core.records import Frame
from autoanno_gui.imaging.light import measure
from autoanno_gui.inference.pipeline import predict_frames
from autoanno_gui.inference.registry import load_detector
from tests.fakes import FakeDetector, fake_predictions

WIDE = (40, 60)
TALL = (60, 40)


def write(root: Path, shapes: Sequence[tuple[int, int]]) -> list[Frame]:
    """Write one PNG of its own brightness for each (height, width); ids go up from 10."""
    frames = []
    for number, (height, width) in enumerate(shapes):
        image = np.full((height, width, 3), 40 + 3 * number, np.uint8)
        image[0, 0] = number
        assert cv2.imwrite(str(root / f"{number:03d}.png"), image)
        frames.append(Frame(id=10 + number, path=f"{number:03d}.png"))
    return frames


def decoders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def run(detector: FakeDetector, frames: Sequence[Frame], root: Path) -> list[FrameResult]:
    batches = predict_frames(detector, frames, root=root, cancelled=lambda: False)
    return [result for batch in batches for result in batch]


def assert_right(result: FrameResult, root: Path) -> None:
    file = root / f"{result.frame_id - 10:03d}.png"
    expected = fake_predictions(cv2.imread(str(file)))
    assert result.error is None
    assert result.predictions is not None
    np.testing.assert_array_equal(result.predictions.boxes, expected.boxes)
    np.testing.assert_array_equal(result.predictions.classes, expected.classes)


def test_each_frame_gives_one_result_in_order(tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE, TALL] * 6)
    detector = FakeDetector()
    results = run(detector, frames, tmp_path)
    assert [result.frame_id for result in results] == [frame.id for frame in frames]
    for result in results:
        assert_right(result, tmp_path)
    assert detector.batches == [1] * 12
    assert decoders() == []


def test_a_result_tells_which_bytes_it_is_about(tmp_path: Path) -> None:
    (frame,) = write(tmp_path, [WIDE])
    (result,) = run(FakeDetector(), [frame], tmp_path)
    file = tmp_path / frame.path
    assert result.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert result.fingerprint == (file.stat().st_size, file.stat().st_mtime_ns)
    assert result.header is not None
    assert (result.header.width, result.header.height) == (60, 40)
    assert result.light == measure(cv2.imread(str(file)))
    assert result.light.brightness == pytest.approx(40 / 255, abs=0.001)


def test_no_frames_give_no_results(tmp_path: Path) -> None:
    assert run(FakeDetector(), [], tmp_path) == []


def test_frames_of_one_shape_go_together(tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE] * 7)
    detector = FakeDetector(batch_size=3)
    results = run(detector, frames, tmp_path)
    assert [result.frame_id for result in results] == [frame.id for frame in frames]
    assert detector.batches == [3, 3, 1]


def test_mixed_shapes_make_full_batches_and_move_little(tmp_path: Path) -> None:
    size = 4
    frames = write(tmp_path, [WIDE, TALL] * 16)
    detector = FakeDetector(batch_size=size)
    results = run(detector, frames, tmp_path)
    assert sorted(result.frame_id for result in results) == [frame.id for frame in frames]
    assert max(abs(place - (result.frame_id - 10)) for place, result in enumerate(results)) < 2 * size
    assert set(detector.batches) == {size}
    for result in results:
        assert_right(result, tmp_path)


def test_a_rare_shape_does_not_wait_for_the_end(tmp_path: Path) -> None:
    size = 4
    frames = write(tmp_path, [TALL, WIDE, (50, 50), WIDE, (50, 50), *[WIDE] * 30])
    results = run(FakeDetector(batch_size=size), frames, tmp_path)
    assert len(results) == len(frames)
    assert max(abs(place - (result.frame_id - 10)) for place, result in enumerate(results)) <= 3 * size


def test_all_different_shapes_never_pile_up(tmp_path: Path) -> None:
    size = 3
    frames = write(tmp_path, [(40, 40 + number) for number in range(20)])
    results = run(FakeDetector(batch_size=size), frames, tmp_path)
    assert [result.frame_id for result in results] == [frame.id for frame in frames]


def test_bad_files_become_errors_and_stop_nothing(tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE] * 8)
    (tmp_path / frames[0].path).write_bytes(b"")
    (tmp_path / frames[3].path).write_bytes(b"no image at all, only words" * 20)
    whole = (tmp_path / frames[5].path).read_bytes()
    (tmp_path / frames[5].path).write_bytes(whole[: len(whole) - 30])
    (tmp_path / frames[7].path).unlink()
    results = {result.frame_id - 10: result for result in run(FakeDetector(batch_size=3), frames, tmp_path)}
    assert len(results) == 8
    assert results[0].error is FrameErrorCode.EMPTY_FILE
    assert results[3].error is FrameErrorCode.NOT_AN_IMAGE
    assert results[5].error is FrameErrorCode.DAMAGED
    assert results[7].error is not None
    for number in (0, 3, 5, 7):
        assert results[number].predictions is None
        assert results[number].detail
    for number in (1, 2, 4, 6):
        assert_right(results[number], tmp_path)


def test_a_lost_prediction_is_an_error_of_its_frame(tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE] * 3)
    detector = FakeDetector(
        batch_size=3, fail=lambda frame: FrameErrorCode.PREDICTION_LOST if frame[0, 0, 0] == 1 else None
    )
    lost = run(detector, frames, tmp_path)[1]
    assert (lost.error, lost.predictions) == (FrameErrorCode.PREDICTION_LOST, None)
    assert lost.detail == FRAME_ERROR_TEXT[FrameErrorCode.PREDICTION_LOST]
    assert lost.sha256 is not None


def test_out_of_memory_halves_the_batch_and_remembers(tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE] * 24)
    detector = FakeDetector(batch_size=8, memory=3)
    results = run(detector, frames, tmp_path)
    assert [result.frame_id for result in results] == [frame.id for frame in frames]
    for result in results:
        assert_right(result, tmp_path)
    assert detector.batches == [8, 4, 2, 2, 2, 2, *[2] * 8]


def test_a_frame_that_does_not_fit_alone_becomes_an_error(tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE] * 6)
    detector = FakeDetector(batch_size=4, out_of_memory=lambda frame: frame[0, 0, 0] == 2)
    results = run(detector, frames, tmp_path)
    assert [result.frame_id for result in results] == [frame.id for frame in frames]
    assert results[2].error is FrameErrorCode.PREDICTION_LOST
    assert "memory" in results[2].detail
    for number in (0, 1, 3, 4, 5):
        assert_right(results[number], tmp_path)


def test_a_cancelled_job_ends_within_one_batch(tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE] * 20)
    cancel = threading.Event()

    def on_batch(_frames: Sequence[NDArray[np.uint8]]) -> None:
        if len(detector.batches) == 3:
            cancel.set()

    detector = FakeDetector(batch_size=2, on_batch=on_batch)
    batches = list(predict_frames(detector, frames, root=tmp_path, cancelled=cancel.is_set))
    assert [len(batch) for batch in batches] == [2, 2, 2]
    assert detector.batches == [2, 2, 2]
    assert decoders() == []


def test_cancelled_from_the_start_predicts_nothing(tmp_path: Path) -> None:
    detector = FakeDetector()
    assert list(predict_frames(detector, write(tmp_path, [WIDE]), root=tmp_path, cancelled=lambda: True)) == []
    assert detector.batches == []


def test_closing_early_joins_the_decoder(tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE] * 30)
    batches = predict_frames(FakeDetector(), frames, root=tmp_path, cancelled=lambda: False)
    next(batches)
    assert len(decoders()) == 1
    batches.close()  # type: ignore[attr-defined]
    assert decoders() == []


def test_a_failing_model_ends_the_job_and_joins_the_decoder(tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE] * 5)
    detector = FakeDetector(fail=lambda frame: ModelError("broken.") if frame[0, 0, 0] == 2 else None)
    batches = predict_frames(detector, frames, root=tmp_path, cancelled=lambda: False)
    done: list[FrameResult] = []
    with pytest.raises(ModelError, match="broken"):
        done.extend(result for batch in batches for result in batch)
    assert decoders() == []


def test_frames_are_read_on_the_callers_thread_and_only_a_few_ahead(tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE] * 30)
    threads: list[int] = []

    def lazily() -> Iterator[Frame]:
        for frame in frames:
            threads.append(threading.get_ident())
            yield frame

    batches = predict_frames(FakeDetector(), lazily(), root=tmp_path, cancelled=lambda: False)
    next(batches)
    assert len(threads) <= 5
    assert len(list(batches)) == 29
    assert set(threads) == {threading.get_ident()}


def test_a_frame_list_that_fails_is_not_swallowed(tmp_path: Path) -> None:
    (frame,) = write(tmp_path, [WIDE])

    def broken() -> Iterator[Frame]:
        yield frame
        raise LookupError("no more")

    with pytest.raises(LookupError):
        list(predict_frames(FakeDetector(), broken(), root=tmp_path, cancelled=lambda: False))
    assert decoders() == []


def test_a_real_model_predicts_files_as_it_predicts_pixels(tiny: Path, home: Path, tmp_path: Path) -> None:
    frames = write(tmp_path, [WIDE, TALL, WIDE])
    detector = load_detector(tiny, home=home, device="cpu")
    batches = predict_frames(detector, frames, root=tmp_path, cancelled=lambda: False)
    results = [result for batch in batches for result in batch]
    assert [result.frame_id for result in results] == [10, 11, 12]
    for result, frame in zip(results, frames, strict=True):
        (expected,) = detector.predict([cv2.imread(str(tmp_path / frame.path))])
        assert isinstance(expected, FramePredictions)
        assert result.predictions is not None
        np.testing.assert_array_equal(result.predictions.boxes, expected.boxes)
