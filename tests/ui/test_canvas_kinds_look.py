"""What can be seen of masks, oriented boxes and keypoints, at rest, selected and under way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from autoanno_gui.core.box import Box
from autoanno_gui.core.geometry import Geometry
from autoanno_gui.core.keypoints import COCO_PERSON, Skeleton
from autoanno_gui.core.mask import Mask, Part
from autoanno_gui.core.oriented_box import OrientedBox
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.ui.canvas.notes import size_text
from autoanno_gui.ui.canvas.outline_handles import crossings
from autoanno_gui.ui.canvas.points_look import BodySide, body_sides
from autoanno_gui.ui.canvas.state import Spot
from autoanno_gui.ui.canvas.tags import TagMark, pieces_of, tagged_bounds
from autoanno_gui.ui.canvas.view import CanvasView
from tests.ui.canvas_kit import open_view, picture
from tests.ui.shapes_kit import (
    DARK,
    DARK_GREY,
    PAIR,
    SQUARE,
    TURNED,
    along,
    at,
    crowd,
    duty,
    figure,
    holed,
    pixels,
    ring,
    seen,
)

BOW = Mask.of_points([(100, 100), (300, 200), (300, 100), (100, 200)])


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    return open_view(qtbot)


# ---------------------------------------------------------------------------------------------------- masks at rest
def test_a_hole_shows_the_image_at_any_scaling(view: CanvasView) -> None:
    view.show_frame(picture(colour=DARK), [seen(1, holed())], selected=None)
    shot = pixels(view)
    assert at(view, shot, 200, 150) == DARK_GREY
    assert at(view, shot, 120, 150) > DARK_GREY + 20
    assert at(view, shot, 280, 150) > DARK_GREY + 20
    assert at(view, shot, 90, 150) == DARK_GREY
    assert duty(along(view, shot, (160, 130), (240, 130))) == 1.0  # the hole has an outline too


def test_rings_that_overlap_are_filled_by_the_even_odd_rule(view: CanvasView) -> None:
    both = Mask((Part(ring(SQUARE)), Part(ring(SQUARE) + np.array([100.0, 0.0]))))
    view.show_frame(picture(colour=DARK), [seen(1, both)], selected=None)
    shot = pixels(view)
    assert at(view, shot, 150, 150) > DARK_GREY + 20
    assert at(view, shot, 250, 150) == DARK_GREY
    assert at(view, shot, 350, 150) > DARK_GREY + 20


def test_all_parts_are_drawn(view: CanvasView) -> None:
    parts = Mask((Part(ring(SQUARE) - 80.0), Part(ring(SQUARE) + 80.0)))
    view.show_frame(picture(colour=DARK), [seen(1, parts)], selected=None)
    shot = pixels(view)
    assert at(view, shot, 100, 60) > DARK_GREY + 20
    assert at(view, shot, 300, 260) > DARK_GREY + 20
    assert at(view, shot, 300, 60) == DARK_GREY


def test_a_mask_within_another_does_not_bury_the_image_deeper(view: CanvasView) -> None:
    small = Mask.of_box(Box(180, 130, 220, 170))
    view.show_frame(picture(colour=DARK), [seen(1, Mask.of_points(SQUARE)), seen(2, small)], selected=None)
    shot = pixels(view)
    assert at(view, shot, 200, 150) == at(view, shot, 120, 150) > DARK_GREY


@pytest.mark.parametrize("shape", [Mask.of_points(SQUARE), OrientedBox(200, 150, 200, 100, 0.0), TURNED])
def test_roles_differ_without_colour(view: CanvasView, shape: Geometry) -> None:
    corners = shape.corners.tolist() if isinstance(shape, OrientedBox) else SQUARE
    (ax, ay), (bx, by) = corners[2], corners[3]  # the lower side, where no tag is
    inner = [(ax + (bx - ax) * share, ay + (by - ay) * share) for share in (0.1, 0.9)]
    duties = {}
    for role in (Role.CONFIRMED, Role.CANDIDATE, Role.GHOST):
        view.show_frame(picture(colour=DARK), [seen(1, shape, role)], selected=None)
        duties[role] = duty(along(view, pixels(view), inner[0], inner[1], reach=1))
    assert duties[Role.CONFIRMED] == 1.0
    assert 0.5 < duties[Role.CANDIDATE] < 0.85
    assert 0.15 < duties[Role.GHOST] < 0.5


def test_the_fills_of_the_roles_differ(view: CanvasView) -> None:
    inside = []
    for role in (Role.GHOST, Role.CANDIDATE, Role.CONFIRMED):
        view.show_frame(picture(colour=DARK), [seen(1, Mask.of_points(SQUARE), role)], selected=None)
        inside.append(at(view, pixels(view), 200, 150))
    assert DARK_GREY < inside[0] < inside[1] - 10 < inside[2] - 10


@pytest.mark.parametrize("background", ["#000000", "#808080", "#ffffff"])
@pytest.mark.parametrize("colour", ["#ffffff", "#808080", "#0a0a40", "#ffdd00"])
def test_a_line_reads_on_every_image(view: CanvasView, colour: str, background: str) -> None:
    view.show_frame(picture(colour=background), [seen(1, TURNED, colour=colour)], selected=None)
    a, b = TURNED.corners[2].tolist(), TURNED.corners[3].tolist()
    stripe = along(view, pixels(view), tuple(a), tuple(b), reach=3).astype(int)
    assert stripe.max() - stripe.min() >= 60


def test_a_box_in_a_segment_project_says_so(view: CanvasView) -> None:
    def marks(geometry: Geometry, task: Task | None, *, crossing: bool = False) -> list[TagMark]:
        pieces = pieces_of(seen(1, geometry, crossing=crossing), selected=False, task=task)
        return [piece.mark for piece in pieces if piece.mark is not TagMark.NONE]

    box = Box(100, 100, 300, 200)
    assert marks(box, Task.SEGMENT) == [TagMark.TICK, TagMark.BOX]
    assert marks(box, Task.DETECT) == marks(box, None) == [TagMark.TICK]
    assert marks(holed(), Task.SEGMENT) == [TagMark.TICK]
    assert marks(BOW, Task.SEGMENT, crossing=True) == [TagMark.TICK, TagMark.WARNING]
    view.state.task = Task.SEGMENT
    view.show_frame(picture(), [seen(1, box)], selected=None)
    marked = pixels(view)
    view.state.task = None
    view.show_frame(picture(), [seen(1, box)], selected=None)
    assert not np.array_equal(pixels(view), marked)


def test_the_tag_goes_beside_the_largest_part() -> None:
    crumb = Part(ring(SQUARE) * 0.1)
    assert tagged_bounds(Mask((crumb, Part(ring(SQUARE))))) == Box(100, 100, 300, 200)


# ---------------------------------------------------------------------------------------------------- oriented boxes
def test_an_oriented_box_is_drawn_at_its_corners(view: CanvasView) -> None:
    view.show_frame(picture(colour=DARK), [seen(1, TURNED)], selected=None)
    shot = pixels(view)
    corners = [tuple(corner) for corner in TURNED.corners.tolist()]
    for a, b in ((corners[1], corners[2]), (corners[2], corners[3]), (corners[3], corners[0])):
        assert duty(along(view, shot, a, b, reach=1)) > 0.97
    bounds = TURNED.bounds
    assert at(view, shot, bounds.x2 - 2, bounds.y1 + 2) == DARK_GREY
    assert at(view, shot, 200, 150) == DARK_GREY  # it is not filled


def test_a_selected_oriented_box_has_a_handle_that_turns_it(view: CanvasView) -> None:
    from autoanno_gui.ui.canvas.handles import obb_handles

    view.show_frame(picture(colour=DARK), [seen(1, TURNED)], selected=None)
    before = pixels(view)
    view.set_selected(1)
    after = pixels(view)
    handles = obb_handles(TURNED, view.camera)
    for x, y in [handles.turn, *map(tuple, handles.corners.tolist())]:
        assert at(view, after, x, y) == 255
    assert at(view, before, *handles.turn) == DARK_GREY


def test_the_size_is_told_with_the_angle() -> None:
    assert size_text(Box(0, 0, 40.2, 19.6)) == "40 × 20"
    assert size_text(OrientedBox(0, 0, 160, 60, 0.5)) == "160 × 60  29°"
    assert size_text(holed()) is None


# ---------------------------------------------------------------------------------------------------- keypoints
def test_a_hidden_keypoint_is_hollow_and_an_unlabelled_one_is_not_there(view: CanvasView) -> None:
    view.state.skeleton = PAIR
    view.show_frame(picture(colour=DARK), [seen(1, figure(2, 1, 0))], selected=None)
    shot = pixels(view)
    assert at(view, shot, 200, 120) > DARK_GREY + 100
    assert at(view, shot, 130, 170) == DARK_GREY
    reach = 5.0 * view.camera.ratio / view.camera.zoom
    assert along(view, shot, (130 - reach, 170), (130 + reach, 170), reach=0).max() > DARK_GREY + 100
    assert along(view, shot, (262, 170), (278, 170), reach=4).min() == DARK_GREY
    assert duty(along(view, shot, (186, 130), (144, 160), reach=1)) == 1.0  # the limb to the hidden one
    assert duty(along(view, shot, (214, 130), (256, 160), reach=1)) == 0.0


def test_an_unlabelled_keypoint_shows_once_its_object_is_selected(view: CanvasView) -> None:
    view.state.skeleton = PAIR
    view.show_frame(picture(colour=DARK), [seen(1, figure(2, 1, 0))], selected=1)
    assert along(view, pixels(view), (262, 170), (278, 170), reach=4).max() > DARK_GREY + 60


def test_left_and_right_differ_in_shape_not_only_in_colour(view: CanvasView) -> None:
    view.state.skeleton = PAIR
    view.show_frame(picture(colour=DARK), [seen(1, figure(0, 2, 2), colour="#ffffff")], selected=None)
    shot = pixels(view)
    left, top = view.camera.viewpoint.at(130, 170)
    other = view.camera.viewpoint.at(270, 170)
    reach = round(6 * view.camera.ratio)
    disc, diamond = (
        shot[round(y) - reach : round(y) + reach + 1, round(x) - reach : round(x) + reach + 1] > 200
        for x, y in ((left, top), other)
    )
    assert disc.sum() > 20
    assert diamond.sum() > 20
    assert not np.array_equal(disc, diamond)


def test_sides_come_from_names_and_mirror_pairs() -> None:
    sides = body_sides(COCO_PERSON)
    assert sides[0] is BodySide.MIDDLE
    assert [sides[i] for i in (1, 2, 15, 16)] == [BodySide.LEFT, BodySide.RIGHT, BodySide.LEFT, BodySide.RIGHT]
    assert body_sides(Skeleton(("R wing", "L wing"), (), (1, 0))) == (BodySide.RIGHT, BodySide.LEFT)
    assert body_sides(Skeleton(("a", "b", "tail"), (), (1, 0, 2))) == (
        BodySide.LEFT,
        BodySide.RIGHT,
        BodySide.MIDDLE,
    )


def test_the_roles_of_keypoints_differ_in_their_box(view: CanvasView) -> None:
    duties = []
    for role in (Role.CONFIRMED, Role.CANDIDATE, Role.GHOST):
        view.show_frame(picture(colour=DARK), [seen(1, figure(2, 2, 2), role)], selected=None)
        duties.append(duty(along(view, pixels(view), (110, 200), (290, 200), reach=1)))
    assert duties[0] == 1.0
    assert duties[0] > duties[1] + 0.1 > duties[2] + 0.2


def test_the_point_under_the_pointer_is_named(view: CanvasView) -> None:
    view.state.skeleton = PAIR
    view.show_frame(picture(colour=DARK), [seen(1, figure(2, 2, 2))], selected=1)
    before = pixels(view)
    view.state.spot = Spot(0, 1)
    named = pixels(view)
    view.state.spot = Spot(0, 2)
    other = pixels(view)
    assert not np.array_equal(named, before)
    beside = along(view, named, (140, 170), (180, 170), reach=6)
    assert (beside > 200).any()
    assert (beside < 40).any()
    assert not np.array_equal(named, other)


# ---------------------------------------------------------------------------------------------------- selected masks
def test_a_selected_mask_is_lighter_and_shows_its_vertices(view: CanvasView) -> None:
    view.show_frame(picture(colour=DARK), [seen(1, holed(), Role.CANDIDATE)], selected=None)
    rest = pixels(view)
    view.set_selected(1)
    shot = pixels(view)
    assert DARK_GREY < at(view, shot, 120, 150) < at(view, rest, 120, 150)
    assert duty(along(view, shot, (120, 200), (280, 200), reach=1)) == 1.0
    for x, y in [*SQUARE, (150, 130), (250, 170)]:
        assert at(view, shot, x, y) == 255


def test_dense_vertices_show_near_the_pointer_only(view: CanvasView) -> None:
    dense = crowd(1, points=400)[0]
    view.show_frame(picture(colour=DARK), [dense], selected=dense.id)
    view.cursor_moved.emit(None)
    without = pixels(view)
    view.cursor_moved.emit((20.0, 24.0))
    assert (pixels(view) > 250).sum() > (without > 250).sum() + 10
    view.cursor_moved.emit((300.0, 200.0))
    assert np.array_equal(pixels(view), without)


def test_the_vertex_or_edge_under_the_pointer_is_marked(view: CanvasView) -> None:
    view.show_frame(picture(colour=DARK), [seen(1, holed())], selected=1)
    looks = [pixels(view)]
    for spot in (Spot(0, 2), Spot(0, 2, edge=True), Spot(1, 2)):
        view.state.spot = spot
        looks.append(pixels(view))
    changed = [np.argwhere(look != looks[0]) for look in looks[1:]]
    places = [view.camera.viewpoint.at(x, y) for x, y in ((300, 200), (200, 200), (250, 170))]
    for found, (x, y) in zip(changed, places, strict=True):
        top, left = found.mean(axis=0)
        assert (left, top) == pytest.approx((x, y), abs=4 * view.camera.ratio)
    view.state.spot = Spot(7, 99)  # the outline changed under the pointer
    assert np.array_equal(pixels(view), looks[0])


def test_an_outline_that_crosses_itself_is_marked_where_it_does(view: CanvasView) -> None:
    assert crossings(BOW) == ((200.0, 150.0),)
    assert crossings(holed()) == ()
    view.show_frame(picture(colour=DARK), [seen(1, BOW)], selected=1)
    plain = pixels(view)
    view.show_objects([seen(1, BOW, crossing=True)], selected=1)
    shot = pixels(view)
    x, y = view.camera.viewpoint.at(200, 150)
    reach = round(10 * view.camera.ratio)
    near = slice(round(y) - reach, round(y) + reach), slice(round(x) - reach, round(x) + reach)
    assert not np.array_equal(shot[near], plain[near])


def test_several_selected_stand_out_without_handles(view: CanvasView) -> None:
    objects = [seen(1, Mask.of_box(Box(20, 20, 100, 100))), seen(2, Mask.of_box(Box(200, 20, 300, 100)))]
    view.show_frame(picture(colour=DARK), objects, selected=2)
    alone = pixels(view)
    view.set_selected(2, also=frozenset([1]))
    both = pixels(view)
    assert at(view, both, 60, 60) < at(view, alone, 60, 60)
    assert at(view, both, 200, 100) == 255
    assert at(view, both, 20, 100) < 250


def test_a_changed_mask_is_drawn_as_if_all_were_shown_anew(view: CanvasView) -> None:
    shapes: list[Geometry] = [holed(), TURNED, Mask.of_points(SQUARE).moved(40, 30), figure(2, 1, 2)]
    objects = [seen(i, shape) for i, shape in enumerate(shapes)]
    view.show_frame(picture(colour=DARK), objects, selected=None)
    pixels(view)
    moved = seen(1, TURNED.moved(30, -20), Role.CANDIDATE)
    view.update_object(1, moved)
    updated = pixels(view)
    view.show_frame(picture(2, colour=DARK), [objects[0], moved, *objects[2:]], selected=None)
    assert np.array_equal(pixels(view), updated)
    view.set_selected(0)
    pixels(view)
    view.set_selected(None)
    assert np.array_equal(pixels(view), updated)


def test_hiding_hides_every_kind(view: CanvasView) -> None:
    view.show_frame(picture(), [], selected=None)
    bare = pixels(view)
    objects = [seen(1, holed()), seen(2, TURNED), seen(3, figure(2, 1, 2)), seen(4, Box(10, 10, 50, 50))]
    for selected in (None, 1, 2, 3):
        view.show_objects(objects, selected=selected)
        assert not np.array_equal(pixels(view), bare)
        view.set_overlay_visible(False)
        assert np.array_equal(pixels(view), bare)
        view.set_overlay_visible(True)


# ---------------------------------------------------------------------------------------------------- scaling
@pytest.mark.parametrize("scale", ["2", "1.5"])
def test_shapes_look_the_same_on_a_scaled_screen(scale: str) -> None:
    env = {**os.environ, "QT_SCALE_FACTOR": scale}
    env.pop("PYTEST_CURRENT_TEST", None)
    here = Path(__file__)
    files = [str(here), str(here.with_name("test_canvas_crowds.py")), str(here.with_name("test_canvas_under_way.py"))]
    chosen = "hole_shows or oriented_box or keypoint or selected_mask or crosses_itself or loupe or follow_a_pan"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", chosen],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
