"""The documentation leads where it says, names what there is, and speaks of no one machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from autoanno_gui.ui.shortcuts import load_specs

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]
SHORTCUTS = ROOT / "docs" / "shortcuts.md"
SCRIPT = ROOT / "packaging" / "make_docs.py"

FENCE = re.compile(r"^[ \t]*```.*?^[ \t]*```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`]*`")
LINK = re.compile(r"\[[^]]*]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def links(page: Path) -> Iterator[str]:
    """Yield the targets of the links to our own files and headings; code is no text."""
    text = CODE.sub("", FENCE.sub("", page.read_text(encoding="utf-8")))
    yield from (target for target in LINK.findall(text) if "://" not in target and not target.startswith("mailto:"))


def anchors(page: Path) -> set[str]:
    """Return the names by which headings can be linked to, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for link in links(page):
        path, _, anchor = unquote(link).partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_links_that_lead_nowhere_are_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# The program's own folder\n[a](#the-programs-own-folder) [b](#nothing) [c](gone.md) [d](page.md#page)\n"
        "`[e](code.md)` [f](https://example.org/)\n```\n[g](code.md)\n# nothing\n```\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["#nothing", "gone.md", "page.md#page"]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_speaks_of_one_machine(page: Path) -> None:
    paths = re.findall(r"(?<![\w.~}])/(?:work|root|tmp|home|Users)/\S*", page.read_text(encoding="utf-8"))
    assert paths == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    assert set(links(folder / "README.md")) == {page.name for page in folder.glob("[0-9]*.md")}


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "adr").glob("[0-9]*.md")), ids=name)
def test_a_decision_is_short_and_says_why(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert text.startswith(f"# {page.name[:4]} ")
    assert len(text.splitlines()) < 40


def test_every_command_is_in_the_table_of_keys() -> None:
    rows = [row.rstrip(" |") for row in SHORTCUTS.read_text(encoding="utf-8").splitlines() if row.startswith("| ")]
    listed = [row.rpartition("| ")[2].strip("`") for row in rows if row.endswith("`")]
    assert sorted(listed) == sorted(load_specs())


def test_the_table_of_keys_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, "-B", SCRIPT, "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_old_table_of_keys_is_noticed(tmp_path: Path) -> None:
    for file in (SCRIPT, SHORTCUTS):
        copy = tmp_path / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True)
        copy.write_bytes(file.read_bytes())
    page = tmp_path / "docs" / "shortcuts.md"
    page.write_text(page.read_text(encoding="utf-8").replace("`Space`", "`S`"), encoding="utf-8")
    script = [sys.executable, "-B", tmp_path / "packaging" / "make_docs.py"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    done = subprocess.run([*script, "--check"], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "shortcuts.md is out of date" in done.stderr

    subprocess.run(script, check=True, env=environment)
    assert page.read_bytes() == SHORTCUTS.read_bytes()
