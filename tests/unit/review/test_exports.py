"""Exports of real projects: what is taken, what is left out and why, and which frames go together."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from autoanno_gui.core.box import Box
from autoanno_gui.core.errors import ExportError, FrameErrorCode
from autoanno_gui.core.records import (
    Decision,
    DecisionKind,
    FrameHeader,
    How,
    PresentationMode,
    Thresholds,
    Timing,
    Verdict,
    VerdictKind,
)
from autoanno_gui.datasets.plan import ExportOptions, ExportReport
from autoanno_gui.review.export_job import export_job
from autoanno_gui.review.scan_job import scan_job
from autoanno_gui.store.store_thread import Priority, Store
from autoanno_gui.store.writer import Writer
from tests.unit.datasets.builders import by_source, label_of, manifest, write_picture

WIDTH, HEIGHT = 16, 12
WHEN = "2025-03-01T10:00:00.000+00:00"


class Project:
    """A folder of small frames and its open project."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "frames"
        self.root.mkdir()
        self.store = Store.open(folder / "p.autoanno", root=self.root)
        self.class_id = self.do(lambda writer: writer.add_class("car")).id
        self.ids: dict[str, int] = {}

    def do(self, work: Callable[[Writer], object]):  # type: ignore[no-untyped-def]  # noqa: ANN201
        return self.store.submit(Priority.OTHER, work).result()

    def scan(self) -> None:
        frames = [frame for block in scan_job(self.store, self.root) for frame in block]
        self.ids |= {frame.path: frame.id for frame in frames}

    def add(self, *paths: str) -> None:
        """Draw frames, each another picture, and scan them."""
        for path in paths:
            write_picture(self.root, path, width=WIDTH, height=HEIGHT, seed=len(list(self.root.rglob("*.*"))))
        self.scan()

    def decide(
        self, path: str, kind: DecisionKind = DecisionKind.ACCEPTED, *boxes: Box, session: str = "sitting"
    ) -> str:
        """Record a decision with drawn boxes; return its uuid."""
        verdicts = [Verdict(VerdictKind.ADDED, How.OBJECT, None, self.class_id, box) for box in boxes]
        made = Decision(
            uuid=str(uuid.uuid4()),
            frame_id=self.ids[path],
            kind=kind,
            mode=PresentationMode.NORMAL,
            run_frame_id=None,
            thresholds=Thresholds(),
            shown=(),
            verdicts=tuple(verdicts),
            timing=Timing(1.0, None, 2.0, 1.0, WHEN),
            reviewer="kim",
            session_uuid=session,
            width=WIDTH,
            height=HEIGHT,
        )
        self.do(lambda writer: writer.record_decision(made))
        return made.uuid

    def revoke(self, decision: str) -> None:
        self.do(lambda writer: writer.revoke_decision(decision, reason="undone"))

    def export(self, name: str = "out", **options) -> tuple[ExportReport, Path]:
        out = self.root.parent / name
        steps = export_job(self.store, out=out, options=ExportOptions(**options))
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value, out


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    opened = Project(tmp_path)
    yield opened
    opened.store.close()


# ------------------------------------------------------------------------------------------------ the sum
@dataclass
class Fate:
    """What became of one frame, as the test did it."""

    standing: list[tuple[DecisionKind, str]] = field(default_factory=list)
    file: str = "whole"
    error: bool = False

    def outcome(self) -> str:
        """Return `exported`, or why the frame is left out."""
        if not self.standing:
            return "failed" if self.error else "undecided"
        kind = self.standing[-1][0]
        if not kind.state.labelled:
            return kind.value
        return "exported" if self.file == "whole" and not self.error else "failed"


@pytest.mark.parametrize("seed", range(6))
def test_every_frame_is_exported_or_counted_as_left_out(project: Project, seed: int) -> None:
    draw = random.Random(seed)
    paths = [f"cam{number % 3}/shot{number % 5}/{number:04}.png" for number in range(40)]
    project.add(*paths)
    fates = {path: Fate() for path in paths}
    for path in draw.sample(paths, 34):
        _live(project, path, fates[path], draw)
    project.decide(paths[0])
    fates[paths[0]] = Fate([(DecisionKind.ACCEPTED, "")])
    write_picture(project.root, paths[0], width=WIDTH, height=HEIGHT)
    project.do(lambda writer: writer.set_frame_header(project.ids[paths[0]], FrameHeader(WIDTH, HEIGHT), sha256="00"))
    if seed % 2:
        project.scan()
        for fate in fates.values():
            # A file that changed is looked at anew; one that is gone is known to be.
            fate.error = fate.file == "gone" or (fate.error and fate.file == "whole")

    report, out = project.export(seed=seed, fractions=(0.6, 0.2, 0.2))
    expected = Counter(fate.outcome() for fate in fates.values())
    assert sum(report.frames.values()) == expected.pop("exported")
    assert report.left_out == {key: expected[key] for key in ("undecided", "rejected", "deferred", "failed")}
    assert sum(report.frames.values()) + sum(report.left_out.values()) == len(paths)
    assert {path for path, fate in fates.items() if fate.outcome() == "exported"} == set(by_source(out))
    spoilt = {path for path, fate in fates.items() if fate.standing and fate.outcome() == "failed"}
    assert {entry["source"] for entry in manifest(out)["failed"]} == spoilt
    assert spoilt == {path for path in paths if any(note.startswith(f"{path} left out: ") for note in report.notes)}


