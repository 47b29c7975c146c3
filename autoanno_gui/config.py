"""What the program keeps between runs: its home folder, the settings, and whose folder has which project."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeGuard, cast, get_args

import platformdirs
from filelock import FileLock, Timeout

from autoanno_gui.core.errors import KnownError

log = logging.getLogger(__name__)

PROJECT_SUFFIX: Final = ".autoanno"
MAX_RECENT_FOLDERS: Final = 12
MOST_BETWEEN_CHECKS: Final = 10_000
"""Decisions."""

_NAME_BYTES: Final = 120
"""Of a folder's name in a project file's name; file systems take 255 bytes in all."""
_INDEX_WAIT: Final = 10.0
"""Seconds to wait for another process that is changing the index of projects."""

Theme: TypeAlias = Literal["system", "light", "dark"]
_Json: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class AppHome:
    """The one folder under which the program keeps everything of its own. Nothing is made until it is needed."""

    root: Path

    @classmethod
    def find(cls) -> AppHome:
        """Return the folder that `AUTOANNO_HOME` names, else the user's data folder of this program."""
        named = os.environ.get("AUTOANNO_HOME")
        root = (
            Path(os.path.expanduser(named))
            if named
            else Path(platformdirs.user_data_dir("autoanno_gui", appauthor=False))
        )
        return cls(Path(os.path.abspath(root)))

    @property
    def settings_file(self) -> Path:
        return self.root / "settings.json"

    @property
    def projects_dir(self) -> Path:
        return self.root / "projects"

    @property
    def projects_index(self) -> Path:
        """The JSON file that maps folders of frames to their project files."""
        return self.root / "projects.json"

    @property
    def logs_dir(self) -> Path:
        return self.root / "logs"

    @property
    def models_dir(self) -> Path:
        """Where the model runtime keeps its own settings and fonts."""
        return self.root / "models"


# --- settings ---------------------------------------------------------------------------------------------------------
def default_reviewer() -> str:
    """Return the login name, or a plain word on a system that has none for this user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "reviewer"


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's choices that hold for all projects.

    Attributes:
        reviewer: the name that decisions carry.
        idle_cap_seconds: a pause longer than this does not count as work on a frame.
        recent_folders: frame roots, newest first.
        last_model: path of the model file that was used last, empty before the first.
        device: `auto`, `cpu`, or a device name as the model runtime spells it.
        ui_scale: factor on the size of everything; None follows the system.
        hard_links: an export links to the frames where it can, instead of copying them.
        split_fractions: shares of train (more than none), val and test; they add up to 1.
        split_seed: draws the split; equal seeds draw equal splits.
        segmenter: path of the SAM weights that make masks; empty for GrabCut.
        segmenter_architecture: of that file, where its name does not tell; else empty.
        mask_tolerance: pixels by which the outline of a mask may be simplified.
        object_tour: Tab brings small objects near, and accepting a frame asks about objects that nobody can have seen.
        thumbnails: each row of the queue has a small picture.
        session_card: closing a project by hand ends with a card of the session's figures.
        check_every: in so many decisions a decided frame comes once more with one label altered; 0 for never.
        shortcuts: action id -> keys in Qt's portable spelling, for actions whose keys the user changed.
    """

    theme: Theme = "system"
    reviewer: str = field(default_factory=default_reviewer)
    idle_cap_seconds: float = 60.0
    recent_folders: tuple[str, ...] = ()
    last_model: str = ""
    device: str = "auto"
    ui_scale: float | None = None
    hard_links: bool = False
    split_fractions: tuple[float, float, float] = (0.8, 0.2, 0.0)
    split_seed: int = 0
    segmenter: str = ""
    segmenter_architecture: str = ""
    mask_tolerance: float = 1.0
    object_tour: bool = True
    thumbnails: bool = True
    session_card: bool = True
    check_every: int = 50
    shortcuts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def with_recent_folder(self, folder: str) -> Settings:
        """Return these settings with `folder` as the newest of the recent ones."""
        others = [known for known in self.recent_folders if known != folder]
        return replace(self, recent_folders=(folder, *others)[:MAX_RECENT_FOLDERS])

    @classmethod
    def load(cls, home: AppHome) -> Settings:
        """Read the settings file; defaults stand in for what is missing.

        A damaged file is set aside and a value that does not fit is passed over; the log says so.
        """
        try:
            content = _read_json(home.settings_file)
        except KnownError as error:
            log.warning("%s The defaults are used.", error)
            content = {}
        return _accepted(content, file=home.settings_file)

    def save(self, home: AppHome) -> None:
        """Write what differs from the defaults, in one step; keys that this version does not know stay in the file.

        Raises:
            KnownError: the file cannot be written.
        """
        names = {each.name for each in fields(self)}
        content = {key: value for key, value in _read_json(home.settings_file).items() if key not in names}
        defaults = Settings()
        for name in sorted(names):
            value = getattr(self, name)
            if value != getattr(defaults, name):
                content[name] = dict(value) if isinstance(value, Mapping) else value
        _write_json(home.settings_file, content)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: object, *, above: float, up_to: float) -> float | None:
    return float(cast(float, value)) if _is_number(value) and above < cast(float, value) <= up_to else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list) and all(isinstance(each, str) for each in value) else None


