"""The job that notes what every frame looks like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autoanno_gui.core.records import Progress
from autoanno_gui.imaging.similarity import LOOK_BYTES, look_of, read_look
from autoanno_gui.review import similarity_job as module
from autoanno_gui.review.scan_job import scan_job
from autoanno_gui.review.similarity_job import looks_of, pending_looks, similarity_job
from autoanno_gui.store.store_thread import Store
from tests.projects import draw_frames

NAMES = [f"f{number}.jpg" for number in range(7)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    root = tmp_path / "photos"
    draw_frames(root, NAMES)
    with Store.open(tmp_path / "photos.autoanno", root=root) as store:
        for _ in scan_job(store, root):
            pass
        yield store


def known(store: Store) -> dict[str, bytes]:
    """Return the stored looks by path."""
    with store.reader() as reader:
        ids, looks = looks_of(reader)
        return {reader.frame(int(frame_id)).path: look.tobytes() for frame_id, look in zip(ids, looks, strict=True)}


def test_every_frame_gets_its_look(store: Store) -> None:
    assert [frame.path for frame in pending_looks(store)] == NAMES
    steps = list(similarity_job(store))
    assert steps == [Progress(0, 7), *(Progress(done, 7, NAMES[done - 1]) for done in range(1, 8))]
    assert known(store) == {name: read_look(store.root, name).values.tobytes() for name in NAMES}
    assert pending_looks(store) == []
    assert list(similarity_job(store)) == [Progress(0, 0)]


def test_looks_of_some_frames(store: Store) -> None:
    chosen = [frame.id for frame in pending_looks(store)][2:4]
    with store.reader() as reader:
        assert looks_of(reader)[1].shape == (0, LOOK_BYTES)
        list(similarity_job(store))
        ids, looks = looks_of(reader, chosen)
        assert ids.tolist() == chosen
        assert looks.shape == (2, LOOK_BYTES)


def test_a_job_that_is_closed_keeps_what_it_read_and_the_next_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 2)
    job = similarity_job(store)
    for _ in range(4):  # the start and three frames: one block and a half
        next(job)
    job.close()  # type: ignore[attr-defined]
    assert list(known(store)) == NAMES[:3]
    steps = list(similarity_job(store))
    assert [step.text for step in steps[1:]] == NAMES[3:]
    assert list(known(store)) == NAMES


def test_files_that_cannot_be_read_are_passed_over(store: Store) -> None:
    (store.root / "f1.jpg").unlink()
    (store.root / "f3.jpg").write_bytes(b"\xff\xd8 not a picture after all")
    assert len(list(similarity_job(store))) == 8
    assert set(known(store)) == set(NAMES) - {"f1.jpg", "f3.jpg"}


def test_a_file_that_changed_is_read_again_once_a_scan_met_it(store: Store) -> None:
    list(similarity_job(store))
    (store.root / "f2.jpg").write_bytes((store.root / "f5.jpg").read_bytes() + b"more")
    for _ in scan_job(store, store.root):
        pass
    assert [frame.path for frame in pending_looks(store)] == ["f2.jpg"]
    assert "f2.jpg" not in known(store)
    list(similarity_job(store))
    assert known(store)["f2.jpg"] == known(store)["f5.jpg"]


def test_a_look_may_come_from_pixels_that_were_decoded_for_something_else(store: Store) -> None:
    from autoanno_gui.imaging.decode import read_frame

    list(similarity_job(store))
    pixels = look_of(read_frame(store.root, "f0.jpg").pixels)
    stored = np.frombuffer(known(store)["f0.jpg"], np.uint8)
    assert np.abs(pixels.astype(int) - stored).max() <= 4