def _live(project: Project, path: str, fate: Fate, draw: random.Random) -> None:
    """Decide a frame a few times, take some of it back, and perhaps spoil its file."""
    for _ in range(draw.randint(0, 3)):
        kind = draw.choice(list(DecisionKind))
        boxes = [Box(1, 1, 9, 9)] * draw.randint(0, 1) if kind.state.labelled else []
        fate.standing.append((kind, project.decide(path, kind, *boxes)))
        if draw.random() < 0.3:
            project.revoke(fate.standing.pop()[1])
    file = project.root / path
    match draw.choice(["whole", "whole", "noted", "gone", "cut", "resized"]):
        case "noted":
            fate.error = True
            code = draw.choice([FrameErrorCode.DAMAGED, FrameErrorCode.TOO_LARGE])
            project.do(lambda writer: writer.set_frame_error(project.ids[path], code, ""))
        case "gone":
            fate.file = "gone"
            file.unlink()
        case "cut":
            fate.file = "cut"
            file.write_bytes(file.read_bytes()[:-20])
        case "resized":
            fate.file = "resized"
            write_picture(project.root, path, width=2 * WIDTH, height=2 * HEIGHT)


def test_with_nothing_labelled_there_is_nothing_to_export(project: Project) -> None:
    project.add("a.png", "b.png")
    project.decide("a.png", DecisionKind.REJECTED)
    with pytest.raises(ExportError, match="No frame is labelled yet"):
        project.export()


# ------------------------------------------------------------------------------------------------ single frames
def test_who_decided_a_background_and_when_is_in_the_manifest(project: Project) -> None:
    project.add("empty.png")
    project.decide("empty.png")
    report, out = project.export()
    entry = by_source(out)["empty.png"]
    assert report.backgrounds == 1
    assert (entry["objects"], entry["reviewer"], entry["decided_at"]) == ([], "kim", WHEN)


def test_a_replaced_picture_is_left_out_until_it_was_decided_again(project: Project) -> None:
    """Also once the project has seen the new one, so that it knows no other size any more."""
    project.add("a.png", "b.png")
    project.decide("a.png", DecisionKind.EDITED, Box(4, 3, 8, 9))
    project.decide("b.png")
    write_picture(project.root, "a.png", width=32, height=24, seed=9)
    project.scan()
    project.do(lambda writer: writer.set_frame_header(project.ids["a.png"], FrameHeader(32, 24), sha256=None))

    report, out = project.export()
    assert set(by_source(out)) == {"b.png"}
    assert report.left_out["failed"] == 1
    assert (
        "a.png left out: The picture was 16 x 12 pixels when it was labelled and is 32 x 24 now; open it again and "
        "check its boxes." in report.notes
    )
    write_picture(project.root, "a.png", width=WIDTH, height=HEIGHT, seed=9)
    report, out = project.export("again")
    assert label_of(out, by_source(out)["a.png"]).read_text() == "0 0.3750000 0.5000000 0.2500000 0.5000000\n"
    assert report.left_out["failed"] == 0


def test_a_labelled_frame_whose_file_went_missing_is_left_out_and_named(project: Project) -> None:
    project.add("a.png", "b.png")
    for path in ("a.png", "b.png"):
        project.decide(path)
    (project.root / "a.png").unlink()
    project.scan()
    report, out = project.export()
    assert set(by_source(out)) == {"b.png"}
    assert report.left_out == {"undecided": 0, "rejected": 0, "deferred": 0, "failed": 1}
    assert [note for note in report.notes if note.startswith("a.png left out: The file is no longer in the folder.")]


# ------------------------------------------------------------------------------------------------ splits
@pytest.mark.parametrize("hashed", [True, False])
def test_identical_files_share_a_split_once_they_were_read(project: Project, hashed: bool) -> None:
    """Two clips are dealt to train and val, unless they are known to hold the same picture."""
    for path in ("morning/0001.png", "evening/0001.png"):
        write_picture(project.root, path, width=WIDTH, height=HEIGHT, seed=1)
    project.scan()
    for path, frame_id in project.ids.items():
        project.decide(path)
        if hashed:
            project.do(lambda w, i=frame_id: w.set_frame_header(i, FrameHeader(WIDTH, HEIGHT), sha256="5e" * 32))
    report, out = project.export(fractions=(0.5, 0.5, 0.0))
    splits = {entry["split"] for entry in by_source(out).values()}
    assert splits == ({"train"} if hashed else {"train", "val"})
    assert any("another split than an identical one" in note for note in report.notes) is not hashed


def test_a_frame_stays_in_its_split_when_its_twin_is_found_later(project: Project) -> None:
    project.add(*(f"clip{number}/0001.png" for number in range(8)))
    for path in project.ids:
        project.decide(path)
    project.export(fractions=(0.5, 0.5, 0.0))
    with project.store.reader() as reader:
        before = reader.splits()
    for frame_id in project.ids.values():
        project.do(lambda w, i=frame_id: w.set_frame_header(i, FrameHeader(WIDTH, HEIGHT), sha256="5e" * 32))
    _, out = project.export("again", fractions=(0.5, 0.5, 0.0))
    assert {project.ids[source]: entry["split"] for source, entry in by_source(out).items()} == before
    assert set(before.values()) == {"train", "val"}


@pytest.mark.parametrize(("sittings", "checks"), [((True,), True), ((False,), False), ((True, False), False)])
def test_the_manifest_says_whether_all_was_decided_with_checks_on(
    project: Project, sittings: tuple[bool, ...], checks: bool
) -> None:
    for number, each in enumerate(sittings):
        project.add(f"{number}.png")
        session = project.do(lambda writer, each=each: writer.start_session("Ada", checks=each))
        project.decide(f"{number}.png", session=session)
    assert manifest(project.export()[1])["checks"] is checks
