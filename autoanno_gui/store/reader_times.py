"""Reading how long the models of a project were at work."""

from __future__ import annotations

from typing import Final

from autoanno_gui.store.reader_looks import LookReader

LONGEST_STEP: Final = 10.0
"""Seconds between two frames of a run that are counted at most: what is longer was a pause."""


class TimeReader(LookReader):
    """Reads when results were written."""

    def prediction_seconds(self) -> float:
        """Return for how many seconds models predicted, all runs together, pauses left out."""
        rows = self._rows(
            "WITH step AS (SELECT julianday(rf.finished) - julianday(LAG(rf.finished, 1, run.started) "
            "OVER (PARTITION BY rf.run_id ORDER BY rf.id)) AS days FROM run_frame rf JOIN run ON run.id = rf.run_id) "
            "SELECT COALESCE(SUM(MIN(MAX(days * 86400, 0), ?)), 0) FROM step",
            LONGEST_STEP,
        )
        return float(rows[0][0])
