from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.errors import FrameError, FrameErrorCode
from autoanno_gui.imaging.paths import escape_path, frame_file, unescape_path

any_text = st.text(st.characters(categories=("L", "M", "N", "P", "S", "Z", "Cs")))


@given(st.binary())
def test_any_bytes_of_a_name_come_back_exactly(name: bytes) -> None:
    raw = os.fsdecode(name)
    escaped = escape_path(raw)
    assert unescape_path(escaped) == raw
    assert os.fsencode(unescape_path(escaped)) == name


@given(any_text)
def test_the_escaped_form_is_plain_unicode_and_reversible(raw: str) -> None:
    escaped = escape_path(raw)
    assert escaped.encode("utf-8").decode("utf-8") == escaped
    assert unescape_path(escaped) == raw


@given(any_text, any_text)
def test_two_names_never_become_one(one: str, other: str) -> None:
    assert (escape_path(one) == escape_path(other)) == (one == other)


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        ("tree/café/车辆 #1 50%25.jpg", "tree/café/车辆 #1 50%25.jpg"),
        ("bad_\udce9\udcff.jpg", r"bad_\xe9\xff.jpg"),
        ("back\\slash.jpg", r"back\\slash.jpg"),
        ("looks\\xe9like.jpg", r"looks\\xe9like.jpg"),
        ("lone_\ud800.jpg", r"lone_\ud800.jpg"),
    ],
)
def test_escaped_forms(raw: str, escaped: str) -> None:
    assert escape_path(raw) == escaped
    assert unescape_path(escaped) == raw


@pytest.mark.parametrize("text", ["a\\b", "end\\", r"\x4", r"\x41", r"\xE9", r"\u0041"])
def test_what_is_no_escape_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an escaped path"):
        unescape_path(text)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not valid UTF-8")
def test_a_file_whose_name_is_not_utf8_opens(tmp_path: Path) -> None:
    raw = os.fsdecode(b"sub/bad_\xe9\xff \\x.jpg")
    (tmp_path / "sub").mkdir()
    with open(os.path.join(tmp_path, raw), "wb") as file:
        file.write(b"here")
    with open(frame_file(tmp_path, escape_path(raw)), "rb") as file:
        assert file.read() == b"here"


@pytest.mark.parametrize(
    "path", ["../x.jpg", "/etc/passwd", "a/../../x.jpg", "a//x.jpg", "./x.jpg", "", "a\0.jpg", "\\q"]
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(FrameError) as caught:
        frame_file(tmp_path, path)
    assert caught.value.code is FrameErrorCode.MISSING
