"""The report page: one file that needs nothing else, with every figure, its count and its interval."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from autoanno_gui.review.report_page import report_html
from tests.report_sample import EVIL, LONG, SCRIPT, empty, sample

MADE = datetime(2026, 8, 20, 12, 30, tzinfo=UTC)
VOID = {"meta", "br", "line", "rect", "circle", "polyline", "polygon"}


class Page(HTMLParser):
    """What a browser makes of a page: tags with their attributes, and the texts by chapter."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.chapters: dict[str, str] = {}
        self.open: list[str] = []
        self._chapter = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self._chapter = dict(attrs)["id"] or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.chapters[self._chapter] = self.chapters.get(self._chapter, "") + " " + data

    def text(self, chapter: str) -> str:
        return " ".join(self.chapters[chapter].split())

    def names(self) -> set[str]:
        return {tag for tag, _ in self.tags}


def page(document: dict[str, Any]) -> Page:
    return Page(report_html(document, title="harbour", made=MADE))


@pytest.fixture(scope="module")
def full() -> Page:
    return page(sample())


@pytest.mark.parametrize("document", [sample(), empty(), {}], ids=["full", "empty", "nothing"])
def test_the_page_needs_nothing_else(document: dict[str, Any]) -> None:
    html = report_html(document, title="harbour", made=MADE)
    assert html.startswith("<!DOCTYPE html>")
    found = Page(html)
    assert found.open == []
    assert not found.names() & {"script", "link", "img", "iframe", "object", "embed", "image", "use", "base", "form"}
    for _, attributes in found.tags:
        assert not {"src", "srcset", "data", "xlink:href", "style", "background"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    # The page itself forbids a browser to load anything.
    assert "default-src 'none'" in html


def test_every_variable_of_a_colour_is_set_for_light_dark_and_print() -> None:
    html = report_html(sample(), title="harbour", made=MADE)
    used = set(re.findall(r"var\((--[a-z]+)\)", html))
    assert {"--ink", "--paper", "--accent", "--warn", "--grid", "--muted"} <= used
    for name in used:
        assert html.count(f"{name}: #") == 3
    assert "prefers-color-scheme: dark" in html


def test_links_lead_to_chapters(full: Page) -> None:
    ids = [attributes.get("id") for tag, attributes in full.tags if tag == "section"]
    links = [(attributes.get("href") or "").removeprefix("#") for tag, attributes in full.tags if tag == "a"]
    assert links == ids
    assert len(set(ids)) == len(ids)


def test_the_headline_stands_beside_the_estimates(full: Page) -> None:
    text = full.text("headline")
    assert "So far, hard frames first 12% 6.0% to 20% 900 candidates on 296 frames" in text
    assert "Whole folder, estimated 6.9% 4.8% to 9.6% with 2,600 candidates left" in text
    assert "Frames drawn at random 6.7% 0.7% to 15% 120 candidates on 40 frames" in text
    assert "the edit rate of the whole folder is likely lower." in text


def test_rates_have_their_counts_and_intervals(full: Page) -> None:
    text = full.text("parts")
    assert "Miss rate 4.5% 1.5% to 9.5% 41 of 903 final objects were added" in text
    assert "Reject rate 2.7% 1.4% to 5.2% 8 of 300 decided frames" in text
    assert "Median of a frame 4.2 s 3.9 s to 4.6 s 300 frames" in full.text("seconds")
    assert "9 of 10 frames within 11.3 s" in full.text("seconds")


def test_tables_have_all_rows_with_counts_and_intervals(full: Page) -> None:
    assert "person 500 8.4% 2.4% to 16% 3.0% 15 4.0% 20 2.4% 12 1 0.2% 0% to 5.2%" in full.text("by_class")
    assert LONG in full.text("by_class")
    assert "borderline" in full.text("by_reason")
    assert "0.25–0.35 90" in full.text("by_confidence")
    assert "2026-08-12 09:00 Ann 180" in full.text("by_session")
    for chapter, words in {
        "by_size": "tiny",
        "by_place": "edge",
        "by_round": "2 400",
        "by_model": "yolo11n.pt",
    }.items():
        assert words in full.text(chapter)


def test_a_model_that_is_simply_good_explains_no_share_of_the_corrections() -> None:
    document = sample()
    document["hypotheses"][0] |= {"sentence": "The model is simply good on these frames.", "share": 0.0}
    assert "simply good on these frames. Evidence:" in page(document).text("hypotheses")


def test_a_note_on_a_cause_is_followed_by_the_figure_of_that_cause() -> None:
    document = sample()
    document["hypothesis_notes"][0] |= {"figure": 0.44, "edit_rate": 0.15}
    assert "I think it is the fog. 44% 9.0% better" in page(document).text("hypotheses")
    document["hypothesis_notes"][0] |= {"figure": None}
    assert "I think it is the fog. 15% 9.0% better" in page(document).text("hypotheses")


def test_the_time_of_an_object_rests_on_the_frames_that_were_reviewed() -> None:
    document = sample() | {"frames_decided": 70}
    document["estimates"]["so_far"]["frames"] = 60
    found = page(document).text("seconds")
    assert re.search(r"Median of a frame .{1,40} 70 frames", found)
    assert re.search(r"Median of an object .{1,40} 60 frames", found)


def test_what_follows_from_the_figures(full: Page) -> None:
    why = full.text("hypotheses")
    assert "The model takes a bus for a truck. 31% of the corrections Evidence: 18 of 45" in why
    assert "What to do: Label more of both" in why
    assert "Frames: a.jpg, b.jpg" in why
    assert "2026-08-11 10:00 1 I think it is the fog. 15% 9.0% better" in why
    drift = full.text("drift")
    assert "Warning: The edit rate of person has risen from 11% to 24%" in drift
    assert "day2/frame_0100.jpg (frame 151, 2026-08-13 09:10): expected 11%, observed 24% on 35 frames." in drift
    assert "a false alarm in 5% of runs of 500 frames" in drift
    payoff = full.text("return")
    assert "Times as fast as by hand 5.0 × 3.4 × to 7.1 × 12 frames by hand, 12 reviewed" in payoff
    assert "Saved so far, estimated 1.3 h not measured estimate: 7.0 s a box by hand (extreme clicking)" in payoff
    assert "Pays from 73 frames" in payoff
    assert "Errors that would stay in them 240 130 to 390 40 frames drawn at random" in full.text("stop")
    honesty = full.text("honesty")
    assert "Missed by the model, labelled blind 12% 5.0% to 22% 7 of 58 objects on 20 blind frames" in honesty
    assert "Planted checks caught 83% 44% to 97% 5 of 6" in honesty
    assert "Accepted without a look 0.9% 0.2% to 3.2% 2 of 220 accepted frames" in honesty
    assert "day2/frame_0042.jpg 3 0.4 s 1.1 s" in honesty
    assert "too few" in full.text("balance")
    assert "0.15–0.25 40 20% 10%" in full.text("calibration")


def test_an_alarm_that_is_over_is_no_warning() -> None:
    document = sample()
    document["drift"]["alarm"] |= {"until": "day3/frame_0001.jpg", "sentence": "It is usual again."}
    text = page(document).text("drift")
    assert "It is usual again." in text
    assert "Warning" not in text


def test_charts_come_in_two_widths() -> None:
    html = report_html(sample(), title="harbour", made=MADE)
    charts = [ET.fromstring(svg) for svg in re.findall(r"<svg .*?</svg>", html, re.DOTALL)]
    assert [chart.get("width") for chart in charts[::2]] == ["320"] * (len(charts) // 2)
    assert [chart.get("width") for chart in charts[1::2]] == ["720"] * (len(charts) // 2)
    assert len(charts) // 2 == html.count("<figure>") == 13


@pytest.mark.parametrize(
    "name", [SCRIPT, EVIL, '"><img src=x onerror=alert(1)>', "</svg><script>x</script>", "{{ 7*7 }}"]
)
def test_names_are_text_wherever_they_stand(name: str) -> None:
    document = sample()
    document["by_class"][0]["class"] = name
    document["by_model"][0]["model"] = name
    document["nodding"]["list"][0]["frame"] = name
    document["hypotheses"][0]["sentence"] = name
    document["hypothesis_notes"][0]["text"] = name
    document["drift"]["alarm"]["sentence"] = name
    document["drift"]["charts"][1]["class"] = name
    document["balance"]["classes"][0]["class"] = name
    found = Page(report_html(document, title=name, made=MADE))
    assert not found.names() & {"script", "img"}
    for chapter in ("", "by_class", "by_model", "honesty", "hypotheses", "drift", "balance"):
        assert name in found.text(chapter)


@pytest.mark.parametrize("document", [empty(), {}], ids=["empty", "nothing"])
def test_missing_figures_are_said(document: dict[str, Any]) -> None:
    found = page(document)
    chapters = [chapter for chapter in found.chapters if chapter]
    assert len(chapters) == 20
    for chapter in chapters:
        assert "Not enough data yet." in found.text(chapter), chapter
    assert "None" not in " ".join(found.chapters.values())
    assert "0 candidates on 0 frames" in found.text("headline")


def test_a_return_that_was_not_measured_is_marked_as_an_estimate() -> None:
    document = sample()
    document["roi"] |= {"measured": False, "ratio": None, "saved_hours": None}
    text = page(document).text("return")
    assert "Times as fast as by hand" not in text
    assert "not measured" in text
    assert "Tools > Measure Return" in text


def test_guards_that_are_off_are_said() -> None:
    document = sample() | {"checks": {"enabled": False, "planted": 0, "caught": 0, "by_alteration": []}}
    assert "Blind frames and planted checks are off." in page(document).text("honesty")
