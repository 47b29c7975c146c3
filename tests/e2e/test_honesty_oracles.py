"""Three reviewers of known habits in the real window: what the honesty guards say of each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.check_outcome import CHECK_EVENT
from autoanno_gui.core.figures.fact_table import FactTable
from autoanno_gui.core.figures.nodding import nods
from autoanno_gui.core.records import PresentationMode
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.reports import metrics_report
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import open_report
from tests.e2e.honesty_kit import Habit, Sitting, World, honest, lazy, make_world, predicted_world, sit_down, two_faced

FRAMES = 200
NORMAL, HAND, BLIND, SETTLE, PLANTED = PresentationMode


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A folder with predictions of which nothing is decided."""
    return make_world(tmp_path_factory.mktemp("world"), frames=FRAMES)


@pytest.fixture
def world(untouched: World, tmp_path: Path) -> World:
    return untouched.copy(tmp_path / "frames.autoanno")


@contextmanager
def reviewed(world: World, habit: Habit, **options: Any) -> Iterator[tuple[Sitting, Reader]]:  # noqa: ANN401
    """Review the whole folder and look into the project file."""
    sitting = sit_down(world, habit, **options)
    with open_report(world.made.file) as reader:
        yield sitting, reader


def test_who_looks_is_hardly_ever_marked_and_catches_what_is_planted(qtbot: QtBot, world: World) -> None:
    with reviewed(world, honest) as (sitting, reader):
        found = metrics_report(reader)
    assert found["frames_decided"] == FRAMES
    assert found["nodding"]["frames"] > 30
    assert found["nodding"]["marked"] < 0.02 * FRAMES
    checks = found["checks"]
    assert checks["enabled"]
    assert checks["planted"] == sitting.shown[PLANTED] >= 20
    assert checks["catch_rate"] >= 0.95
    assert checks["passed_over"] == 0
    assert checks["self_agreement"] >= 0.95
    assert {row["alteration"] for row in checks["by_alteration"] if row["planted"]} == {"shifted", "class", "removed"}
    # Somebody who looks leans on nothing: both ways of asking what the model misses agree.
    low, high = found["blind"]["leaning_missed_interval"]
    assert low <= 0 <= high


def test_who_nods_is_marked_within_thirty_frames_and_catches_nothing(qtbot: QtBot, world: World) -> None:
    with reviewed(world, lazy) as (sitting, reader):
        found = metrics_report(reader)
        marked = nods(FactTable.of(read_facts(reader)))
    assert found["frames_decided"] == FRAMES
    assert marked[0].row < 30
    assert found["nodding"]["rate"] == 1.0
    assert found["nodding"]["frames"] == len(marked) > 60
    assert found["checks"]["planted"] == sitting.shown[PLANTED] >= 20
    assert found["checks"]["catch_rate"] == 0.0
    # Blind frames were confirmed as empty: all that the model proposed there has no label.
    assert (found["blind"]["objects"], found["blind"]["false_rate"]) == (0, 1.0)


def test_blind_labels_tell_what_the_model_misses_although_the_rest_is_nodded_through(
    qtbot: QtBot, world: World
) -> None:
    with reviewed(world, two_faced) as (sitting, reader):
        found = metrics_report(reader)
    blind, truth = found["blind"], world.missed / world.objects
    assert blind["frames"] == sitting.shown[BLIND] == sitting.shown[SETTLE] >= 30
    low, high = blind["miss_rate_interval"]
    assert low <= truth <= high
    assert 0.05 < truth < 0.3
    # By their own review, the model misses nothing: that is how far they lean on it.
    assert found["miss_rate"] == blind["review_miss_rate"] == 0.0
    assert blind["leaning_missed"] == blind["miss_rate"]
    assert blind["leaning_missed_interval"][0] > 0
    assert found["checks"]["catch_rate"] == 0.0


def test_planted_checks_leave_labels_and_figures_as_they_are(
    qtbot: QtBot, untouched: World, world: World, tmp_path: Path
) -> None:
    without = untouched.copy(tmp_path / "without.autoanno")
    with reviewed(world, lazy) as (sitting, reader), reviewed(without, lazy, check_every=0) as (plain, other):
        assert sitting.shown - plain.shown == Counter({PLANTED: sitting.shown[PLANTED]})
        assert sitting.shown[PLANTED] == len(reader.events(CHECK_EVENT)) > 0
        assert other.events(CHECK_EVENT) == []
        assert _timeless(metrics_report(reader)) == _timeless(metrics_report(other))
        assert _labels(reader) == _labels(other)


def test_without_checks_nothing_is_blind_or_planted_and_the_figures_say_so(qtbot: QtBot, world: World) -> None:
    with reviewed(world, lazy, checks="off") as (sitting, reader):
        found = metrics_report(reader, checks=False)
    assert sitting.shown == {NORMAL: FRAMES}
    assert (found["checks"]["enabled"], found["checks"]["planted"], found["blind"]["frames"]) == (False, 0, 0)
    assert (found["checks"]["catch_rate"], found["blind"]["miss_rate"]) == (None, None)


# ---------------------------------------------------------------------------------------------------- real photos
@pytest.fixture(scope="module")
def photos(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """128 photos as a real model sees them."""
    data, model = shared / "data" / "coco128", shared / "models" / "yolov8n_int8_openvino_model"
    folder = tmp_path_factory.mktemp("photos")
    return predicted_world(
        folder / "photos.autoanno", data / "images", data / "labels", model=model, home=folder / "models"
    )


def test_on_photos_who_looks_is_told_from_who_nods(qtbot: QtBot, photos: World, tmp_path: Path) -> None:
    looked_at, nodded = photos.copy(tmp_path / "honest.autoanno"), photos.copy(tmp_path / "two_faced.autoanno")
    frames = len(photos.made.names)
    with reviewed(looked_at, honest, tight=0.75) as (sitting, reader):
        found = metrics_report(reader)
    assert found["frames_decided"] == frames
    assert found["nodding"]["marked"] < 0.02 * frames
    assert found["checks"]["planted"] == sitting.shown[PLANTED] >= 15
    assert found["checks"]["catch_rate"] >= 0.8
    with reviewed(nodded, two_faced, tight=0.75) as (_, reader):
        found = metrics_report(reader)
    low, high = found["blind"]["miss_rate_interval"]
    assert low <= photos.missed / photos.objects <= high
    assert found["blind"]["leaning_missed_interval"][0] > 0
    assert found["nodding"]["rate"] == 1.0
    assert found["checks"]["catch_rate"] == 0.0


def _timeless(report: dict[str, Any]) -> dict[str, Any]:
    """Return the figures without what names one sitting or the time of day, and without those of the checks."""
    left_out = {"checks", "by_session", "notes"}
    return {key: _rounded(value) for key, value in report.items() if key not in left_out}


def _rounded(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can say
    """Leave out what the clock loses by adding up seconds from another start."""
    match value:
        case float():
            return round(value, 6)
        case list():
            return [_rounded(one) for one in value]
        case dict():
            return {key: _rounded(one) for key, one in value.items()}
        case _:
            return value


def _labels(reader: Reader) -> dict[str, Any]:
    """Return of each frame all its decisions, as far as they are about the frame."""
    found: dict[str, Any] = {}
    for entry in reader.decisions():
        decision = entry.decision
        found.setdefault(entry.path, []).append(
            (decision.kind, decision.mode, decision.shown, decision.verdicts, round(decision.timing.active, 6))
        )
    return found
