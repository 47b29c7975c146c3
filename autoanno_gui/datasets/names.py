"""File names for an export: unique, and the same on every system.

A picture and its label file find each other by their stem alone, in one flat folder. `a.jpg` and `a.png`, `cam_a/0001`
and `cam_b/0001`, or two names that some systems hold for one (capitals, composed and decomposed accents) must not meet.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

MAX_STEM_BYTES: Final = 120
"""Leaves room for endings and a trainer's temporary names, in encrypted home folders (143 bytes) and under Windows (a
path of 260 letters) too."""

_HASH_DIGITS: Final = 8
_FORBIDDEN: Final = frozenset('<>:"/\\|?*')
_DEVICES: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"]
)
# Joiners shape emoji and several scripts; all other invisible letters only disguise a name.
_JOINERS: Final = frozenset("\u200c\u200d")
_UNSAFE_CATEGORIES: Final = frozenset(["Cc", "Cf", "Cs", "Co", "Zl", "Zp"])


def target_stems(paths: Iterable[str]) -> dict[str, str]:
    """Return a unique, portable stem for each escaped frame path; the order of `paths` has no say.

    As many frames as possible keep their own stem. The others get the folder's name in front, then the whole folder
    path, then a hash of the path behind.
    """
    ordered = sorted(set(paths))
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for path in ordered:
        stem = portable_stem(own_stem(path))
        if (key := _fold(stem)) not in taken:
            taken.add(key)
            stems[path] = stem
    for path in ordered:
        if path not in stems:
            stem = next(name for name in _alternatives(path) if _fold(name) not in taken)
            taken.add(_fold(stem))
            stems[path] = stem
    return stems


def own_stem(path: str) -> str:
    """Return the file name of an escaped path without its last ending."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def portable_stem(stem: str) -> str:
    """Return `stem` with all that some system refuses, hides or takes for an option replaced; never empty.

    A stem that is too long is cut and gets a hash of the whole, so that cut names stay apart.
    """
    text = "".join(map(_safe_character, unicodedata.normalize("NFC", stem)))
    text = re.sub(r"^[-.]+", "_", text.lstrip(" ").rstrip(" .")) or "frame"
    if text.partition(".")[0].rstrip(" ").upper() in _DEVICES:
        text = f"_{text}"
    return text if len(text.encode()) <= MAX_STEM_BYTES else _with_hash(text, stem, _HASH_DIGITS)


def _alternatives(path: str) -> Iterator[str]:
    stem = own_stem(path)
    folders = path.split("/")[:-1]
    if folders:
        yield portable_stem(f"{folders[-1]}_{stem}")
        yield portable_stem("_".join([*folders, stem]))
    for digits in range(_HASH_DIGITS, 65):
        yield _with_hash(portable_stem(stem), path, digits)


def _with_hash(text: str, whole: str, digits: int) -> str:
    tail = "_" + hashlib.sha256(whole.encode()).hexdigest()[:digits]
    head = text.encode()[: MAX_STEM_BYTES - len(tail)].decode(errors="ignore")
    return head.rstrip(" .") + tail


def _safe_character(char: str) -> str:
    if char in _FORBIDDEN:
        return "_"
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    return "_" if category in _UNSAFE_CATEGORIES and char not in _JOINERS else char


def _fold(stem: str) -> str:
    """Return what the least discerning file system makes of a name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", stem).casefold())
