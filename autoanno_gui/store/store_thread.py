"""The one thread that writes to a project, and the lock that keeps a second window out."""

from __future__ import annotations

import atexit
import heapq
import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from autoanno_gui.core.errors import ProjectError
from autoanno_gui.store.connection import (
    BUSY_TIMEOUT,
    check_ours,
    environment_faults,
    log_size,
    open_reader,
    open_writer,
    project_error,
    shown_path,
)
from autoanno_gui.store.migrations import SCHEMA_VERSION, copy_database, create, migrate
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.rows import SAMPLE_OF
from autoanno_gui.store.writer import Writer

if TYPE_CHECKING:
    from filelock import BaseFileLock

T = TypeVar("T")

BACKLOG: Final = 64
"""Prediction jobs that may wait; their producer blocks beyond that."""
IDLE_SECONDS: Final = 0.2
"""Without work for this long, the log is moved into the database."""
LARGE_LOG: Final = 64 << 20
"""Bytes of the log from which it is moved even though there is work, after a job that nobody waits for."""

_log: Final = logging.getLogger(__name__)


class Priority(IntEnum):
    """Which job goes first; within one kind, in the order of submission."""

    DECISION = 0
    DRAFT = 1
    PREDICTIONS = 2
    OTHER = 3

    @property
    def urgent(self) -> bool:
        """Whether it may cut in between the transactions of a long job."""
        return self <= Priority.DRAFT


@dataclass(order=True, slots=True)
class _Job:
    priority: Priority
    ticket: int
    work: Callable[[Writer], Any] = field(compare=False)
    future: Future[Any] = field(compare=False)


