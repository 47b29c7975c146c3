"""A real project in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "street.autoanno"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with Store.open(file, root=file.parent / "frames", busy_timeout=0.2) as opened:
        yield opened


@pytest.fixture
def reader(store: Store) -> Iterator[Reader]:
    with store.reader() as opened:
        yield opened
