"""Run a lesson again exactly when what it may print has changed.

sphinx-gallery skips a script whose text it knows, and notes it as known before its page is written.
This extension keeps a record of a lesson when all its files are written, ``01_first.record.json``
beside the page, with the fingerprint of every file and a key of what the outputs come from:

- the script, and the sources of ``primer`` if the script names it;
- the torch build (its version file holds version, CUDA and commit), Python and the libraries;
- the code that turns a cell's result into text and figures, and sphinx-gallery's settings of it.

A lesson whose record is missing, or does not agree with key or files, is removed and runs again: so
it is after a build was killed, after a file was damaged, and with another torch. Nothing here
depends on a path or a clock, so records made on another machine hold too (see ``docs/build.py``).

Usage, in ``conf.py``, with the extension named before ``sphinx_gallery.gen_gallery``::

    sphinx_gallery_conf = {"reset_modules": ("matplotlib", "lesson_cache.keep")}
    lesson_cache_package = "../primer"  # what the lessons are written on
    lesson_cache_share = "2/5"  # runs only the second of five shares of the lessons
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from glob import escape
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError
from sphinx.util import logging

logger = logging.getLogger(__name__)

LIBRARIES = ("matplotlib", "numpy", "scikit-learn", "sphinx-gallery")
SETTINGS = (
    "capture_repr",
    "ignore_repr_types",
    "line_numbers",
    "min_reported_time",
    "remove_config_comments",
    "show_signature",
)
ENDINGS = ("py", "py.md5", "rst", "ipynb", "zip", "codeobj.json", "cost.json")

pending: list[tuple[Lesson, str]] = []  # lessons that this build has to run, and their keys


@dataclass(frozen=True)
class Lesson:
    """A script, and the folder where sphinx-gallery puts what it makes of it."""

    script: Path
    folder: Path

    @property
    def record(self) -> Path:
        """Say where the record lies."""
        return self.folder / f"{self.script.stem}.record.json"

    def files(self) -> list[Path]:
        """List the files that were made of the script."""
        stem = self.script.stem
        found = [self.folder / f"{stem}.{ending}" for ending in ENDINGS]
        found += sorted(self.folder.glob(f"images/sphx_glr_{escape(stem)}_[0-9]*.*"))
        found += sorted(self.folder.glob(f"images/thumb/sphx_glr_{escape(stem)}_thumb.*"))
        return [file for file in found if file.is_file()]

    def recorded(self) -> dict[str, Any]:
        """Read the record; empty where there is none that can be read."""
        try:
            record = json.loads(self.record.read_text(encoding="utf-8"))
            return record if set(record) == {"key", "files"} else {}
        except (OSError, ValueError, TypeError):
            return {}

    def is_whole(self, record: dict[str, Any]) -> bool:
        """Say whether every file is as it was recorded."""
        try:
            return all(
                fingerprint((self.folder / name).read_bytes()) == known
                for name, known in record["files"].items()
            )
        except (OSError, AttributeError):
            return False

    def keep(self, key: str) -> None:
        """Record what has been made, whole or not at all."""
        files = {
            path.relative_to(self.folder).as_posix(): fingerprint(path.read_bytes())
            for path in self.files()
        }
        temporary = self.record.with_suffix(".new")
        temporary.write_text(json.dumps({"key": key, "files": files}, indent=1), encoding="utf-8")
        temporary.replace(self.record)

    def copy(self, folder: Path) -> None:
        """Copy what is on record to another folder, the record last."""
        for name in [*self.recorded().get("files", ()), self.record.name]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.folder / name, folder / name)

    def remove(self) -> None:
        """Remove the record, then what was made."""
        for path in [self.record, *self.files()]:
            path.unlink(missing_ok=True)


def fingerprint(*parts: bytes) -> str:
    """Fingerprint some bytes, and where each part ends."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


def galleries(settings: dict[str, Any], srcdir: Path) -> Iterator[tuple[Path, Path]]:
    """Pair each folder of scripts with the folder of its pages."""
    examples, pages = settings["examples_dirs"], settings["gallery_dirs"]
    sides = [[side] if isinstance(side, (str, Path)) else side for side in (examples, pages)]
    for source, target in zip(*sides, strict=True):
        yield Path(os.path.normpath(srcdir / source)), srcdir / target


def lessons(settings: dict[str, Any], srcdir: Path) -> Iterator[Lesson]:
    """Find the lessons that run, in the order of their names."""
    for source, target in galleries(settings, srcdir):
        for script in sorted(source.rglob("*.py")):
            if re.search(settings["filename_pattern"], str(script)):
                yield Lesson(script, target / script.parent.relative_to(source))


