"""The lines that show the document of `metrics` to people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autoanno_gui.core.figures.figure_words import counted, percent, percent_range


def metric_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the figures of the whole with their intervals, the estimates, and what follows from them."""
    for key, value in document.items():
        if not key.endswith("_interval") and (isinstance(value, (int, float)) or value is None):
            text = "–" if value is None else f"{value:.3f}" if isinstance(value, float) else f"{value:,}"
            interval = document.get(f"{key}_interval")
            yield f"{key:32} {text}" + (f"  ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")
    yield from _headline(document.get("estimates") or {})
    if causes := document.get("hypotheses"):
        yield ""
        yield "Why (likely causes, by the share of the corrections that they can explain):"
        for one in causes:
            yield f"{percent(one['share']) if one['share'] else '':>5}  {one['sentence']}"
            yield f"       {one['evidence']}"
            yield f"       {one['advice']}"
    if said := list(_warnings(document)):
        yield ""
        yield from said


def _headline(estimates: Mapping[str, Any]) -> Iterator[str]:
    told = [
        (name, found)
        for name, key in (
            ("So far, hard frames first", "so_far"),
            ("Frames drawn at random", "stream"),
            ("Whole folder, estimated", "whole"),
        )
        if (found := estimates.get(key) or {}).get("edit_rate") is not None
    ]
    if not told:
        return
    yield ""
    yield "Edit rate"
    for name, found in told:
        over = f", {counted(found['frames'], 'frame')}" if "frames" in found else ""
        yield f"  {name}: {percent(found['edit_rate'])} ({percent_range(found.get('edit_rate_interval'))}{over})"


def _warnings(document: Mapping[str, Any]) -> Iterator[str]:
    alarm = (document.get("drift") or {}).get("alarm")
    if alarm is not None:
        yield f"Warning: {alarm['sentence']}"
    yield from document.get("notes") or ()
    yield from (document.get("balance") or {}).get("notes") or ()
    if sentence := (document.get("stop") or {}).get("sentence"):
        yield sentence
