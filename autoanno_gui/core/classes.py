"""Names, colours and digits of project classes."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from autoanno_gui.core.records import ClassRecord

PALETTE: Final[tuple[str, ...]] = (
    "#dd7700",
    "#3311ff",
    "#77ddff",
    "#992222",
    "#ffdd00",
    "#aa88ff",
    "#eeaa88",
    "#bb5566",
    "#7722aa",
    "#8866bb",
    "#aaffbb",
    "#cc88aa",
)
"""Default colours, most distinct first: chosen by search so that any two stay apart in OKLab for normal sight, for
deuteranopia and for protanopia alike."""

SLOTS: Final = range(1, 10)
"""The digits that set a class."""


def next_colour(used: Iterable[str]) -> str:
    """Return the palette's first colour that is used least."""
    count = Counter(colour.lower() for colour in used)
    return min(PALETTE, key=lambda colour: count[colour])


def next_slot(used: Iterable[int | None]) -> int | None:
    """Return the lowest free digit, None when all nine are taken."""
    taken = set(used)
    return next((slot for slot in SLOTS if slot not in taken), None)


def clean_name(name: str) -> str:
    """Return a class name in one line: composed Unicode, control characters and runs of space as one space.

    An empty result means that the name holds nothing that can be shown.
    """
    kept = (_printable(character) for character in unicodedata.normalize("NFC", name))
    return " ".join("".join(kept).split())


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":  # half a character, which no UTF-8 file can hold
        return "\N{REPLACEMENT CHARACTER}"
    return " " if category == "Cc" else character


def match_by_name(model_classes: Sequence[str], project: Sequence[ClassRecord]) -> dict[int, int | None]:
    """Map each model class to the project class of the same cleaned, case-sensitive name; None where there is none.

    A name that only a merged class has leads to the class that took its place.
    """
    by_id = {record.id: record for record in project}
    ids: dict[str, int] = {}
    for record in sorted(project, key=lambda record: record.merged_into is None):
        ids[clean_name(record.name)] = living_class(record.id, by_id)
    return {number: ids.get(clean_name(name)) for number, name in enumerate(model_classes)}


def living_class(class_id: int, by_id: Mapping[int, ClassRecord]) -> int:
    """Follow merges from a class to the one that stands for it today.

    Raises:
        ValueError: the merges go round in a circle or lead to a class that is not there.
    """
    met = set()
    while (into := by_id[class_id].merged_into) is not None:
        met.add(class_id)
        if into in met or into not in by_id:
            raise ValueError(f"class {class_id} is merged into {into}, which leads nowhere")
        class_id = into
    return class_id
