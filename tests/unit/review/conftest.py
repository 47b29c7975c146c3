"""Sittings for tests, closed again whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from autoanno_gui.store.store_thread import Store
from tests.projects import USUAL, MadeProject, Proposal, copy_of, make_project
from tests.unit.review.sitting import Sitting

Sit = Callable[..., Sitting]
LARGE_FOLDER = 140
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


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> MadeProject:
    """A folder that is large enough for the honesty guards; nothing is decided in it, and nobody may open its file."""
    return make_project(tmp_path_factory.mktemp("many"), [USUAL] * LARGE_FOLDER)


@pytest.fixture
def fresh(many: MadeProject, tmp_path: Path) -> MadeProject:
    """That folder with a project file of its own."""
    return copy_of(many, tmp_path)


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
