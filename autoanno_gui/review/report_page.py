"""The report as one HTML file that needs nothing else: no network, no script, light and dark, on paper too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from autoanno_gui import __version__
from autoanno_gui.core.figures.charts.drawing import DARK, LIGHT, clean
from autoanno_gui.core.figures.figure_words import counted
from autoanno_gui.resources import resource
from autoanno_gui.review import report_findings, report_sections
from autoanno_gui.review.report_parts import NOTHING, Section

TEMPLATE: Final = "report/page.html"


def report_html(document: Mapping[str, Any], *, title: str, made: datetime) -> str:
    """Return the page of a report's document; where figures are missing it says so.

    Args:
        document: what `metrics_report` returns; keys may be missing.
        title: of the page, such as the name of the folder.
        made: when the figures were worked out.
    """
    from jinja2 import Environment, StrictUndefined  # only a report needs it

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(resource(TEMPLATE).read_text("utf-8"))
    decided, total = document.get("frames_decided") or 0, document.get("frames_total") or 0
    return template.render(
        title=clean(title),
        made=made.strftime("%Y-%m-%d %H:%M"),
        version=__version__,
        summary=f"{decided:,} of {counted(total, 'frame')} decided",
        sections=_sections(document),
        nothing=NOTHING,
        light=LIGHT,
        dark=DARK,
    )


def _sections(document: Mapping[str, Any]) -> list[Section]:
    return [
        report_sections.headline(document),
        report_findings.hypotheses(document),
        report_sections.parts(document),
        report_findings.drift(document),
        report_sections.course(document),
        report_findings.stop(document),
        report_findings.payoff(document),
        report_sections.times(document),
        report_findings.calibration(document),
        *report_sections.groups(document),
        report_findings.honesty(document),
        report_findings.balance(document),
    ]
