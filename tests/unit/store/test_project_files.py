"""Project files as a whole: copies, moved folders, readers beside a writer, network shares, and a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoanno_gui.core.errors import ProjectError
from autoanno_gui.core.records import FrameState
from autoanno_gui.store import connection
from autoanno_gui.store.connection import log_size
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store, open_report
from tests.unit.store.builders import add, decide, decision, predict

ROOT = Path(__file__).parents[3]
SECONDS = 30.0


# ---------------------------------------------------------------------------------------------------- copies, roots
def test_a_saved_copy_is_a_project_of_its_own(store: Store, tmp_path: Path) -> None:
    frames = add(store, "a.jpg", "b.jpg")
    decide(store, decision(frames[0].id))
    target = tmp_path / "copy.autoanno"
    store.save_copy(target)
    decide(store, decision(frames[1].id))

    with Store.open(target) as copy, copy.reader() as reader:
        assert copy.project_uuid == store.project_uuid
        assert copy.root == store.root
        assert reader.counts()[FrameState.ACCEPTED] == 1
        assert reader.integrity() == []


def test_a_copy_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "notes.txt"
    target.write_text("keep me")
    with pytest.raises(ProjectError, match=r"notes\.txt exists already"):
        store.save_copy(target)
    with pytest.raises(ProjectError, match="exists already"):
        store.save_copy(store.file)
    with pytest.raises(ProjectError, match="cannot be written"):
        store.save_copy(tmp_path / "nowhere" / "copy.autoanno")
    assert target.read_text() == "keep me"
    assert not [name for name in os.listdir(tmp_path) if "part" in name]


def test_relinking_moves_the_root(file: Path, store: Store, reader: Reader, tmp_path: Path) -> None:
    assert store.root == tmp_path / "frames"
    assert store.relink(tmp_path / "elsewhere").result(SECONDS) is None
    assert store.root == reader.root() == tmp_path / "elsewhere"
    store.close()
    with Store.open(file, root=tmp_path / "ignored") as again:
        assert again.root == tmp_path / "elsewhere"


def test_a_report_reads_while_a_window_has_the_project(file: Path, store: Store) -> None:
    add(store, "a.jpg")
    with open_report(file) as report:
        assert report.frame_count() == 1
        add(store, "b.jpg")
        assert report.frame_count() == 2
        with pytest.raises(ProjectError, match="may not be written"):
            report._rows("INSERT INTO setting(key, value) VALUES ('a', 'b')")


def test_on_a_network_share_there_is_no_log(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(file, root=file.parent) as store:
        add(store, "a.jpg")  # on a local disk at first
    monkeypatch.setattr(connection, "on_network_share", lambda _: True)
    with Store.open(file) as store, store.reader() as reader:
        frame = add(store, "b.jpg")[0]
        predict(store, [frame.id], (0, 0.9))
        made = decision(frame.id)
        decide(store, made)
        assert reader.decision(frame.id) == made
        assert sum(len(block) for block in reader.frames()) == 2
        assert sorted(os.listdir(file.parent)) == [file.name, file.name + ".lock"]
    with open_report(file) as report:
        assert report.integrity() == []


# ---------------------------------------------------------------------------------------------------- crashes
@pytest.fixture
def child(file: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.store.crash_child", str(file)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process
        process.kill()


def test_every_acknowledged_decision_survives_a_kill(file: Path, child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    acknowledged = [child.stdout.readline().strip() for _ in range(60)]
    with pytest.raises(ProjectError, match="is open in another window"):
        Store.open(file)
    child.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    acknowledged += [line.strip() for line in child.stdout if line.endswith("\n")]
    child.wait(SECONDS)
    assert log_size(file) > 0  # it had no chance to tidy up

    with open_report(file) as report:
        assert report.integrity() == []
        recorded = [entry.decision.uuid for entry in report.decisions()]
    assert len(recorded) == len(set(recorded))
    assert recorded[: len(acknowledged)] == acknowledged
    assert len(recorded) <= len(acknowledged) + 1  # one may have been committed and not told any more

    with Store.open(file) as store, store.reader() as reader:  # and the lock went with the process
        entries = list(reader.decisions())
        assert [entry.decision.uuid for entry in entries] == recorded
        assert all(len(entry.decision.verdicts) == 3 for entry in entries)
        assert store.submit(Priority.OTHER, lambda writer: writer.rebuild_frame_state()).result(SECONDS) == 0
        again = entries[-1].decision
        decide(store, again)
        assert len(list(reader.decisions())) == len(recorded)
