"""Frames: order, identity, what scans and openings change."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, FrameErrorCode
from autoanno_gui.core.records import Frame, FrameHeader, FrameState, ScannedFile
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer
from tests.unit.store.builders import SETTINGS, add, predict, scanned


def do(store: Store, work: object) -> None:
    store.submit(Priority.OTHER, work).result()  # type: ignore[arg-type]


def paths(reader: Reader) -> list[str]:
    return [frame.path for block in reader.frames() for frame in block]


def test_new_frames_come_back_with_ids_in_the_given_order(store: Store, reader: Reader) -> None:
    files = [*scanned("b.jpg", "a.jpg"), ScannedFile("gone.jpg", 0, 0, FrameErrorCode.MISSING_TARGET)]
    frames = store.submit(Priority.OTHER, lambda writer: writer.add_frames(files)).result()

    assert [frame.path for frame in frames] == ["b.jpg", "a.jpg", "gone.jpg"]
    assert frames[0] == Frame(frames[0].id, "b.jpg")
    assert frames[2].error is FrameErrorCode.MISSING_TARGET
    assert frames[2].state is FrameState.FAILED
    for frame in frames:
        assert reader.frame(frame.id) == frame == reader.frame_by_path(frame.path)
    assert reader.frame_count() == 3
    assert reader.frame_by_path("c.jpg") is None
    with pytest.raises(LookupError):
        reader.frame(99)
    assert reader.fingerprints()[frames[0].id] == (100, 1_700_000_000_123_456_789)


def test_contents_are_known_of_files_that_were_read_as_they_are_now(store: Store, reader: Reader) -> None:
    one, two, three = add(store, "a.jpg", "b.jpg", "c.jpg")
    do(store, lambda w: w.set_frame_header(one.id, FrameHeader(4, 3), sha256="aa"))
    do(store, lambda w: w.set_frame_header(two.id, FrameHeader(4, 3), sha256="bb"))
    do(store, lambda w: w.set_frame_header(three.id, FrameHeader(4, 3), sha256=None))
    assert reader.contents() == {one.id: "aa", two.id: "bb"}
    add(store, "a.jpg", size=101)
    assert reader.contents() == {two.id: "bb"}


def test_frames_found_later_stand_between_the_others(store: Store, reader: Reader) -> None:
    add(store, "clip1/f2.jpg", "clip1/f10.jpg", "clip10/f1.jpg")
    add(store, "clip1/f1.jpg", "clip1/f2.jpg", "clip1/f9.jpg", "clip2/f1.jpg")
    assert paths(reader) == [
        "clip1/f1.jpg",
        "clip1/f2.jpg",
        "clip1/f9.jpg",
        "clip1/f10.jpg",
        "clip2/f1.jpg",
        "clip10/f1.jpg",
    ]


def test_many_frames_come_in_blocks_in_natural_order(store: Store, reader: Reader) -> None:
    names = [f"f{n}.jpg" for n in range(9000)]
    shuffled = names[:]
    random.Random(3).shuffle(shuffled)
    for at in range(0, len(names), 4096):
        add(store, *shuffled[at : at + 4096])
    blocks = list(reader.frames())
    assert [len(block) for block in blocks] == [4096, 4096, 808]
    assert [frame.path for block in blocks for frame in block] == names


def test_escaped_and_odd_names(store: Store, reader: Reader) -> None:
    names = ["a'b.jpg", "caf\\xe9.jpg", "café.jpg", "back\\\\slash.jpg", "日本/画像 1.png", "x\U0001f600.jpg"]
    frames = add(store, *names)
    assert [reader.frame_by_path(name) for name in names] == frames
    assert sorted(paths(reader)) == sorted(names)


def test_a_second_scan_changes_nothing_of_files_that_did_not_change(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    do(store, lambda w: w.set_frame_header(frame.id, FrameHeader(640, 480, ("16_bit", "alpha")), sha256="abc"))
    run_frame_id = predict(store, [frame.id], (0, 0.9))[0]
    known = Frame(frame.id, "a.jpg", 640, 480, flags=("16_bit", "alpha"), run_frame_id=run_frame_id)
    assert reader.frame(frame.id) == known
    assert add(store, "a.jpg") == [known]
    assert reader.frame(frame.id) == known


def test_a_changed_file_is_unknown_again(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    do(store, lambda w: w.set_frame_header(frame.id, FrameHeader(640, 480, ("alpha",)), sha256="abc"))
    predict(store, [frame.id], (0, 0.9))
    do(store, lambda w: w.set_frame_error(frame.id, FrameErrorCode.DAMAGED, "It ends in the middle."))
    assert reader.frame(frame.id).state is FrameState.FAILED

    assert add(store, "a.jpg", size=101) == [Frame(frame.id, "a.jpg")]
    assert reader.frame(frame.id) == Frame(frame.id, "a.jpg")
    assert reader.failed_frames() == []
    assert [pending.id for pending in reader.pending_frames(SETTINGS)] == [frame.id]


def test_the_fingerprint_speaks_for_predictions_of_unknown_contents(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    do(store, lambda w: w.set_frame_header(frame.id, FrameHeader(640, 480), sha256="abc"))
    run_frame_id = predict(store, [frame.id], (0, 0.9))[0]
    add(store, "a.jpg", size=101)
    do(store, lambda w: w.set_frame_header(frame.id, FrameHeader(640, 480), sha256="abc"))
    assert reader.frame(frame.id).run_frame_id is None
    add(store, "a.jpg", size=100)
    assert reader.frame(frame.id).run_frame_id == run_frame_id


def test_errors_stay_with_the_bytes_and_go_with_the_moment(store: Store, reader: Reader) -> None:
    damaged, unreadable, fine = add(store, "a.jpg", "b.jpg", "c.jpg")
    do(store, lambda w: w.set_frame_error(damaged.id, FrameErrorCode.DAMAGED, "It ends in the middle."))
    do(store, lambda w: w.set_frame_error(unreadable.id, FrameErrorCode.UNREADABLE, "Ask \udce9 the owner."))
    assert reader.failed_frames() == [
        (replace(damaged, error=FrameErrorCode.DAMAGED, state=FrameState.FAILED), "It ends in the middle."),
        (replace(unreadable, error=FrameErrorCode.UNREADABLE, state=FrameState.FAILED), "Ask \\udce9 the owner."),
    ]

    rescanned = add(store, "a.jpg", "b.jpg", "c.jpg")
    assert [frame.error for frame in rescanned] == [FrameErrorCode.DAMAGED, None, None]
    assert rescanned[2] == fine

    do(store, lambda w: w.set_frame_header(damaged.id, FrameHeader(10, 20), sha256=None))
    assert reader.frame(damaged.id).error is FrameErrorCode.DAMAGED  # a header says nothing about the rest
    do(store, lambda w: w.set_frame_header(damaged.id, FrameHeader(10, 20), sha256="ok"))
    assert reader.frame(damaged.id) == Frame(damaged.id, "a.jpg", 10, 20)


def test_a_scan_can_report_an_error_of_a_known_frame(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    known = ScannedFile("a.jpg", 100, 1_700_000_000_123_456_789, FrameErrorCode.UNREADABLE)
    assert store.submit(Priority.OTHER, lambda w: w.add_frames([known])).result() == [
        replace(frame, error=FrameErrorCode.UNREADABLE, state=FrameState.FAILED)
    ]
    assert reader.failed_frames()[0][1] == FRAME_ERROR_TEXT[FrameErrorCode.UNREADABLE]


def test_frames_that_a_scan_did_not_meet_are_missing_until_they_are_met(store: Store, reader: Reader) -> None:
    one, two, three = add(store, "a.jpg", "b.jpg", "c.jpg")
    run_frame_id = predict(store, [two.id], (0, 0.9))[0]

    def mark(seen: set[int]) -> int:
        return store.submit(Priority.OTHER, lambda writer: writer.mark_missing(seen)).result()

    assert mark({one.id, three.id}) == 1
    assert mark({one.id, three.id}) == 0
    gone = reader.frame(two.id)
    assert (gone.error, gone.state) == (FrameErrorCode.MISSING, FrameState.FAILED)
    assert [frame.id for frame in reader.pending_frames(SETTINGS)] == [one.id, three.id]

    assert mark({one.id, two.id}) == 1
    assert reader.frame(two.id) == replace(two, run_frame_id=run_frame_id)
    assert reader.frame(three.id).error is FrameErrorCode.MISSING
    assert add(store, "c.jpg") == [three]
    assert reader.counts()[FrameState.FAILED] == 0


def test_an_unknown_frame_is_a_bug(store: Store) -> None:
    def header(writer: Writer) -> None:
        writer.set_frame_header(77, FrameHeader(1, 1), sha256=None)

    def error(writer: Writer) -> None:
        writer.set_frame_error(77, FrameErrorCode.DAMAGED, "")

    for work in (header, error):
        with pytest.raises(LookupError):
            store.submit(Priority.OTHER, work).result()
