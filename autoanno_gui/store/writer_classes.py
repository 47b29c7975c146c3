"""Writes about the project's classes. A class row is never deleted, so that old verdicts keep their meaning."""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Mapping
from typing import Final

from autoanno_gui.core.classes import SLOTS, clean_name, next_colour, next_slot
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.records import ClassRecord
from autoanno_gui.store.connection import immediate
from autoanno_gui.store.rows import now, read_classes
from autoanno_gui.store.writer_base import WriterBase

_COLOUR: Final = re.compile("#[0-9a-f]{6}")


class ClassWrites(WriterBase):
    """Classes only grow, merge, or are put away unused; each of these is an act of the user or of a model's class."""

    def add_class(self, name: str, *, colour: str | None = None, slot: int | None = None) -> ClassRecord:
        """Add a class; without a colour or a digit it gets the next free one.

        Raises:
            KnownError: the name is empty or taken, or the digit is taken.
        """
        with immediate(self.ledger) as conn:
            return self._add_class(conn, name, colour=colour, slot=slot)

    def _add_class(
        self, conn: sqlite3.Connection, name: str, *, colour: str | None = None, slot: int | None = None
    ) -> ClassRecord:
        classes = read_classes(conn)
        living = [record for record in classes if record.merged_into is None]
        name = _free_name(name, living)
        colour = _valid_colour(colour) if colour is not None else next_colour(record.colour for record in living)
        if slot is None:
            slot = next_slot(record.slot for record in classes)
        else:
            _check_slot(slot)
            holder = next((record for record in classes if record.slot == slot), None)
            if holder is not None:
                raise KnownError(f"The digit {slot} already sets the class “{holder.name}”; choose another digit.")
        class_id = conn.execute(
            "INSERT INTO class(uuid, name, colour, slot) VALUES (?, ?, ?, ?)", (str(uuid.uuid4()), name, colour, slot)
        ).lastrowid
        assert class_id is not None
        return ClassRecord(class_id, name, colour, slot)

    def rename_class(self, class_id: int, name: str) -> None:
        """Raises KnownError when the name is empty or taken by another class."""
        with immediate(self.ledger) as conn:
            _living(conn, class_id)
            others = [r for r in read_classes(conn) if r.merged_into is None and r.id != class_id]
            conn.execute("UPDATE class SET name = ? WHERE id = ?", (_free_name(name, others), class_id))

    def recolour_class(self, class_id: int, colour: str) -> None:
        with immediate(self.ledger) as conn:
            _living(conn, class_id)
            conn.execute("UPDATE class SET colour = ? WHERE id = ?", (_valid_colour(colour), class_id))

    def set_class_slots(self, slots: Mapping[int, int | None]) -> None:
        """Give classes their digits; a class that is not named keeps its own unless the digit goes to another."""
        wanted = [slot for slot in slots.values() if slot is not None]
        if len(set(wanted)) < len(wanted):
            raise ValueError(f"one digit for two classes: {slots}")
        with immediate(self.ledger) as conn:
            for class_id, slot in slots.items():
                _living(conn, class_id)
                if slot is not None:
                    _check_slot(slot)
                conn.execute("UPDATE class SET slot = NULL WHERE id = ? OR slot = ?", (class_id, slot))
            conn.executemany("UPDATE class SET slot = ? WHERE id = ?", [(slot, c) for c, slot in slots.items()])

    def merge_class(self, source: int, into: int) -> None:
        """Let one class stand for another from now on; recorded annotations keep theirs and are read as the new."""
        with immediate(self.ledger) as conn:
            old, new = _living(conn, source), _living(conn, into)
            if source == into:
                raise KnownError(f"“{old.name}” cannot be merged into itself; choose another class.")
            conn.execute("UPDATE class SET slot = NULL, merged_into = ? WHERE id = ?", (into, source))
            conn.execute("UPDATE class SET merged_into = ? WHERE merged_into = ?", (into, source))
            slot = new.slot if new.slot is not None else old.slot
            used = int(new.used or old.used)
            conn.execute("UPDATE class SET slot = ?, used = ? WHERE id = ?", (slot, used, into))
            conn.execute("UPDATE class_map SET class_id = ? WHERE class_id = ?", (into, source))

    def remove_class(self, class_id: int) -> None:
        """Put away a class that no annotation ever had, and those that were merged into it; a model's class that led to
        it becomes unmapped by choice.

        Raises:
            KnownError: annotations have it.
        """
        with immediate(self.ledger) as conn:
            record = _living(conn, class_id)
            if record.used:
                raise KnownError(f"“{record.name}” has annotations; merge it into another class instead.")
            conn.execute(
                "UPDATE class SET slot = NULL, removed = ? WHERE id = ? OR merged_into = ?", (now(), class_id, class_id)
            )
            conn.execute("UPDATE class_map SET class_id = NULL WHERE class_id = ?", (class_id,))

    def set_class_map(self, weights_hash: str, mapping: Mapping[int, int | None]) -> None:
        """Map classes of a model to classes of the project; None: unmapped by choice. Others stay as they are."""
        with immediate(self.ledger) as conn:
            conn.executemany(
                "INSERT OR REPLACE INTO class_map(weights_hash, model_class, class_id) VALUES (?, ?, ?)",
                [(weights_hash, model_class, class_id) for model_class, class_id in mapping.items()],
            )

    def _use_class(self, conn: sqlite3.Connection, class_id: int) -> None:
        """Note that an annotation has the class, and with it the one that stands for it by now.

        A class that was removed while the decision was on its way comes back.
        """
        name, used, into, removed = conn.execute(
            "SELECT name, used, merged_into, removed FROM class WHERE id = ?", (class_id,)
        ).fetchone()
        if removed is not None:
            namesake = conn.execute(
                "SELECT id FROM class WHERE name = ? AND merged_into IS NULL AND removed IS NULL", (name,)
            ).fetchone()
            into = namesake[0] if namesake is not None else None
            conn.execute("UPDATE class SET removed = NULL, merged_into = ? WHERE id = ?", (into, class_id))
        if not used:
            conn.execute("UPDATE class SET used = 1 WHERE id = ?", (class_id,))
        if into is not None:
            self._use_class(conn, into)


def _living(conn: sqlite3.Connection, class_id: int) -> ClassRecord:
    record = next((record for record in read_classes(conn) if record.id == class_id), None)
    if record is None or record.merged_into is not None:
        raise LookupError(f"no class {class_id}, or one that was merged or removed")
    return record


def _free_name(name: str, others: list[ClassRecord]) -> str:
    cleaned = clean_name(name)
    if not cleaned:
        raise KnownError("A class needs a name; type at least one character.")
    if any(record.name == cleaned for record in others):
        raise KnownError(f"There is already a class “{cleaned}”; choose another name.")
    return cleaned


def _valid_colour(colour: str) -> str:
    if _COLOUR.fullmatch(colour.lower()) is None:
        raise ValueError(f"not a colour: {colour}")
    return colour.lower()


def _check_slot(slot: int) -> None:
    if slot not in SLOTS:
        raise ValueError(f"not a digit from 1 to 9: {slot}")
