"""Write docs/shortcuts.md from resources/shortcuts.toml: ``python packaging/make_docs.py [--check]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from autoanno_gui.ui.shortcuts import ActionSpec, Context, load_specs  # noqa: E402 - found by the line above

TARGET: Final = ROOT / "docs" / "shortcuts.md"
_MENU_OF_AREA: Final = {"tool": "tools"}
"""The menu in whose table a command without a menu stands, where it is not called like the first part of its id."""
_WHERE: Final = {Context.WINDOW: "window", Context.CANVAS: "image", Context.APPLICATION: "everywhere"}
_COLUMNS: Final = "| key | command | what it does | where | action id |\n|---|---|---|---|---|\n"
_HEAD: Final = """\
# Keys

<!-- Written by packaging/make_docs.py from resources/shortcuts.toml. Change that file and run the script again. -->

All commands with their default keys, in the order of the menus. *Help > Keyboard Shortcuts* (`F1`) shows the same list
with your own keys and changes them; only keys that are held cannot be changed. The mouse is described in the
[guide](guide.md#the-mouse).

* *Image* keys work while the image has the focus, which it has unless you move it with `F6` or a click into a list or
  field; a click on the image brings it back, and so does `Esc` in a list. *Window* keys work in the whole window, but
  bare letters and digits not while you type into a field.
* *Hold*: the command lasts as long as its key is held. *Repeats*: it goes on while its key is held. All others act
  once, so that a held key never decides twice.
* A letter counts by its name. On a keyboard whose letters are not Latin it counts by its place, as on a US keyboard.
"""


def page(specs: Iterable[ActionSpec]) -> str:
    """Return the whole page; one table for each menu."""
    tables: dict[str, list[str]] = {}
    for spec in specs:
        tables.setdefault(_menu(spec), []).append(_row(spec))
    return _HEAD + "".join(f"\n## {menu.capitalize()}\n\n{_COLUMNS}{''.join(rows)}" for menu, rows in tables.items())


def _menu(spec: ActionSpec) -> str:
    area = spec.id.partition(".")[0]
    return spec.menu or _MENU_OF_AREA.get(area, area)


def _row(spec: ActionSpec) -> str:
    keys = ", ".join(f"`{key}`" for key in spec.keys) or "–"
    keys += " (hold)" * spec.hold + " (repeats)" * spec.repeat
    command = spec.text.replace("&", "")
    where = _WHERE[Context.CANVAS if spec.hold else spec.context]  # held keys are watched on the image alone
    return f"| {keys} | {command} | {spec.tip} | {where} | `{spec.id}` |\n"


def main() -> int:
    """Write the page, or with `--check` say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the page is out of date")
    check = parser.parse_args().check
    wanted = page(load_specs().values())
    if not check:
        TARGET.write_text(wanted, encoding="utf-8", newline="\n")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{TARGET.relative_to(ROOT).as_posix()} is out of date; run: python packaging/make_docs.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
