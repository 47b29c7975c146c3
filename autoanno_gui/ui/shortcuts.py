"""The table of commands and keys: one source for menus, tooltips, the sheet of keys and the documentation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from autoanno_gui.resources import resource


class Context(StrEnum):
    """Where a key counts."""

    WINDOW = "window"
    CANVAS = "canvas"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One command.

    Attributes:
        id: dotted action id, also the QAction's object name.
        text: for menus.
        tip: one sentence.
        keys: portable key sequences; the first is the one that is shown.
        menu: the menu it is in, empty for none.
        group: commands of a menu are divided by it.
        repeat: whether holding the key repeats it.
        hold: it lasts while the key is held, so it is no shortcut.
    """

    id: str
    text: str
    tip: str
    keys: tuple[str, ...]
    context: Context
    menu: str = ""
    group: str = ""
    repeat: bool = False
    hold: bool = False


def load_specs(overrides: Mapping[str, Sequence[str]] | None = None) -> dict[str, ActionSpec]:
    """Return all commands by id, with the user's own keys in place of the default ones.

    Args:
        overrides: action id -> keys; ids that do not exist are ignored.
    """
    table: dict[str, Any] = tomllib.loads(resource("shortcuts.toml").read_text(encoding="utf-8"))
    specs = {action_id: _spec(action_id, row) for action_id, row in _rows(table)}
    for action_id, keys in (overrides or {}).items():
        if action_id in specs:
            specs[action_id] = replace(specs[action_id], keys=tuple(keys))
    return specs


def _rows(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for key, value in table.items():
        if not isinstance(value, dict):
            continue
        name = f"{prefix}{key}"
        if "text" in value:
            found.append((name, value))
        else:
            found += _rows(value, f"{name}.")
    return found


def _spec(action_id: str, row: Mapping[str, Any]) -> ActionSpec:
    return ActionSpec(
        id=action_id,
        text=row["text"],
        tip=row["tip"],
        keys=tuple(row.get("keys", ())),
        context=Context(row.get("context", "window")),
        menu=row.get("menu", ""),
        group=row.get("group", ""),
        repeat=row.get("repeat", False),
        hold=row.get("hold", False),
    )


def conflicts(specs: Mapping[str, ActionSpec]) -> list[tuple[str, str, str]]:
    """Return (key, action id, action id) for each key that two commands claim; contexts overlap, so none excuses it."""
    owners: dict[str, str] = {}
    found = []
    for spec in specs.values():
        for key in spec.keys:
            if key in owners:
                found.append((key, owners[key], spec.id))
            owners[key] = spec.id
    return found
