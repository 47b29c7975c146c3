"""What the project keeps of the queue: bounds that mean something, and text that may come from anywhere."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.queue_settings import OrderName, QueueSettings


def test_kept_settings_come_back() -> None:
    settings = QueueSettings(OrderName.CLASS, 0.1, 0.3, 2.5, 20, 0.7, 0.1, 10, 2**63 - 1)
    assert QueueSettings.from_json(settings.to_json()) == settings


@given(st.sampled_from(OrderName), st.integers(), st.integers(2, 1000), st.floats(0, 0.5), st.floats(0.51, 1))
def test_all_settings_come_back(name: OrderName, seed: int, every: int, low: float, high: float) -> None:
    settings = QueueSettings(name, low, high, audit_every=every, seed=seed)
    assert QueueSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize("text", [None, "", "{", "[]", "null", "7", '"review"', "{}", '{"unheard":1}', "[[1,2]]"])
def test_text_that_says_nothing_leaves_the_defaults(text: str | None) -> None:
    assert QueueSettings.from_json(text) == QueueSettings()


@pytest.mark.parametrize(
    "wrong",
    [
        {"order": "of a later version"},
        {"order": None},
        {"audit_every": "often"},
        {"audit_every": 1e400},
        {"crowded_spread": [1]},
        {"crowded_least": None},
    ],
)
def test_one_thing_that_is_not_understood_leaves_the_others(wrong: dict[str, object]) -> None:
    text = json.dumps(asdict(QueueSettings(borderline_low=0.3, seed=5)) | wrong)
    assert QueueSettings.from_json(text) == QueueSettings(borderline_low=0.3, seed=5)


def test_bounds_that_mean_nothing_are_dropped_but_the_random_stream_goes_on() -> None:
    text = json.dumps(asdict(QueueSettings(seed=5)) | {"borderline_low": 0.9, "crowded_least": 3})
    assert QueueSettings.from_json(text) == QueueSettings(seed=5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"borderline_low": 0.6},
        {"borderline_low": -0.1},
        {"borderline_high": 1.01},
        {"borderline_high": float("nan")},
        {"ambiguous_ratio": 0.0},
        {"ambiguous_ratio": 1.1},
        {"ambiguous_least": -0.1},
        {"crowded_spread": -1.0},
        {"crowded_spread": float("nan")},
        {"crowded_spread": float("inf")},
        {"crowded_least": 0},
        {"audit_every": 1},
        {"audit_every": 2**64},
    ],
)
def test_bounds_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"borderline|ambiguous|crowded|random stream"):
        QueueSettings(**wrong)  # type: ignore[arg-type]
