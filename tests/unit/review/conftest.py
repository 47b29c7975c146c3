"""Sittings for tests, closed again whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from autoanno_gui.store.store_thread import Store
from tests.projects import USUAL, MadeProject, Proposal, make_project
from tests.unit.review.sitting import Sitting

Sit = Callable[..., Sitting]
OpenStore = Callable[..., Store]


@pytest.fixture
def made(tmp_path: Path) -> MadeProject:
    """Four frames with the usual proposals."""
    return make_project(tmp_path, [USUAL] * 4)


@pytest.fixture
def sit_down(tmp_path: Path) -> Iterator[Sit]:
    """Open a made project, or one with the given proposals; its first frame is painted."""
    opened: list[Sitting] = []

    def open_(
        made: MadeProject | None = None, *, proposals: Sequence[Sequence[Proposal] | None] = (), **how
    ) -> Sitting:
        if made is None:
            made = make_project(tmp_path, proposals, name=f"made{len(opened)}")
        sitting = Sitting(made, **how).start()
        opened.append(sitting)
        return sitting

    yield open_
    for sitting in opened:
        sitting.close()


@pytest.fixture
def sitting(sit_down: Sit, made: MadeProject) -> Sitting:
    """A review of four frames with the usual proposals."""
    return sit_down(made)


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[OpenStore]:
    """Make a project with these proposals, frame by frame, and open its file alone."""
    opened: list[Store] = []

    def make(*proposals: Sequence[Proposal] | None) -> Store:
        opened.append(Store.open(make_project(tmp_path, proposals, name=f"made{len(opened)}").file))
        return opened[-1]

    yield make
    for store in opened:
        store.close()
