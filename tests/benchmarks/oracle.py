"""A reviewer who knows the truth: makes each frame equal to its labels with the cheapest acts that the program has.

The policy, frame by frame; "cheapest" is by the keystroke-level model, the ways of the hand included.

1. Look: pay for the frame and for each object that is shown.
2. Move the threshold by keys when that takes less, all in all, than confirming ghosts or rejecting candidates one by
   one. What is hidden by that counts as rejected, so it is found wrong first.
3. Pair candidates with labels, equal classes first. One that has the label's class and overlaps it by `tight` stays as
   it is. Any other is found wrong, which is paid for once, and is
   * rejected when no label is left for it;
   * given the label's class by a digit, by W, by typing, or by a click on the class in its panel;
   * reshaped by arrow keys, by an edge snap (E held and a click for each side), or by dragging a corner;
   * rejected and drawn anew where that is cheaper.
4. Ghosts that stand for what is still missing: shown with G when showing, looking and confirming them takes less than
   drawing what they stand for. Each is reached by Tab and confirmed with Enter, or clicked; G again hides the rest.
5. All of this in the order in which the next object is reached most cheaply, by Tab or with a click. Where everything
   that can be selected is to be rejected, or all ghosts are right, they go at once, with Ctrl+A.
6. What still is missing is drawn, class by class, those of the last class first; the first class is chosen before the
   hand leaves the keys.
7. Space; twice where the window asks something.

Which of several plans is the cheapest is thought out in `oracle_plan` before a key is pressed. Without predictions only
the last two points are left: that is drawing everything by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.records import PresentationMode
from autoanno_gui.core.review_objects import SAME_GEOMETRY_IOU, ReviewObject, Role
from autoanno_gui.review.session import HIGHEST_THRESHOLD, LOWEST_THRESHOLD
from tests.benchmarks.hands import Hands
from tests.benchmarks.keystrokes import CLICK, FIND_WRONG, KEY, LOOK_AT_OBJECT, POINT, Place
from tests.benchmarks.oracle_plan import (
    Plan,
    Planner,
    Start,
    View,
    accepts_all,
    ghost_in_the_way,
    in_drawing_order,
    price_of,
    rejects_all,
    steps,
)
from tests.benchmarks.reshaping import Reshaping
from tests.benchmarks.truth import Label, Thing, Truth

KEEP_IOU: Final = 0.75
"""A box that overlaps its label by this much is left as it is."""
MOST_TRIES: Final = 3
THRESHOLD_STEP: Final = 0.05
MOST_STEPS: Final = 9
"""How far from the present threshold a better one is looked for."""
CARRIED: Final = 0.5
"""Seconds for each step by which the next frame is met at another than the usual threshold: the way back, and the
objects that have to be judged until then."""


@dataclass
class Acts:
    """What the oracle did on one frame.

    Attributes:
        path: of the frame, escaped.
        seconds: all that the frame took.
        in_dialogs: those of them that went to typing in a dialog.
        verbs: what became of the objects, counted by the definitions of the metrics: accepted, rejected, class_changed,
            geometry_edited (overlap with the prediction below 0.98), promoted, added.
    """

    path: str
    labels: list[Label] = field(default_factory=list)
    seconds: float = 0.0
    in_dialogs: float = 0.0
    verbs: Counter[str] = field(default_factory=Counter)


class Oracle:
    """Judges what is shown against the truth.

    It never looks at a proposal that it could not see by pressing G. It does know beforehand whether that is worth it,
    so its figures are the best that the program allows, not what a person reaches.
    """

    def __init__(self, hands: Hands, truth: Truth, *, tight: float = KEEP_IOU, threshold: float | None = None) -> None:
        """Take what is needed.

        Args:
            tight: boxes that overlap their label by less are fixed.
            threshold: the usual display threshold, a multiple of 0.05; None for the one that the window has.
        """
        self._hands = hands
        self._truth = truth
        self._tight = tight
        self._usual = threshold if threshold is not None else hands.session.thresholds.default
        self._seen: dict[int, Thing] = {}
        """The candidates of the open frame as the model proposed them."""
        self._rejected: set[int] = set()
        self._promoted: dict[int, Thing] = {}
        self._added = 0

    def review(self) -> Acts:
        """Bring the open frame to an end."""
        hands = self._hands
        frame, document, meter = hands.session.frame, self._document(), hands.meter
        assert frame is not None
        seconds, in_dialogs = meter.seconds, meter.in_dialogs
        acts = Acts(frame.path)
        acts.labels = self._truth.labels(frame.path, width=document.width, height=document.height)
        self._seen, self._rejected, self._promoted, self._added = {}, set(), {}, 0
        if hands.session.fault is None:
            meter.look(len(hands.window.canvas.state.objects))
            self._see_candidates(document)
            planner = Planner(acts.labels, document.width, document.height, self._tight, hands.keys_of_class)
            self._judge(document, planner)
            acts.verbs = self._verbs(document)
        hands.decide()
        acts.seconds, acts.in_dialogs = meter.seconds - seconds, meter.in_dialogs - in_dialogs
        return acts

    def _document(self) -> Document:
        document = self._hands.session.document
        assert document is not None
        return document

    def _things(self, items: Sequence[ReviewObject]) -> list[Thing]:
        classes = self._hands.session.classes
        return [Thing(item.id, classes[item.class_id].name, item.geometry.bounds) for item in items]

    # ------------------------------------------------------------------------------------------------ counting
    def _see_candidates(self, document: Document) -> None:
        self._seen |= {thing.id: thing for thing in self._things(document.in_role(Role.CANDIDATE))}

    def _verbs(self, document: Document) -> Counter[str]:
        """Count what the acts come to, from what was proposed, what was pressed and what is on the screen now."""
        verbs = Counter(added=self._added)
        there = {thing.id: thing for thing in self._things(document.in_role(Role.CANDIDATE, Role.CONFIRMED))}
        for object_id, before in (self._seen | self._promoted).items():
            now = there.get(object_id)
            if object_id in self._rejected or now is None:
                verbs["rejected"] += object_id in self._seen
                continue
            renamed, reshaped = now.name != before.name, now.box.iou(before.box) < SAME_GEOMETRY_IOU
            verbs["class_changed"] += renamed
            verbs["geometry_edited"] += reshaped
            verbs["promoted" if object_id in self._promoted else "edited" if renamed or reshaped else "accepted"] += 1
        return +verbs

    # ------------------------------------------------------------------------------------------------ judging
    def _judge(self, document: Document, planner: Planner) -> None:
        self._move_threshold(document, planner)
        plan, _ = self._best(planner, self._view(document), self._start())
        if plan.ghosts and not self._hands.session.objects.ghosts_shown:
            self._hands.press("object.show_ghosts")
            self._hands.meter.look_at_more(len(document.in_role(Role.GHOST)))
        lost = self._work_off(document, planner, dict(plan.todo))
        self._draw(document, [*plan.missing, *lost])
        if self._hands.session.objects.ghosts_wanted:
            self._hands.press("object.show_ghosts")

    def _best(self, planner: Planner, view: View, start: Start) -> tuple[Plan, float]:
        """Return the plan that takes least, and what it takes."""
        plans = planner.plans(view, shown=start.ghosts_shown)
        return min(((plan, planner.price(plan, view, start)) for plan in plans), key=lambda one: one[1])

    def _view(self, document: Document) -> View:
        candidates = document.review_order(ghosts=False)
        items = [item for object_id in candidates if (item := document.get(object_id)) is not None]
        return View(tuple(self._things(items)), tuple(self._things(document.in_role(Role.GHOST))))

    def _start(self) -> Start:
        objects = self._hands.session.objects
        return Start(objects.selected, objects.ghosts_shown, self._last_class(), self._hands.meter.hand)

    # ------------------------------------------------------------------------------------------------ the threshold
    def _move_threshold(self, document: Document, planner: Planner) -> None:
        """Show more or fewer candidates where that takes less than confirming or rejecting them one by one."""
        meter, thresholds = self._hands.meter, self._hands.session.thresholds
        if document.mode is not PresentationMode.NORMAL:
            return
        proposals = [(self._things([item])[0], item.confidence or 0.0) for item in document]
        start, before = self._start(), {thing.id for thing in self._view(document).candidates}
        prices: dict[int, float] = {}
        for step in range(-MOST_STEPS, MOST_STEPS + 1):
            threshold = round(thresholds.default + step * THRESHOLD_STEP, 2)
            if not LOWEST_THRESHOLD <= threshold <= HIGHEST_THRESHOLD:
                continue
            view = View.at(threshold, proposals, floor=thresholds.ghost_floor)
            now = {thing.id for thing in view.candidates}
            seen = now | ({thing.id for thing in view.ghosts} if start.ghosts_shown else set())
            kept = start.selected if start.selected in seen else None
            selected = kept if kept is not None else view.candidates[0].id if view.candidates else None
            plan, seconds = self._best(planner, view, replace(start, selected=selected))
            seconds += KEY * abs(step) + CARRIED * abs(round((threshold - self._usual) / THRESHOLD_STEP))
            seconds += LOOK_AT_OBJECT * len(now - before) + FIND_WRONG * len(before - now - plan.todo.keys())
            prices[step] = seconds
        if best := min(prices, key=lambda step: (round(prices[step], 3), abs(step))):
            for _ in range(abs(best)):
                self._hands.press("threshold.raise" if best > 0 else "threshold.lower")
            self._see_candidates(document)
            now = {thing.id for thing in self._view(document).candidates}
            meter.look_at_more(len(now - before))
            plan, _ = self._best(planner, self._view(document), self._start())
            for _ in before - now - plan.todo.keys():
                meter.find_wrong()

    # ------------------------------------------------------------------------------------------------ proposals
    def _work_off(self, document: Document, planner: Planner, todo: dict[int, Label | None]) -> list[Label]:
        """Reject (None) or correct objects, always the one that is reached most cheaply.

        Returns the labels of ghosts that went away meanwhile: they were duplicates of what was confirmed before them.
        """
        lost: list[Label] = []
        while todo:
            objects = self._hands.session.objects
            order = document.review_order(ghosts=objects.ghosts_shown)
            for object_id in [each for each in todo if each not in order]:
                lost += [label] if (label := todo.pop(object_id)) is not None else []
            ghosts = {thing.id: thing for thing in self._view(document).ghosts} if objects.ghosts_shown else {}
            if rejects_all(todo, order):
                self._all_at_once("object.reject")
                self._rejected |= todo.keys()
                for _ in todo:
                    self._hands.meter.find_wrong()
                break
            if accepts_all(todo, list(ghosts), planner.fits, ghosts):
                self._all_at_once("object.accept")
                self._promoted |= {each: ghosts[each] for each in todo if each not in self._seen}
                break
            if todo:
                object_id = min(todo, key=lambda each: abs(self._steps_to(document, each)))
                self._correct(document, planner, object_id, todo.pop(object_id))
        return lost

    def _all_at_once(self, action_id: str) -> None:
        self._hands.press("object.select_all")
        self._hands.press(action_id)

    def _steps_to(self, document: Document, object_id: int) -> int:
        """Return how often Tab (negative: Shift+Tab) leads from the selected object to another."""
        objects = self._hands.session.objects
        return steps(document.review_order(ghosts=objects.ghosts_shown), objects.selected, object_id)

    def _is_ghost(self, document: Document, object_id: int) -> bool:
        item = document.get(object_id)
        return item is not None and document.role(item) is Role.GHOST

    def _reach(self, document: Document, object_id: int) -> None:
        """Select an object by keys or with a click, whichever is cheaper; a click on a ghost adopts it as well."""
        hands = self._hands
        steps = self._steps_to(document, object_id)
        adopting = self._is_ghost(document, object_id)
        by_keys = hands.meter.price(KEY * (abs(steps) + adopting), "keys", then="keys")
        by_mouse = hands.meter.price(POINT + CLICK, "mouse", then="keys")
        at = hands.clicks_on(object_id) if by_mouse < by_keys else None
        if at is not None:
            hands.click(*at)
            # A second click on a spot means what lies below; then the keys have to do.
            steps = self._steps_to(document, object_id)
        for _ in range(abs(steps)):
            hands.press("object.next" if steps > 0 else "object.previous")
        if hands.session.objects.selected != object_id:
            raise RuntimeError(f"object {object_id} was not reached but {hands.session.objects.selected}")

    def _correct(self, document: Document, planner: Planner, object_id: int, label: Label | None) -> None:
        hands = self._hands
        item = document.get(object_id)
        assert item is not None
        thing = self._things([item])[0]
        if self._is_ghost(document, object_id) and object_id not in self._seen:
            self._promoted[object_id] = thing
        if label is None or not planner.fits(label, thing):
            hands.meter.find_wrong()
        self._reach(document, object_id)
        if label is None:
            hands.press("object.reject")
            self._rejected.add(object_id)
            return
        if thing.name != label.name:
            hands.give_class(label.name, then="keys", swaps=self._swaps_to(label.name))
        if thing.box.iou(label.box) < planner.tight:
            self._reshape(document, planner, object_id, label.box)
        elif self._is_ghost(document, object_id):
            hands.press("object.accept")

    # ------------------------------------------------------------------------------------------------ reshaping
    def _reshape(self, document: Document, planner: Planner, object_id: int, target: Box) -> None:
        """Make the selected object fit; again where a pixel of the screen was too coarse."""
        for _ in range(MOST_TRIES):
            item = document.get(object_id)
            assert item is not None
            if item.geometry.bounds.iou(target) >= planner.tight:
                return
            found = planner.ways(item.geometry.bounds, target)
            self._apply(min(found, key=lambda way: price_of(way, self._hands.meter)))
        raise RuntimeError(f"object {object_id} cannot be made to fit {target}")

    def _apply(self, way: Reshaping) -> None:
        for key in way.keys:
            self._hands.press(key)
        if way.snaps:
            self._hands.snap(way.snaps)
        elif way.corner is not None:
            self._hands.drag_corner(*way.corner)

    def _swaps_to(self, name: str) -> int | None:
        """Return how often W leads from the selected object's class to another, None when it never does."""
        session = self._hands.session
        document, selected = session.document, session.objects.selected
        item = document.get(selected) if document is not None and selected is not None else None
        if document is None or item is None:
            return None
        choices = [class_id for class_id, score in document.second_choices(item.id) if score > 0.0]
        names = [session.classes[class_id].name for class_id in choices]
        if name not in names or len(names) < 2:
            return None
        at = choices.index(item.class_id) if item.class_id in choices else -1
        return (names.index(name) - at) % len(names)

    # ------------------------------------------------------------------------------------------------ missing objects
    def _draw(self, document: Document, missing: list[Label]) -> None:
        """Draw what no proposal stands for, class by class, so that few keys change the class."""
        hands = self._hands
        ghosts = self._view(document).ghosts if hands.session.objects.ghosts_shown else ()
        if any(ghost_in_the_way(label.box, ghosts) for label in missing):
            hands.press("object.show_ghosts")
        last = self._last_class()
        todo = in_drawing_order(missing, last)
        if todo and todo[0].name != last and hands.meter.hand == "keys" and hands.session.classes:
            self._choose_class(todo[0].name, single=len(todo) == 1)
        for at, label in enumerate(todo):
            self._draw_one(label, then="mouse" if at + 1 < len(todo) else "keys")

    def _last_class(self) -> str | None:
        last_class = self._hands.session.objects.last_class
        record = self._hands.session.classes.get(last_class) if last_class is not None else None
        return record.name if record is not None else None

    def _choose_class(self, name: str, *, single: bool) -> None:
        """Choose the class of what is drawn next while the hand is at the keys; nothing may be selected for that."""
        selected = self._hands.session.objects.selected is not None
        if (selected and single) or not self._hands.knows_class(name):
            return  # given after drawing it needs no Esc before it; a new one is only used where something is selected
        if selected:
            self._hands.press("edit.escape")
        if self._hands.session.objects.selected is None:
            self._hands.give_class(name, then="mouse")

    def _draw_one(self, label: Label, *, then: Place) -> None:
        hands = self._hands
        before = hands.session.objects.selected
        if hands.session.classes:
            hands.draw(label.box)
        else:
            hands.draw(label.box, before_release=lambda: hands.await_class_picker(label.name))
            hands.wait_until_active()
            hands.wait_for_class(label.name)
        if hands.session.objects.selected == before:
            raise RuntimeError(f"no box was drawn at {label.box}")
        self._added += 1
        if hands.class_in_hand() != label.name:
            hands.give_class(label.name, then=then)