def _fractions(value: object) -> tuple[float, float, float] | None:
    if not (isinstance(value, list) and len(value) == 3 and all(_is_number(each) and 0 <= each <= 1 for each in value)):
        return None
    train, val, test = (float(each) for each in value)
    return (train, val, test) if train > 0 and abs(train + val + test - 1) < 1e-6 else None


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _shortcuts(value: object) -> dict[str, tuple[str, ...]] | None:
    if not isinstance(value, dict):
        return None
    keys = {str(action): _texts(keys) for action, keys in value.items()}
    return {action: each for action, each in keys.items() if each is not None} if None not in keys.values() else None


_ACCEPT: Final[dict[str, Callable[[object], object | None]]] = {
    "theme": lambda value: value if value in get_args(Theme) else None,
    "reviewer": lambda value: value if isinstance(value, str) and value.strip() else None,
    "idle_cap_seconds": lambda value: _number(value, above=0, up_to=24 * 3600),
    "recent_folders": lambda value: None if (folders := _texts(value)) is None else folders[:MAX_RECENT_FOLDERS],
    "last_model": _text,
    "device": lambda value: value if isinstance(value, str) and value else None,
    "ui_scale": lambda value: _number(value, above=0.25, up_to=4),
    "hard_links": lambda value: value if isinstance(value, bool) else None,
    "split_fractions": _fractions,
    "split_seed": lambda value: value if _is_whole(value) else None,
    "segmenter": _text,
    "segmenter_architecture": _text,
    "mask_tolerance": lambda value: _number(value, above=-1e-9, up_to=20),
    "object_tour": lambda value: value if isinstance(value, bool) else None,
    "thumbnails": lambda value: value if isinstance(value, bool) else None,
    "session_card": lambda value: value if isinstance(value, bool) else None,
    "check_every": lambda value: value if _is_whole(value) and 0 <= value <= MOST_BETWEEN_CHECKS else None,
    "shortcuts": _shortcuts,
}
"""For each setting: its value from JSON, or None when that does not fit."""


def _accepted(content: _Json, *, file: Path) -> Settings:
    values: dict[str, object] = {}
    for name, accept in _ACCEPT.items():
        if name not in content:
            continue
        value = accept(content[name])
        if value is None:
            log.warning("%s: %r is no value for %s; the default is used", file, content[name], name)
        else:
            values[name] = value
    return replace(Settings(), **values)  # type: ignore[arg-type]


# --- which project belongs to which folder ----------------------------------------------------------------------------
def project_file_for(home: AppHome, root: Path) -> Path:
    """Return the project file of a folder of frames: the one it was given before, else a new name in `projects_dir`.

    The file need not exist yet; its folder does afterwards. A new name follows from the folder alone, so that the
    project is found again if the index is lost. Should the file turn out to be of another root (it was moved and
    relinked), tell `remember_project` so and ask again.

    Raises:
        KnownError: the index cannot be read or written.
    """
    key = _root_key(root)
    known = _read_json(home.projects_index).get(key)
    if not isinstance(known, str):
        known = _register(home, key)
    _make_folder(home.projects_dir)
    return home.projects_dir / known  # an absolute name stays what it is


