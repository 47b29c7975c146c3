"""What is stored of how pictures are lit."""

from __future__ import annotations

from autoanno_gui.core.errors import FrameErrorCode
from autoanno_gui.core.light import Light
from autoanno_gui.core.predictions import FrameResult
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer_lights import StoredLight
from tests.unit.store.builders import SETTINGS, add, predictions, scanned

MTIME = 1_700_000_000_123_456_789
DIM = Light(0.125, -0.75)
BRIGHT = Light(0.875, 0.25)


def record(store: Store, *lights: StoredLight) -> None:
    store.submit(Priority.OTHER, lambda writer: writer.record_lights(lights)).result()


def predict(store: Store, *results: FrameResult) -> None:
    run = store.submit(Priority.OTHER, lambda writer: writer.start_run(SETTINGS, device="cpu")).result()
    store.submit(Priority.PREDICTIONS, lambda writer: writer.record_results(run, results)).result()


def test_light_comes_back_by_frame(store: Store, reader: Reader) -> None:
    a, _, c = add(store, "a.jpg", "b.jpg", "c.jpg")
    assert reader.lights() == {}
    record(store, StoredLight(a.id, 100, MTIME, DIM), StoredLight(c.id, 100, MTIME, BRIGHT))
    assert reader.lights() == {a.id: DIM, c.id: BRIGHT}
    record(store, StoredLight(a.id, 100, MTIME, BRIGHT))
    assert reader.lights() == {a.id: BRIGHT, c.id: BRIGHT}


def test_light_of_another_picture_is_not_the_frames(store: Store, reader: Reader) -> None:
    a, b, c = add(store, "a.jpg", "b.jpg", "c.jpg")
    record(store, *[StoredLight(frame.id, 100, MTIME, DIM) for frame in (a, b, c)])
    changed = [*scanned("a.jpg", size=101), *scanned("b.jpg", mtime_ns=MTIME + 1)]
    store.submit(Priority.OTHER, lambda writer: writer.add_frames(changed)).result()
    assert reader.lights() == {c.id: DIM}


def test_what_a_prediction_saw_of_the_light_is_kept(store: Store, reader: Reader) -> None:
    a, b, c, d = add(store, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    predict(
        store,
        FrameResult(a.id, predictions((0, 0.9)), fingerprint=(100, MTIME), light=DIM),
        # A model may give up on a picture that was decoded all the same; this one was replaced since the scan.
        FrameResult(b.id, None, error=FrameErrorCode.PREDICTION_LOST, fingerprint=(7, 8), light=BRIGHT),
        FrameResult(c.id, None, error=FrameErrorCode.DAMAGED),
        FrameResult(d.id, predictions((0, 0.9)), fingerprint=(100, MTIME)),
    )
    assert reader.lights() == {a.id: DIM, b.id: BRIGHT}
