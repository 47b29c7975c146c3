"""Numbers in sentences, and names of other people's making as they are."""

from __future__ import annotations

import re


def count_of(number: int, noun: str) -> str:
    """Return the number with its noun: `1 frame`, `2,000 frames`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def plain_tip(text: str) -> str:
    """Return what a tooltip shows as `text`: Qt takes a class named `<b>` or a file of such a name for markup."""
    if "<" not in text and "&" not in text:
        return text
    from html import escape  # hardly a window shows such a name

    return f"<qt>{escape(text, quote=False)}</qt>".replace("\n", "<br>")


def button_text(text: str) -> str:
    """Return what a button shows as `text`: Qt takes an ampersand for the sign of an access key."""
    return text.replace("&", "&&")


def quoted(sentence: str) -> str:
    """Return a sentence of the report with its names in quotation marks, as windows have them."""
    return re.sub(r"`([^`]*)`", r"“\1”", sentence)
