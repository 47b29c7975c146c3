"""The random stream: who belongs to it, and how often it is met."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from autoanno_gui.core.frame_list import STATE_NUMBER, FrameColumns
from autoanno_gui.core.queue import QueueOrder, drawn, in_random_stream, order
from autoanno_gui.core.queue_settings import OrderName, QueueSettings
from autoanno_gui.core.records import FrameState
from tests.unit.core.queue_kit import apart, columns, index_of, reasons

U, A, E, R, D = (
    FrameState.UNDECIDED,
    FrameState.ACCEPTED,
    FrameState.EDITED,
    FrameState.REJECTED,
    FrameState.DEFERRED,
)
SURE = apart(0.95)


def members(frames: FrameColumns, settings: QueueSettings | None = None) -> NDArray[np.bool_]:
    return in_random_stream(frames.draws, settings or QueueSettings())


def places_of(found: QueueOrder, reason: str) -> NDArray[np.int64]:
    return np.flatnonzero(np.array(reasons(found)) == reason)


@pytest.mark.parametrize("name", [name for name in OrderName if name not in {OrderName.RANDOM, OrderName.NATURAL}])
def test_the_random_stream_is_met_once_in_each_twenty_frames(name: OrderName) -> None:
    frames = columns(4000)
    index = index_of({at: apart(0.5) if at % 3 else SURE for at in range(4000)})
    found = order(frames, index, settings=QueueSettings(name))
    audits = places_of(found, "audit")
    assert set(found.positions[audits].tolist()) == set(np.flatnonzero(members(frames)).tolist())
    in_stretches = audits[audits < 20 * min(len(audits), 190)]
    assert (in_stretches // 20).tolist() == list(range(len(in_stretches)))
    assert len(set((in_stretches % 20).tolist())) > 10


@pytest.mark.parametrize("name", [OrderName.RANDOM, OrderName.NATURAL])
def test_where_the_order_is_blind_the_random_stream_stays_where_it_is(name: OrderName) -> None:
    frames = columns(4000)
    index = index_of(dict.fromkeys(range(4000), SURE))
    found = order(frames, index, settings=QueueSettings(name))
    audits = places_of(found, "audit")
    assert np.array_equal(found.positions, order(frames, index, settings=QueueSettings(name), checks=False).positions)
    # Evenly over the queue: about 200, and a tenth of them in each tenth.
    assert 150 < len(audits) < 250
    assert np.histogram(audits, 10, (0, 4000))[0].min() > 5


def test_without_checks_nothing_is_drawn() -> None:
    found = order(columns(100), index_of(dict.fromkeys(range(100), SURE)), checks=False)
    assert set(reasons(found)) == {"coverage"}


def test_the_random_stream_is_no_different_from_the_other_frames() -> None:
    frames = columns(20_000)
    index = index_of(dict.fromkeys(range(20000), SURE))
    found = order(frames, index, checks=False)
    # With checks off, its frames lie anywhere in the random order: whoever turns them on has met one in twenty.
    assert members(frames)[found.positions[:4000]].mean() == pytest.approx(0.05, abs=0.015)


def test_the_random_stream_does_not_wait_for_frames_that_the_model_has_not_come_to() -> None:
    # Far more of the predicted frames belong to it than usual.
    known = sorted({*range(20), *np.flatnonzero(members(columns(2000))).tolist()})
    found = order(columns(2000, predicted=known), index_of(dict.fromkeys(known, SURE)))
    assert sorted(found.positions[: len(known)].tolist()) == known
    assert set(reasons(found)[: len(known)]) == {"audit", "coverage"}
    assert set(reasons(found)[len(known) :]) == {"unpredicted"}


def test_other_bounds_draw_other_streams() -> None:
    frames = columns(5000)
    assert members(frames, QueueSettings(audit_every=5)).mean() == pytest.approx(0.2, abs=0.03)
    assert members(frames, QueueSettings(audit_every=2)).mean() == pytest.approx(0.5, abs=0.05)
    assert not members(frames, QueueSettings(audit_every=2**32 - 1)).any()
    # What is drawn for a rarer stream belongs to the denser one, too.
    assert not (members(frames) & ~members(frames, QueueSettings(audit_every=10))).any()


@pytest.mark.parametrize("seed", [-1, -(2**63), 0, 1, 2**63, 2**64, 10**30])
def test_any_number_is_a_seed(seed: int) -> None:
    frames = columns(3000)
    assert members(frames, QueueSettings(seed=seed)).mean() == pytest.approx(0.05, abs=0.02)
    assert len(np.unique(drawn(frames.draws, seed=seed))) == 3000


def test_seeds_draw_streams_that_have_nothing_to_do_with_each_other() -> None:
    frames = columns(20_000)
    both = members(frames, QueueSettings(seed=0)) & members(frames, QueueSettings(seed=1))
    assert both.mean() == pytest.approx(0.0025, abs=0.0015)


@given(st.integers(1, 300), st.integers(1, 300), st.integers())
def test_frames_found_later_change_nothing_about_those_that_are_there(few: int, more: int, seed: int) -> None:
    settings = QueueSettings(seed=seed, audit_every=3)
    before, after = columns(few), columns(few + more)
    assert np.array_equal(members(after, settings)[:few], members(before, settings))
    index = index_of(dict.fromkeys(range(few + more), SURE))

    def rest(frames: FrameColumns) -> list[int]:
        found = order(frames, index, settings=settings)
        return [at for at in found.positions[places_of(found, "coverage")].tolist() if at < few]

    assert rest(after) == rest(before)


@given(st.lists(st.sampled_from([U, U, U, A, E, R, D]), min_size=1, max_size=200), st.integers(0, 5))
def test_decisions_change_nothing_about_who_belongs_to_the_random_stream(states: list[FrameState], seed: int) -> None:
    settings = QueueSettings(seed=seed, audit_every=4)
    frames = columns(len(states), states=states)
    found = order(frames, index_of(dict.fromkeys(range(len(states)), SURE)), settings=settings)
    wanted = np.flatnonzero(members(frames, settings) & (frames.states == STATE_NUMBER[U]))
    assert sorted(found.positions[places_of(found, "audit")].tolist()) == wanted.tolist()


def test_one_in_twenty_comes_from_the_random_stream_while_decisions_go_on() -> None:
    count = 1500
    frames = columns(count)
    index = index_of({at: apart(0.5) if at % 2 else SURE for at in range(count)})
    is_member = members(frames)
    met: list[bool] = []
    states = frames.states.copy()
    for _ in range(count):
        first = int(order(replace(frames, states=states), index).positions[0])
        assert states[first] == STATE_NUMBER[U]
        met.append(bool(is_member[first]))
        states[first] = STATE_NUMBER[A]
    places = np.flatnonzero(met)
    assert len(places) == is_member.sum()
    whole = min(len(places), count // 20 - 3)
    assert (places[:whole] // 20).tolist() == list(range(whole))