class Keys:
    """What the outputs of lessons come from, read once a build."""

    def __init__(self, package: Path, settings: dict[str, Any]) -> None:
        self.name = package.name
        sources = [path for path in sorted(package.rglob("*")) if path.is_file()]
        self.package = fingerprint(
            *(
                part
                for path in sources
                if "__pycache__" not in path.parts
                for part in (path.relative_to(package).as_posix().encode(), path.read_bytes())
            )
        )
        self.machinery = "\n".join(
            [
                platform.python_version(),
                *(f"{library} {installed(library)}" for library in LIBRARIES),
                torch_build(),
                *(f"{setting} = {settings[setting]!r}" for setting in SETTINGS),
                Path(__file__).with_name("scrapers.py").read_text(encoding="utf-8"),
            ]
        )

    def of(self, script: Path) -> str:
        """Give the key of one script."""
        code = script.read_bytes()
        named = re.search(rb"\b" + re.escape(self.name.encode()) + rb"\b", code)
        return fingerprint(code, self.machinery.encode(), self.package.encode() if named else b"")


def installed(library: str) -> str:
    """Give the version of a library; empty where it is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def torch_build() -> str:
    """Read which torch is installed, without the seconds that importing it takes."""
    spec = find_spec("torch")
    if spec is None or not spec.origin:
        return ""
    return Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")


def take_share(app: Sphinx, config: Config) -> None:
    """Let only every n-th lesson run where a share is asked for."""
    share = re.fullmatch(r"(\d+)/(\d+)", config.lesson_cache_share)
    if not config.lesson_cache_share:
        return
    first, count = map(int, share.groups()) if share else (0, 0)
    if not 1 <= first <= count:
        raise ConfigError(
            f"{config.lesson_cache_share!r} 不是一份，例如 2/5 · is no share such as 2/5"
        )
    settings = config.sphinx_gallery_conf
    mine = list(lessons(settings, Path(app.srcdir)))[first - 1 :: count]
    # A share without lessons has to match none.
    pattern = "|".join(f"^{re.escape(str(lesson.script))}$" for lesson in mine) or r"(?!)"
    settings["filename_pattern"] = pattern


def forget(app: Sphinx) -> None:
    """Remove what sphinx-gallery must not take for done, before it looks."""
    settings, srcdir = app.config.sphinx_gallery_conf, Path(app.srcdir)
    keys = Keys((srcdir / app.config.lesson_cache_package).resolve(), settings)
    pending.clear()
    for lesson in lessons(settings, srcdir):
        key, record = keys.of(lesson.script), lesson.recorded()
        if record.get("key") == key:
            if lesson.is_whole(record):
                continue
            logger.info(
                "這一課存下的成果壞了，重新執行 · what was kept of this lesson is damaged, "
                "running it again: %s",
                lesson.script.name,
            )
        lesson.remove()
        pending.append((lesson, key))
    # sphinx-gallery leaves the page of a lesson that was renamed, which is in no contents then.
    for source, target in galleries(settings, srcdir):
        for page in target.rglob("*.rst"):
            place = source / page.relative_to(target)
            if page.stem != "index" and not (place.exists() or place.with_suffix(".py").exists()):
                Lesson(place.with_suffix(".py"), page.parent).remove()


def keep(settings: dict[str, Any], name: str | None) -> None:
    """Record the lessons that have run; sphinx-gallery calls this before each lesson."""
    for lesson, key in list(pending):
        # A lesson that fails leaves no such file, and neither does one not yet begun.
        if (lesson.folder / f"{lesson.script.name}.md5").is_file():
            lesson.keep(key)
            pending.remove((lesson, key))


def finish(app: Sphinx) -> None:
    """Record the last lesson, and empty the lists of lessons that name a function no more."""
    keep(app.config.sphinx_gallery_conf, None)
    folder = Path(app.srcdir, app.config.sphinx_gallery_conf["backreferences_dir"] or "")
    everything = folder / "backreferences_all.json"
    if everything.is_file():
        named = set(json.loads(everything.read_text(encoding="utf-8")))
        for examples in folder.glob("*.examples"):
            if examples.stem not in named and examples.stat().st_size:
                examples.write_bytes(b"")


def setup(app: Sphinx) -> dict[str, Any]:
    """Stand before and after sphinx-gallery's own handler, which has priority 500."""
    app.add_config_value("lesson_cache_package", "../primer", "", str)
    app.add_config_value("lesson_cache_share", "", "", str)
    app.connect("config-inited", take_share)  # after sphinx-gallery has completed its settings
    app.connect("builder-inited", forget, priority=400)
    app.connect("builder-inited", finish, priority=600)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
