"""The figures of an open project, kept up to date piece by piece: equal to reading everything anew, whatever came."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from autoanno_gui.core.errors import ProjectError
from autoanno_gui.core.figures import drift_limits
from autoanno_gui.core.figures.drift import watch
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.records import Decision, DecisionKind
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.metrics_keeper import READ_AT_ONCE, MetricsKeeper, StoppedError
from autoanno_gui.review.metrics_report import full_report
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, open_report
from tests.metrics_kit import DELETED, KEPT, MANY, MOVED, Ledger, drifting_project, open_ledger
from tests.projects import make_project


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Thirty frames with eight candidates each; none is decided."""
    found = open_ledger(make_project(tmp_path, [MANY] * 30))
    yield found
    found.close()


@pytest.fixture
def reader(ledger: Ledger) -> Iterator[Reader]:
    with ledger.store.reader() as reader:
        yield reader


def test_an_update_equals_reading_everything_anew(ledger: Ledger, reader: Reader) -> None:
    keeper = MetricsKeeper(reader, left_patience=0.0)
    keeper.update()
    assert keeper.facts == []
    first = [ledger.decide(number, changes=[MOVED, DELETED][: number % 3]) for number in range(24)]
    take(keeper, reader, first)
    put_off = ledger.decide(25, kind=DecisionKind.DEFERRED)
    take(keeper, reader, [ledger.decide(3, kind=DecisionKind.REJECTED), put_off])
    again = ledger.decide(0, changes=[KEPT, MOVED], drawn=2)
    take(keeper, reader, [again, ledger.decide(4, changes=[DELETED] * 4)])
    for undone in (first[3], first[7], again, put_off):
        ledger.revoke(undone)
        take(keeper, reader, [undone])
    assert {fact.frame_id for fact in keeper.facts} == {one.frame_id for one in first} - {first[7].frame_id}


def take(keeper: MetricsKeeper, reader: Reader, changed: Sequence[Decision]) -> None:
    """Bring the keeper up to date with some decisions, and hold it against everything."""
    keeper.update({decision.frame_id for decision in changed})
    facts = list(read_facts(reader))
    assert keeper.facts == facts
    assert keeper.document() == full_report(reader, checks=True)
    names = {record.id: record.name for record in reader.classes()}
    assert keeper.drift() == watch(FactTable.of(facts), names)


def test_after_a_merge_of_classes_everything_is_read_again(ledger: Ledger, reader: Reader) -> None:
    keeper = MetricsKeeper(reader)
    for number in range(10):
        ledger.decide(number)
    keeper.update()
    cat, dog = (next(one.id for one in reader.classes() if one.name == name) for name in ("cat", "dog"))
    ledger.store.submit(Priority.OTHER, lambda writer: writer.merge_class(dog, cat)).result()
    keeper.update([])
    assert {item.class_id for fact in keeper.facts for item in fact.objects} == {cat, dog}, "nothing was read"
    keeper.update()
    assert {item.class_id for fact in keeper.facts for item in fact.objects} == {cat}


def test_it_can_be_stopped_between_blocks_and_begins_anew(ledger: Ledger, reader: Reader) -> None:
    for number in range(30):
        for _ in range(READ_AT_ONCE // 30 + 1):
            ledger.decide(number)
    breaths: list[int] = []
    keeper = MetricsKeeper(reader, breathe=lambda: breaths.append(1), stop=lambda: len(breaths) == 1)
    with pytest.raises(StoppedError):
        keeper.update()
    assert len(breaths) == 1
    assert keeper.facts == []
    breaths += [1]
    keeper.update([1])
    assert keeper.facts == list(read_facts(reader)), "what was left out is read, whatever is asked for"


def test_after_a_fault_everything_is_read_anew(ledger: Ledger, reader: Reader) -> None:
    decided = [ledger.decide(number) for number in range(4)]
    keeper = MetricsKeeper(reader)
    keeper.update()
    change = "UPDATE decision SET thresholds = ? WHERE id = 2"
    with closing(sqlite3.connect(ledger.store.file, isolation_level=None)) as conn:
        (text,) = conn.execute("SELECT thresholds FROM decision WHERE id = 2").fetchone()
        conn.execute(change, ("not json",))
        ledger.revoke(decided[3])
        with pytest.raises(ProjectError, match="is damaged"):
            keeper.update([decided[1].frame_id, decided[3].frame_id])
        conn.execute(change, (text,))
    keeper.update([decided[0].frame_id])
    assert keeper.facts == list(read_facts(reader))
    assert len(keeper.facts) == 3


@pytest.mark.parametrize("breaths", [1, 3, 20, 45])
def test_a_report_can_be_stopped_wherever_it_is(tmp_path: Path, breaths: int) -> None:
    made = drifting_project(tmp_path)
    drift_limits._kept.clear()  # what other tests have simulated
    left = [0]

    def stop() -> bool:
        left[0] -= 1
        return left[0] == 0

    with open_report(made.file) as reader:
        keeper = MetricsKeeper(reader, stop=stop)
        keeper.update()
        left[0] = breaths
        with pytest.raises(StoppedError):
            keeper.document()
        assert keeper.document() == full_report(reader, checks=True), "and be asked for again"


def test_the_figures_of_a_sitting_are_of_its_decisions_alone(ledger: Ledger, reader: Reader) -> None:
    for number in range(5):
        ledger.decide(number, changes=[DELETED] * 8)
    before = ledger.session
    ledger.sit_down()
    for number in range(5, 15):
        ledger.decide(number, changes=[MOVED], seconds=6.0)
    keeper = MetricsKeeper(reader)
    keeper.update()
    own = keeper.session_document(ledger.session, causes=("duplicates", "dark"))
    assert (own["session"], own["round"], own["frames_decided"]) == (ledger.session, 1, 10)
    # 10 of 80 candidates were moved, at 6 s a frame: 600 frames an hour.
    assert (own["edit_rate"], own["median_seconds_per_frame"], own["frames_per_hour"]) == (0.125, 6.0, 600.0)
    assert own["figures"] == {"duplicates": 0.0, "dark": None}
    assert keeper.session_document(before)["edit_rate"] == 1.0
    nothing = keeper.session_document("no such sitting")
    assert (nothing["frames_decided"], nothing["edit_rate"], nothing["round"]) == (0, None, 0)


def test_notes_of_other_sittings_are_held_against_the_whole_ledger(ledger: Ledger, reader: Reader) -> None:
    body = {"session": "old", "round": 0, "text": "Fog.", "code": None, "edit_rate": 0.5, "figure": None}
    ledger.store.submit(Priority.OTHER, lambda writer: writer.record_event("hypothesis", body)).result()
    for number in range(20):
        ledger.decide(number, changes=[MOVED])
    ledger.sit_down()
    ledger.decide(20)
    keeper = MetricsKeeper(reader)
    keeper.update()
    (note,) = keeper.session_document(ledger.session)["hypothesis_notes"]
    # 20 of 168 candidates of the later round were moved.
    assert (note["now"], note["verdict"]) == (20 / 168, "better")


def test_drift_is_seen_from_the_facts_alone(tmp_path: Path) -> None:
    made = drifting_project(tmp_path)
    with open_report(made.file) as reader:
        keeper = MetricsKeeper(reader)
        keeper.update()
        alarm = keeper.drift().alarm
    assert alarm is not None
    assert (alarm.since, alarm.observed) == ("frame_90.jpg", 0.625)
