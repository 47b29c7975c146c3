"""The verb `agree`, and the whole way of a sample: handed over, labelled by somebody else, merged, compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autoanno_gui.config import AppHome, project_file_for
from autoanno_gui.core.records import DecisionKind, VerdictKind
from autoanno_gui.store.store_thread import Store
from tests.e2e.cli_kit import refused, report, run
from tests.projects import USUAL, MadeProject, make_project
from tests.unit.review.agreement_kit import LEFT, MIDDLE, RIGHT, Hand

NAMES = tuple(f"frame_{number}.jpg" for number in range(3))


@pytest.fixture
def pair(tmp_path: Path) -> tuple[MadeProject, MadeProject]:
    """Projects of Ann and Ben: of five and four objects they share three in place and class, and one in place."""
    projects = []
    for name in ("ann", "ben"):
        made = make_project(tmp_path, [USUAL] * 3, name=name)
        projects.append(made)
        with Store.open(made.file) as store:
            hand = Hand(store, name)
            if name == "ann":
                hand.label(NAMES[0], [("cat", LEFT), ("dog", MIDDLE)])
                hand.label(NAMES[1], [("cat", LEFT), ("bird", RIGHT)])
                hand.label(NAMES[2], [("dog", RIGHT)], judged={1: VerdictKind.REJECTED})
            else:
                hand.label(NAMES[0], [("cat", LEFT), ("cat", MIDDLE)])
                hand.label(NAMES[1], [("cat", LEFT)], kind=DecisionKind.ACCEPTED)
                hand.label(NAMES[2], [("dog", RIGHT)], judged={1: VerdictKind.REJECTED})
    return projects[0], projects[1]


def test_two_projects(pair: tuple[MadeProject, MadeProject]) -> None:
    before = [made.file.read_bytes() for made in pair]
    found = report("agree", pair[0].file, pair[1].file)
    assert {"frames", "f1_50", "f1_75", "mean_iou", "kappa_class", "kappa_verdict", "alpha", "by_class"} <= found.keys()
    assert (found["frames"], found["objects"]) == (3, [5, 4])
    assert found["f1_50"] == found["f1_75"] == pytest.approx(2 * 3 / 9)
    assert found["mean_iou"] == 1.0
    # Pairs: cat cat, dog cat, cat cat, dog dog.
    assert found["kappa_class"] == pytest.approx(0.5)
    assert found["kappa_verdict"] is None, "one verdict leaves no choice"
    assert found["verdicts"] == 1
    assert [row["frame"] for row in found["disagreements"]] == [NAMES[0], NAMES[1]]
    assert found["blind"]["frames"] == 0
    assert [made.file.read_bytes() for made in pair] == before


def test_the_other_way_round_says_the_same(pair: tuple[MadeProject, MadeProject]) -> None:
    one, other = (report("agree", pair[i].file, pair[1 - i].file) for i in (0, 1))
    for key in ("frames", "f1_50", "f1_75", "mean_iou", "kappa_class", "alpha"):
        assert one[key] == pytest.approx(other[key])
    assert one["disagreements"][1]["kinds"] == {"extra": 1}
    assert other["disagreements"][1]["kinds"] == {"missing": 1}


def test_people_get_lines(pair: tuple[MadeProject, MadeProject]) -> None:
    text = run("agree", pair[0].file, pair[1].file).stdout
    assert text.splitlines()[0] == "ann and ben"
    assert re.search(r"^  F1 at IoU 0\.50 +0\.667  \(0\.\d+ to 1\.000\)$", text, re.MULTILINE)
    assert re.search(r"^cat +2 / 3 +0\.800 +0\.800  1\.000$", text, re.MULTILINE)
    assert re.search(r"^frame_1\.jpg: 1 extra$", text, re.MULTILINE)


def test_folders_stand_for_their_projects(pair: tuple[MadeProject, MadeProject], tmp_path: Path) -> None:
    home = AppHome.find()
    for made in pair:
        made.file.rename(project_file_for(home, made.folder))
    assert report("agree", pair[0].folder, pair[1].folder)["frames"] == 3


def test_one_project_twice(pair: tuple[MadeProject, MadeProject]) -> None:
    assert "one reviewer only" in refused("agree", pair[0].file, pair[0].file)
    with Store.open(pair[0].file) as store:
        Hand(store, "eve").label(NAMES[2], [("dog", RIGHT)], judged={1: VerdictKind.REJECTED})
    found = report("agree", pair[0].file, pair[0].file)
    assert (found["frames"], found["f1_50"], found["reviewers"]) == (1, 1.0, ["ann", "eve"])


def test_what_cannot_be_compared_is_said_in_a_line(pair: tuple[MadeProject, MadeProject], tmp_path: Path) -> None:
    assert "There is no project file" in refused("agree", pair[0].file, tmp_path / "nothing.autoanno")
    assert "has no project yet" in refused("agree", pair[0].file, tmp_path)
    (tmp_path / "notes.txt").write_text("no project")
    assert "not a project" in refused("agree", pair[0].file, tmp_path / "notes.txt")
    assert run("agree", pair[0].file).exit_code == 2
