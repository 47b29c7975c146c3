"""The trial that measures the return on the model: drawn, kept with the project, stopped, and reported."""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.fact_table import FactTable
from autoanno_gui.core.frame_list import FrameList
from autoanno_gui.core.queue import in_random_stream
from autoanno_gui.core.queue_settings import QueueSettings
from autoanno_gui.core.records import Frame, FrameState, Progress
from autoanno_gui.core.roi import return_figures
from autoanno_gui.core.seconds_per_box import SecondsPerBox
from autoanno_gui.core.trial import TRIAL_SIZE, Arm, Trial, draw_trial, only
from autoanno_gui.review.fact_reader import read_facts
from autoanno_gui.review.tuning_sample import stored_sample
from autoanno_gui.store.reader import Reader
from autoanno_gui.store.store_thread import Priority, Store

TRIAL_SETTING: Final = "trial"
SECONDS_SETTING: Final = "seconds_per_box"


def stored_trial(reader: Reader) -> Trial | None:
    """Return the project's trial; None where there is none."""
    return Trial.from_json(reader.setting(TRIAL_SETTING))


def stored_seconds(reader: Reader) -> SecondsPerBox:
    """Return what the project's estimate reckons with."""
    return SecondsPerBox.from_json(reader.setting(SECONDS_SETTING))


def return_report(reader: Reader, table: FactTable) -> dict[str, Any]:
    """Return the section `roi` of the report; see `core.roi.return_figures`."""
    seconds = stored_seconds(reader)
    return return_figures(table, stored_trial(reader), seconds.seconds, seconds.how.value)
