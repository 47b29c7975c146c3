"""A reviewer who knows the truth: makes each frame equal to its labels with as few acts as the program lets it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from autoanno_gui.core.box import Box
from autoanno_gui.core.document import Document
from autoanno_gui.core.review_objects import ReviewObject, Role
from tests.benchmarks.hands import Hands
from tests.benchmarks.keystrokes import CLICK, HAND, KEY, POINT
from tests.benchmarks.truth import Label, Thing, Truth, match

CLOSE: Final = 0.02
"""Share of a side by which a corner may be off and is left alone."""


class Oracle:
    """Judges what is shown against the truth.

    It never looks at a proposal that it could not see by pressing G. It does know beforehand whether that is worth it,
    so its figures are the best that the program allows, not what a person reaches.
    """

    def __init__(self, hands: Hands, truth: Truth, *, tight: float) -> None:
        """Take what is needed.

        Args:
            tight: matched boxes that overlap their label by less are reshaped.
        """
        self._hands = hands
        self._truth = truth
        self._tight = tight

    def review(self) -> tuple[str, list[Label]]:
        """Bring the open frame to an end. Returns its path and labels."""
        hands = self._hands
        frame, document = hands.session.frame, self._document()
        assert frame is not None
        labels = self._truth.labels(frame.path, width=document.width, height=document.height)
        if hands.session.fault is None:
            hands.meter.look(len(hands.window.canvas.state.objects))
            self._judge(document, labels)
        hands.decide()
        return frame.path, labels

    def _document(self) -> Document:
        document = self._hands.session.document
        assert document is not None
        return document

    def _things(self, items: Sequence[ReviewObject]) -> list[Thing]:
        classes = self._hands.session.classes
        return [Thing(item.id, classes[item.class_id].name, item.geometry) for item in items]

    def _judge(self, document: Document, labels: list[Label]) -> None:
        candidates = self._things(document.in_role(Role.CANDIDATE))
        matched = match(labels, candidates)
        kept = {thing.id for thing in matched.values()}
        todo: dict[int, Label | None] = {thing.id: None for thing in candidates if thing.id not in kept}
        todo |= {thing.id: labels[i] for i, thing in matched.items() if not self._fits(labels[i], thing)}
        ghosts = match(labels, self._things(document.in_role(Role.GHOST)), taken=matched)
        if ghosts and not self._hands.session.objects.ghosts_shown:
            self._show_ghosts(len(document.in_role(Role.GHOST)))
        todo |= {thing.id: labels[i] for i, thing in ghosts.items()}
        missing = [label for i, label in enumerate(labels) if i not in matched and i not in ghosts]
        self._draw(document, missing + self._work_off(document, todo))
        if self._hands.session.objects.ghosts_wanted:
            self._hands.press("object.show_ghosts")

    def _fits(self, label: Label, thing: Thing) -> bool:
        return label.name == thing.name and thing.box.iou(label.box) >= self._tight

    def _show_ghosts(self, count: int) -> None:
        self._hands.press("object.show_ghosts")
        self._hands.meter.look_at_more(count)

    # ------------------------------------------------------------------------------------------------ proposals
    def _work_off(self, document: Document, todo: dict[int, Label | None]) -> list[Label]:
        """Reject (None) or correct objects, always the one that is reached most cheaply.

        Returns the labels of ghosts that went away meanwhile: they were duplicates of what was confirmed before them.
        """
        lost: list[Label] = []
        while todo:
            order = document.review_order(ghosts=self._hands.session.objects.ghosts_shown)
            for object_id in [each for each in todo if each not in order]:
                lost += [label] if (label := todo.pop(object_id)) is not None else []
            if todo:
                object_id = min(todo, key=lambda each: abs(self._steps_to(document, each)))
                self._reach(document, object_id)
                self._correct(document, object_id, todo.pop(object_id))
        return lost

    def _steps_to(self, document: Document, object_id: int) -> int:
        """Return how often Tab (negative: Shift+Tab) leads from the selected object to another."""
        objects = self._hands.session.objects
        order = document.review_order(ghosts=objects.ghosts_shown)
        at = order.index(object_id)
        if objects.selected in order:
            forward = (at - order.index(objects.selected)) % len(order)
            return forward if forward <= len(order) - forward else forward - len(order)
        return at + 1 if at + 1 <= len(order) - at else at - len(order)

    def _is_ghost(self, document: Document, object_id: int) -> bool:
        item = document.get(object_id)
        return item is not None and document.role(item) is Role.GHOST

    def _reach(self, document: Document, object_id: int) -> None:
        """Select an object by keys or with a click, whichever is cheaper; a click on a ghost adopts it as well."""
        hands = self._hands
        steps = self._steps_to(document, object_id)
        adopting = self._is_ghost(document, object_id)
        by_keys = KEY * (abs(steps) + adopting) + (HAND if hands.meter.hand == "mouse" else 0.0)
        by_mouse = POINT + CLICK + HAND * (2 if hands.meter.hand == "keys" else 1)
        at = hands.clicks_on(object_id) if by_mouse < by_keys else None
        if at is not None:
            hands.click(*at)
            # A second click on a spot means what lies below; then the keys have to do.
            steps = self._steps_to(document, object_id)
        for _ in range(abs(steps)):
            hands.press("object.next" if steps > 0 else "object.previous")
        if hands.session.objects.selected != object_id:
            raise RuntimeError(f"object {object_id} was not reached but {hands.session.objects.selected}")

    def _correct(self, document: Document, object_id: int, label: Label | None) -> None:
        hands = self._hands
        was_ghost = self._is_ghost(document, object_id)
        if label is None:
            hands.meter.find_wrong()
            hands.press("object.reject")
            return
        item = document.get(object_id)
        assert item is not None
        if hands.session.classes[item.class_id].name != label.name:
            hands.meter.find_wrong()
            self._set_class(label.name)
        elif was_ghost:
            hands.press("object.accept")
        if item.geometry.iou(label.box) < self._tight:
            hands.meter.find_wrong()
            self._reshape(document, object_id, label.box)

    def _reshape(self, document: Document, object_id: int, target: Box) -> None:
        """Drag the upper left and the lower right corner to where they belong, as far as they are off."""
        self._reach(document, object_id)
        item = document.get(object_id)
        assert item is not None
        across, down = CLOSE * target.width, CLOSE * target.height
        now = item.geometry
        if abs(now.x1 - target.x1) > across or abs(now.y1 - target.y1) > down:
            self._hands.drag_corner((now.x1, now.y1), (target.x1, target.y1))
            item = document.get(object_id)
            assert item is not None
            now = item.geometry
        if abs(now.x2 - target.x2) > across or abs(now.y2 - target.y2) > down:
            self._hands.drag_corner((now.x2, now.y2), (target.x2, target.y2))

    # ------------------------------------------------------------------------------------------------ classes
    def _set_class(self, name: str) -> None:
        """Give the selected object a class with as few keys as may be: the model's next choices, a digit, or typing."""
        hands = self._hands
        swaps = self._swaps_to(name)
        slot = next((record.slot for record in hands.session.classes.values() if record.name == name), None)
        if slot is not None:
            hands.press(f"object.set_class_{slot}")
        elif swaps is not None and swaps <= 3:
            for _ in range(swaps):
                hands.press("object.swap_class")
        else:
            hands.type_class(name)
            hands.wait_for_class(name)

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
        if any(self._would_adopt(document, label.box) for label in missing):
            hands.press("object.show_ghosts")
        classes, last_class = hands.session.classes, hands.session.objects.last_class
        last = classes[last_class].name if last_class in classes else None
        for label in sorted(missing, key=lambda one: (one.name != last, one.name)):
            before = hands.session.objects.selected
            if hands.session.classes:
                hands.draw(label.box)
            else:
                hands.draw(label.box, before_release=lambda name=label.name: hands.await_class_picker(name))  # type: ignore[misc]
                hands.wait_until_active()
                hands.wait_for_class(label.name)
            if hands.session.objects.selected == before:
                raise RuntimeError(f"no box was drawn at {label.box}")
            if hands.selected_class() != label.name:
                self._set_class(label.name)

    def _would_adopt(self, document: Document, box: Box) -> bool:
        if not self._hands.session.objects.ghosts_shown:
            return False
        return any(item.geometry.iou(box) >= 0.5 for item in document.in_role(Role.GHOST))
