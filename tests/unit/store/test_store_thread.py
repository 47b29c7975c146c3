"""The store thread: order, errors and the lock."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from concurrent.futures import CancelledError, Future
from contextlib import closing
from pathlib import Path

import pytest

from autoanno_gui.core.errors import KnownError, ProjectError
from autoanno_gui.core.predictions import FrameResult
from autoanno_gui.core.records import DecisionKind, FrameState
from autoanno_gui.store import store_thread
from autoanno_gui.store.connection import log_size
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import BACKLOG, Priority, Store, open_report
from autoanno_gui.store.writer import Writer
from tests.unit.store.builders import SETTINGS, add, decide, decision, predictions, scanned, verdict

SECONDS = 30.0


class Gate:
    """Holds the store thread inside a job until it is opened."""

    def __init__(self, store: Store) -> None:
        self._open = threading.Event()
        entered = threading.Event()

        def wait(_: Writer) -> None:
            entered.set()
            assert self._open.wait(SECONDS)

        self.future = store.submit(Priority.OTHER, wait)
        assert entered.wait(SECONDS)

    def open(self) -> None:
        self._open.set()


# ---------------------------------------------------------------------------------------------------- order
def test_a_decision_overtakes_a_thousand_waiting_predictions(store: Store, reader: Reader) -> None:
    frames = add(store, *[f"{n}.jpg" for n in range(10)])
    run_id = store.submit(Priority.OTHER, lambda writer: writer.start_run(SETTINGS, device="cpu")).result()
    gate = Gate(store)
    done: list[str] = []
    futures: list[Future[object]] = []

    def produce() -> None:
        for n in range(1000):
            results = [FrameResult(frames[n % 10].id, predictions((0, 0.9)))]
            future = store.submit(Priority.PREDICTIONS, lambda writer, r=results: writer.record_results(run_id, r))
            future.add_done_callback(lambda _: done.append("prediction"))
            futures.append(future)

    producer = threading.Thread(target=produce)
    producer.start()
    _wait_until(lambda: len(futures) == BACKLOG)  # then the producer is blocked
    made = decision(frames[0].id, DecisionKind.HAND_LABELLED)
    decided = store.submit(Priority.DECISION, lambda writer: writer.record_decision(made))
    decided.add_done_callback(lambda _: done.append("decision"))
    draft = store.submit(Priority.DRAFT, lambda writer: writer.save_draft(frames[1].id, b"half"))
    draft.add_done_callback(lambda _: done.append("draft"))
    assert producer.is_alive()
    assert len(futures) == BACKLOG
    gate.open()
    producer.join(SECONDS)
    for future in futures:
        future.result(SECONDS)

    assert done[:3] == ["decision", "draft", "prediction"]
    assert len(done) == 1002
    assert reader.frame(frames[0].id).state is FrameState.HAND_LABELLED
    assert reader.prediction_totals() == (10, 10)


def test_jobs_of_one_kind_keep_their_order(store: Store) -> None:
    gate = Gate(store)
    order: list[int] = []
    futures = [store.submit(Priority.OTHER, lambda _, n=n: order.append(n)) for n in range(50)]
    gate.open()
    for future in futures:
        future.result(SECONDS)
    assert order == list(range(50))


def test_decisions_get_in_between_the_transactions_of_a_long_job(store: Store, reader: Reader) -> None:
    frame = add(store, "z.jpg")[0]
    made = decision(frame.id)

    def scan(writer: Writer) -> tuple[bool, bool]:
        decided = store.submit(Priority.DECISION, lambda writer: writer.record_decision(made))
        other = store.submit(Priority.OTHER, lambda _: None)
        writer.add_frames(scanned("a.jpg"))
        return decided.done(), other.done()

    assert store.submit(Priority.OTHER, scan).result(SECONDS) == (True, False)
    assert reader.decision(frame.id) == made


def test_a_draft_that_a_decision_overtook_does_not_come_back(store: Store, reader: Reader) -> None:
    one, two = add(store, "a.jpg", "b.jpg")
    gate = Gate(store)
    drafts = [store.submit(Priority.DRAFT, lambda writer, f=f: writer.save_draft(f.id, b"old")) for f in (one, two)]
    made = decision(one.id)
    store.submit(Priority.DECISION, lambda writer: writer.record_decision(made))
    gate.open()
    for future in drafts:
        future.result(SECONDS)
    assert reader.draft(one.id) is None
    assert reader.draft(two.id) == b"old"

    store.submit(Priority.DRAFT, lambda writer: writer.save_draft(one.id, b"new")).result()
    assert reader.draft(one.id) == b"new"


def test_a_waiting_job_can_be_cancelled(store: Store, reader: Reader) -> None:
    gate = Gate(store)
    future = store.submit(Priority.DRAFT, lambda writer: writer.set_setting("a", "1"))
    assert future.cancel()
    gate.open()
    add(store, "a.jpg")
    assert reader.setting("a") is None
    with pytest.raises(CancelledError):
        future.result()


# ---------------------------------------------------------------------------------------------------- errors
def test_a_bug_reaches_who_submitted_the_job_as_it_is(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        store.submit(Priority.OTHER, lambda _: 1 / 0).result(SECONDS)
    with pytest.raises(sqlite3.IntegrityError):
        decide(store, decision(12345))
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        store.submit(Priority.OTHER, lambda writer: writer.ledger.execute("SELECT * FROM nowhere")).result(SECONDS)
    add(store, "a.jpg")


def test_a_full_disk_is_a_sentence_and_the_next_write_works(store: Store, reader: Reader) -> None:
    frame, other = add(store, "a.jpg", "b.jpg")
    class_id = store.submit(Priority.OTHER, lambda writer: writer.add_class("car")).result().id
    made = decision(frame.id, DecisionKind.EDITED, *[verdict(class_id, x=float(n)) for n in range(500)])
    pages = store.submit(Priority.OTHER, lambda w: w.ledger.execute("PRAGMA page_count").fetchone()[0]).result()
    _limit_pages(store, pages)

    with pytest.raises(ProjectError, match=r"The disk is full: .*street\.autoanno could not be saved") as caught:
        decide(store, made)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert reader.decision(frame.id) is None
    assert reader.frame(frame.id).state is FrameState.UNDECIDED
    assert not reader.classes()[0].used

    small = decision(other.id)
    decide(store, small)  # fits into the pages there are
    assert reader.decision(other.id) == small
    _limit_pages(store, 1 << 30)
    decide(store, made)
    assert reader.decision(frame.id) == made


def test_a_disk_that_fills_up_under_predictions(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    run_id = store.submit(Priority.OTHER, lambda writer: writer.start_run(SETTINGS, device="cpu")).result()
    results = [FrameResult(frame.id, predictions(*[(0, 0.9)] * 300))] * 20
    pages = store.submit(Priority.OTHER, lambda w: w.bulk.execute("PRAGMA page_count").fetchone()[0]).result()
    store.submit(Priority.OTHER, lambda w: w.bulk.execute(f"PRAGMA max_page_count = {pages}").fetchone()).result()
    with pytest.raises(ProjectError, match="The disk is full"):
        store.submit(Priority.PREDICTIONS, lambda writer: writer.record_results(run_id, results)).result(SECONDS)
    decide(store, decision(frame.id))
    assert reader.integrity() == []


def _limit_pages(store: Store, pages: int) -> None:
    store.submit(Priority.OTHER, lambda w: w.ledger.execute(f"PRAGMA max_page_count = {pages}").fetchone()).result()


def test_a_file_that_may_not_be_written(store: Store) -> None:
    store.submit(Priority.OTHER, lambda w: w.ledger.execute("PRAGMA query_only = 1")).result()
    with pytest.raises(ProjectError, match=r"street\.autoanno may not be written"):
        store.submit(Priority.OTHER, lambda writer: writer.set_setting("a", "1")).result(SECONDS)


def test_another_program_that_holds_the_file(store: Store, reader: Reader) -> None:
    with closing(sqlite3.connect(store.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ProjectError, match=r"street\.autoanno is locked by another program"):
            store.submit(Priority.OTHER, lambda writer: writer.set_setting("a", "1")).result(SECONDS)
        other.execute("ROLLBACK")
    store.submit(Priority.OTHER, lambda writer: writer.set_setting("a", "2")).result(SECONDS)
    assert reader.setting("a") == "2"


def test_another_program_that_is_just_writing_is_waited_for(file: Path) -> None:
    with Store.open(file, root=file.parent, busy_timeout=SECONDS) as store, store.reader() as reader:
        frame = add(store, "a.jpg")[0]
        made = decision(frame.id)
        writes = threading.Event()

        def watch(sql: str) -> None:
            if sql.startswith(("BEGIN IMMEDIATE", "INSERT")):
                writes.set()

        store.submit(Priority.OTHER, lambda writer: writer.ledger.set_trace_callback(watch)).result(SECONDS)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO setting(key, value) VALUES ('theirs', '1')")
            decided = store.submit(Priority.DECISION, lambda writer: writer.record_decision(made))
            assert writes.wait(SECONDS)
            other.execute("COMMIT")
        decided.result(SECONDS)
        assert reader.decision(frame.id) == made
        assert reader.setting("theirs") == "1"


def test_another_program_that_reads_and_then_lets_us_write(store: Store, reader: Reader) -> None:
    frame = add(store, "a.jpg")[0]
    with closing(sqlite3.connect(store.file, isolation_level=None)) as other:
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM decision").fetchone() == (0,)
        decide(store, decision(frame.id))
        assert other.execute("SELECT count(*) FROM decision").fetchone() == (0,)  # its own moment
        other.execute("ROLLBACK")
        assert other.execute("SELECT count(*) FROM decision").fetchone() == (1,)


def test_a_reader_sees_only_what_was_committed(store: Store, reader: Reader) -> None:
    def work(writer: Writer) -> tuple[int, int]:
        writer.bulk.execute("BEGIN IMMEDIATE")
        writer.bulk.execute("INSERT INTO setting(key, value) VALUES ('half', 'done')")
        seen = reader.setting("half")
        writer.bulk.execute("ROLLBACK")
        return seen  # type: ignore[return-value]

    assert store.submit(Priority.OTHER, work).result(SECONDS) is None


# ---------------------------------------------------------------------------------------------------- opening, closing
def test_a_second_window_is_kept_out_until_the_first_closes(file: Path, store: Store) -> None:
    with pytest.raises(ProjectError, match=r"street\.autoanno is open in another window"):
        Store.open(file)
    with pytest.raises(ProjectError, match="is open in another window"):
        Store.open(file, root=file.parent)
    link = file.with_name("link.autoanno")
    link.symlink_to(file)
    with pytest.raises(ProjectError, match="is open in another window"):
        Store.open(link)
    store.close()
    with Store.open(link) as again:
        assert again.project_uuid == store.project_uuid
        assert again.file == file


def test_a_failed_opening_gives_the_lock_back(file: Path) -> None:
    with Store.open(file, root=file.parent):
        pass
    whole = file.read_bytes()
    file.write_bytes(whole[:200] + b"\xff" * (len(whole) - 200))
    for _ in range(2):
        with pytest.raises(ProjectError, match="damaged"):
            Store.open(file)


def test_close_finishes_what_was_submitted_and_can_be_repeated(file: Path, store: Store) -> None:
    gate = Gate(store)
    futures = [store.submit(Priority.OTHER, lambda writer, n=n: writer.set_setting(f"k{n}", "1")) for n in range(20)]
    failing = store.submit(Priority.OTHER, lambda _: 1 / 0)
    closers = [threading.Thread(target=store.close) for _ in range(2)]
    for closer in closers:
        closer.start()
    gate.open()
    for closer in closers:
        closer.join(SECONDS)
        assert not closer.is_alive()
    store.close()

    assert all(future.exception() is None for future in futures)
    assert isinstance(failing.exception(), ZeroDivisionError)
    assert sorted(os.listdir(file.parent)) == [file.name, file.name + ".lock"]
    with open_report(file) as reader:
        assert [reader.setting(f"k{n}") for n in range(20)] == ["1"] * 20
    with pytest.raises(ProjectError, match="was closed before this could be saved"):
        store.submit(Priority.DECISION, lambda writer: writer.set_setting("late", "1"))


def test_a_project_closed_by_another_thread_can_be_opened_again(file: Path, store: Store) -> None:
    closer = threading.Thread(target=store.close)
    closer.start()
    closer.join(SECONDS)
    with Store.open(file) as again:
        assert again.root == store.root


def test_close_frees_a_blocked_producer(store: Store) -> None:
    gate = Gate(store)
    submitted: list[Future[None]] = []
    refused: list[KnownError] = []

    def produce() -> None:
        try:
            for _ in range(BACKLOG + 1):
                submitted.append(store.submit(Priority.PREDICTIONS, lambda _: None))
        except ProjectError as error:
            refused.append(error)

    producer = threading.Thread(target=produce)
    producer.start()
    _wait_until(lambda: len(submitted) == BACKLOG)
    closer = threading.Thread(target=store.close)
    closer.start()
    producer.join(SECONDS)
    gate.open()
    closer.join(SECONDS)
    assert len(refused) == 1
    assert all(future.done() and future.exception() is None for future in submitted)


def test_the_log_is_moved_into_the_file_when_idle(store: Store) -> None:
    add(store, *[f"{n:05}.jpg" for n in range(2000)])
    assert log_size(store.file) > 100_000
    _wait_until(lambda: store.file.stat().st_size > 100_000)


def test_a_large_log_is_moved_without_waiting_for_idleness(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_thread, "LARGE_LOG", 50_000)
    monkeypatch.setattr(store_thread, "IDLE_SECONDS", 1000.0)
    add(store, *[f"{n:05}.jpg" for n in range(2000)])
    _wait_until(lambda: store.file.stat().st_size > 100_000)


def _wait_until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + SECONDS
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        pause.wait(0.005)
