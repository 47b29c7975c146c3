"""Why the edit rate is what it is: rules over the facts of a ledger that name likely causes in plain sentences."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from autoanno_gui.core.fact_table import FactTable
from autoanno_gui.core.hypotheses.hypothesis import Hypothesis


def hypotheses(
    table: FactTable, class_names: Mapping[int, str], known_classes: Collection[int]
) -> list[Hypothesis]:
    """Return the likely causes of the corrections, by falling share; none when the data are too few.

    Args:
        table: of the ledger.
        class_names: of the project, by id.
        known_classes: ids of the project classes that a class of the model is mapped to.
    """
    return []


def figure_of(code: str, table: FactTable, rows: NDArray[np.bool_]) -> float | None:
    """Return the rate that a cause has on some frames, so that two rounds can be compared; None without data.

    Args:
        code: of a `Hypothesis`.
        table: of the ledger.
        rows: (F,) the frames.
    """
    return None