class Store:
    """An open project. Writes are submitted as jobs; reads go through readers of their own.

    Attributes:
        file: the project file.
        project_uuid: identity of the project, the same in its copies.
        is_sample: it was handed over for a second review, and takes no other frames of the folder than it was given.
    """

    def __init__(self, file: Path, lock: BaseFileLock, *, busy_timeout: float) -> None:
        """Use `Store.open`."""
        self.file: Final = file
        self._lock: Final = lock
        self._busy_timeout: Final = busy_timeout
        self._changed: Final = threading.Condition()
        self._jobs: Final[list[_Job]] = []
        self._tickets = 0
        self._predictions_waiting = 0
        self._closing = False
        self._running: Priority = Priority.OTHER
        with self.reader() as reader:
            self.project_uuid: Final = reader.setting("project_uuid", "")
            self.is_sample: Final = reader.setting(SAMPLE_OF) is not None
            self._root = reader.root()
        started: Future[None] = Future()
        # A daemon, so that a crash elsewhere cannot keep the process and its lock; `close` at exit drains it.
        self._thread: Final = threading.Thread(target=self._run, args=(started,), name="store", daemon=True)
        self._thread.start()
        started.result()
        atexit.register(self.close)

    @classmethod
    def open(
        cls, file: Path, *, root: Path | None = None, create: bool = True, busy_timeout: float = BUSY_TIMEOUT
    ) -> Store:
        """Open a project file for writing, bringing an older one up to date; make it when it is absent.

        Args:
            file: the project file.
            root: folder of the frames, for a new project; an existing one keeps its own (see `relink`).
            create: whether a missing file may be made.
            busy_timeout: seconds to wait for locks of other programs.

        Raises:
            ProjectError: missing, not ours, newer, open in another window, damaged, or not writable.
        """
        file = file.resolve()
        if not _absent(file) or not create or root is None:
            check_ours(file)  # before the lock file is made: nothing is left beside a file that is not ours
        lock = _take_lock(file)
        try:
            if root is not None and create and _absent(file):
                _create(file, root=root)
            migrate(file, busy_timeout=busy_timeout)
            return cls(file, lock, busy_timeout=busy_timeout)
        except BaseException:
            lock.release()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def root(self) -> Path:
        """Folder of the frames as stored; it may be missing on the disk."""
        return self._root

    # ------------------------------------------------------------------------------------------------ use
    def submit(self, priority: Priority, work: Callable[[Writer], T]) -> Future[T]:
        """Queue a write; its result or error comes with the future, once it is committed.

        Prediction jobs block their producer while too many wait. Any thread may call it.

        Raises:
            ProjectError: the project was closed.
        """
        future: Future[T] = Future()
        with self._changed:
            if priority is Priority.PREDICTIONS and threading.current_thread() is not self._thread:
                self._changed.wait_for(lambda: self._closing or self._predictions_waiting < BACKLOG)
            if self._closing:
                raise self._closed_error()
            self._tickets += 1
            heapq.heappush(self._jobs, _Job(priority, self._tickets, work, future))
            self._predictions_waiting += priority is Priority.PREDICTIONS
            self._changed.notify_all()
        return future

    def reader(self) -> Reader:
        """Return a new reader, which the caller closes."""
        return _open_reader(self.file, busy_timeout=self._busy_timeout)

    def save_copy(self, target: Path) -> None:
        """Write a copy of the project as it is at this moment; other work goes on meanwhile.

        Raises:
            ProjectError: the target exists or cannot be written.
        """
        with closing(open_reader(self.file, known=SCHEMA_VERSION, busy_timeout=self._busy_timeout)) as conn:
            copy_database(conn, target)

    def relink(self, root: Path) -> Future[None]:
        """Note that the folder of the frames is elsewhere now."""

        def work(writer: Writer) -> None:
            writer.set_root(root)
            with self.reader() as reader:
                self._root = reader.root()

        return self.submit(Priority.OTHER, work)

    def close(self) -> None:
        """Finish all queued work, then release the file and its lock. Idempotent; waits when another thread closes."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._lock.release()
        atexit.unregister(self.close)

    # ------------------------------------------------------------------------------------------------ the thread
    def _run(self, started: Future[None]) -> None:
        try:
            with (
                closing(open_writer(self.file, synchronous="FULL", busy_timeout=self._busy_timeout)) as ledger,
                closing(open_writer(self.file, synchronous="NORMAL", busy_timeout=self._busy_timeout)) as bulk,
            ):
                started.set_result(None)
                writer = Writer(ledger, bulk, breathe=lambda: self._let_urgent_in(writer))
                self._work_off(writer)
                self._checkpoint(bulk, "TRUNCATE")
        except BaseException as error:
            if started.done():
                raise  # to the hook for uncaught errors of threads
            started.set_exception(error)
        finally:
            self._refuse_the_rest()

    def _refuse_the_rest(self) -> None:
        """Leave nobody waiting for a thread that is gone."""
        with self._changed:
            self._closing = True
            left, self._jobs[:] = self._jobs[:], []
            self._changed.notify_all()
        for job in left:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(self._closed_error())

    def _closed_error(self) -> ProjectError:
        return ProjectError(f"{shown_path(self.file)} was closed before this could be saved; open it again.")

    def _work_off(self, writer: Writer) -> None:
        dirty = False
        while True:
            with self._changed:
                if not self._jobs and not self._closing:
                    self._changed.wait(IDLE_SECONDS if dirty else None)
                if not self._jobs and self._closing:
                    return
                job = self._pop() if self._jobs else None
            if job is not None:
                self._execute(job, writer)
                dirty = True
                if job.priority.urgent or log_size(self.file) < LARGE_LOG:
                    continue
            if dirty:
                self._checkpoint(writer.bulk, "PASSIVE")
                dirty = job is not None

    def _pop(self) -> _Job:
        job = heapq.heappop(self._jobs)
        self._predictions_waiting -= job.priority is Priority.PREDICTIONS
        self._changed.notify_all()
        return job

    def _let_urgent_in(self, writer: Writer) -> None:
        """Between two transactions of a long job, do what somebody waits for."""
        while not self._running.urgent:
            with self._changed:
                if not self._jobs or not self._jobs[0].priority.urgent:
                    return
                job = self._pop()
            self._execute(job, writer)

    def _execute(self, job: _Job, writer: Writer) -> None:
        if not job.future.set_running_or_notify_cancel():
            return
        outer = self._running, writer.ticket
        self._running, writer.ticket = job.priority, job.ticket
        try:
            with environment_faults(self.file):
                result = job.work(writer)
        except BaseException as error:  # noqa: BLE001  the worker boundary: the error belongs to who submitted the job
            job.future.set_exception(error)
        else:
            job.future.set_result(result)
        finally:
            self._running, writer.ticket = outer

    def _checkpoint(self, conn: sqlite3.Connection, mode: str) -> None:
        """Move the log into the database. What is committed is safe in the log too, so a failure only postpones it."""
        try:
            conn.execute("PRAGMA busy_timeout = 0").fetchone()  # readers in the way: next time
            try:
                conn.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            finally:
                conn.execute(f"PRAGMA busy_timeout = {int(self._busy_timeout * 1000)}").fetchone()
        except sqlite3.Error as error:
            if project_error(error, self.file) is None:
                raise
            _log.warning("The log of %s stays for now: %s", shown_path(self.file), error)


def open_report(file: Path) -> Reader:
    """Open a project for reading only, whether or not a window has it open.

    Raises:
        ProjectError: missing, not ours, newer, or damaged.
    """
    return _open_reader(file.resolve(), busy_timeout=BUSY_TIMEOUT)


def _open_reader(file: Path, *, busy_timeout: float) -> Reader:
    return Reader(open_reader(file, known=SCHEMA_VERSION, busy_timeout=busy_timeout), file)


_create: Final = create  # `Store.open` has a parameter of that name


def _absent(file: Path) -> bool:
    """Whether there is nothing yet that a new project would replace."""
    try:
        return not file.exists() or (file.is_file() and file.stat().st_size == 0)
    except OSError as error:
        raise ProjectError(f"{shown_path(file)} cannot be read ({error.strerror}); check its permissions.") from error


def _take_lock(file: Path) -> BaseFileLock:
    from filelock import FileLock, Timeout  # asyncio comes with it: 40 ms that the first paint need not wait for

    name = shown_path(file)
    if not file.parent.is_dir():
        raise ProjectError(f"The folder of {name} does not exist; choose another place.")
    lock = FileLock(f"{file}.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise ProjectError(f"{name} is open in another window; close it there first.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ProjectError(
            f"{name} cannot be opened for writing ({reason}); check its folder's permissions."
        ) from error
    except NotImplementedError as error:
        raise ProjectError(f"{name} lies where files cannot be locked; move it to another disk.") from error
    return lock