def remember_project(home: AppHome, root: Path, file: Path, *, replace: bool = True) -> None:
    """Note that `file` is the project of `root` from now on, and no longer of the root it had before.

    Args:
        home: of the program.
        root: folder of the frames.
        file: the project file.
        replace: whether it takes the place of another project of that root which is still there.

    Raises:
        KnownError: the index cannot be read or written.
    """
    name = _project_name(home, file)
    with _index_lock(home):
        before = _read_json(home.projects_index)
        known = before.get(_root_key(root))
        if not replace and isinstance(known, str) and (home.projects_dir / known).exists():
            return
        index = {key: known for key, known in before.items() if known != name}
        index[_root_key(root)] = name
        _write_json(home.projects_index, index)


def _register(home: AppHome, key: str) -> str:
    with _index_lock(home):
        index = _read_json(home.projects_index)
        known = index.get(key)
        if not isinstance(known, str):
            known = index[key] = _free_name(key, taken=set(map(str, index.values())))
            _write_json(home.projects_index, index)
        return known


def _root_key(root: Path) -> str:
    return os.path.normcase(os.path.realpath(root))


def _project_name(home: AppHome, file: Path) -> str:
    """How the index names a file: relative inside `projects_dir`, so that the home can be moved as a whole."""
    absolute = Path(os.path.realpath(file))
    projects = Path(os.path.realpath(home.projects_dir))
    return absolute.relative_to(projects).as_posix() if absolute.is_relative_to(projects) else str(absolute)


def _free_name(key: str, *, taken: set[str]) -> str:
    attempt = 0
    while True:
        salt = f"{key}\0{attempt}" if attempt else key
        digest = hashlib.sha256(os.fsencode(salt)).hexdigest()[:8]
        name = f"{_plain_name(os.path.basename(key))}-{digest}{PROJECT_SUFFIX}"
        if name not in taken:
            return name
        attempt += 1


def _plain_name(name: str) -> str:
    """Return a folder's name as every file system takes it: printable, without separators, not too long."""
    allowed = "".join(c if c.isprintable() and c not in '<>:"/\\|?*' else "_" for c in name)
    return allowed.encode()[:_NAME_BYTES].decode(errors="ignore").strip(" .") or "frames"


@contextlib.contextmanager
def _index_lock(home: AppHome) -> Iterator[None]:
    _make_folder(home.root)
    lock = FileLock(f"{home.projects_index}.lock")
    try:
        lock.acquire(timeout=_INDEX_WAIT)
    except Timeout as error:
        raise KnownError(f"Another process holds {lock.lock_file}; close it and try again.") from error
    except OSError as error:
        raise KnownError(cannot("written", lock.lock_file, error)) from error
    try:
        yield
    finally:
        lock.release()


# --- files ------------------------------------------------------------------------------------------------------------
def cannot(be: str, file: str | Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return (
        f"{file} cannot be {be} ({reason}); make room or check its permissions, or set AUTOANNO_HOME to another folder."
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KnownError(cannot("made", folder, error)) from error


def _read_json(file: Path) -> _Json:
    """Read an object from a file; one that is not there is empty, one that holds anything else is set aside."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise KnownError(cannot("read", file, error)) from error
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return _set_aside(file, reason=str(error))
    return content if isinstance(content, dict) else _set_aside(file, reason="it holds no JSON object")


def _set_aside(file: Path, *, reason: str) -> _Json:
    damaged = file.with_name(f"{file.name}.damaged")
    try:
        os.replace(file, damaged)
    except OSError as error:
        raise KnownError(cannot("set aside, though it is damaged,", file, error)) from error
    log.warning("%s is damaged (%s); it is now %s and the program starts afresh", file, reason, damaged.name)
    return {}


def _write_json(file: Path, content: _Json) -> None:
    """Write a whole file or nothing: into a new one beside it, which then takes its place."""
    _make_folder(file.parent)
    target = os.path.realpath(file)  # a link to a file that is kept elsewhere stays a link
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=os.path.dirname(target), delete=False) as stream:
            temporary = stream.name
            json.dump(content, stream, indent=2, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.remove(temporary)
        raise KnownError(cannot("written", file, error)) from error
