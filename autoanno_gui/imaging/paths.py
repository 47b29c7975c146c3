"""A frame's identity as text: a reversible escape for file names that are not UTF-8.

Everywhere else a frame's path is this escaped text, which SQLite, JSON and Qt can hold. Only `imaging` (and the copy of
an export) turns it back into what the operating system calls the file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from autoanno_gui.core.errors import FrameError, FrameErrorCode

_SPECIAL: Final = re.compile("[\\\\\ud800-\udfff]")
_ESCAPE: Final = re.compile(r"\\(?:(\\)|x([89a-f][0-9a-f])|u(d[89a-f][0-9a-f]{2}))")
_BYTE: Final = 0xDC00  # the surrogate that os.fsdecode gives the undecodable byte 0


def escape_path(raw: str) -> str:
    r"""Return the escaped form of a relative path with forward slashes, as `os.fsdecode` gives it.

    A backslash becomes two, an undecodable byte `\xNN`, and a lone surrogate of a Windows name `\uNNNN`; everything
    else stays. The result is valid Unicode and `unescape_path` restores the input exactly.
    """
    return _SPECIAL.sub(_escaped, raw)


def unescape_path(escaped: str) -> str:
    """Return the path that `escape_path` was given.

    Raises:
        ValueError: the text holds a backslash that starts no escape.
    """
    parts: list[str] = []
    at = 0
    while (next_at := escaped.find("\\", at)) >= 0:
        match = _ESCAPE.match(escaped, next_at)
        if match is None:
            raise ValueError(f"not an escaped path: {escaped!r}")
        backslash, byte, surrogate = match.groups()
        parts.append(escaped[at:next_at])
        parts.append(backslash or chr(int(surrogate, 16) if surrogate else _BYTE + int(byte, 16)))
        at = match.end()
    if not parts:
        return escaped
    return "".join(parts) + escaped[at:]


def frame_file(root: Path, path: str) -> str:
    """Return the operating system's path of a frame, for `open`.

    Raises:
        FrameError: `missing` for a path that leads out of the frame root or cannot name a file at all, as a project
            file from elsewhere may hold.
    """
    try:
        raw = unescape_path(path)
    except ValueError as e:
        raise FrameError(FrameErrorCode.MISSING, path, detail="The project names a file that cannot exist.") from e
    parts = raw.split("/")
    outside = any(part in ("", ".", "..") or "\0" in part or os.path.splitdrive(part)[0] for part in parts)
    if outside or (os.sep != "/" and os.sep in raw):
        raise FrameError(FrameErrorCode.MISSING, path, detail="The path leads out of the folder of frames.")
    return os.path.join(root, *parts)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if character == "\\":
        return "\\\\"
    code = ord(character)
    if _BYTE + 0x80 <= code <= _BYTE + 0xFF:
        return f"\\x{code - _BYTE:02x}"
    return f"\\u{code:04x}"
