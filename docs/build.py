"""Build the site, and show it to readers only when it is whole.

    python docs/build.py [options of sphinx-build]
    python docs/build.py --shard 2/5 --into share-2  # run the second fifth of the lessons
    python docs/build.py --merge share-1 share-2 …   # build the site from what shares have run

Sphinx writes into ``docs/_build/staging``. Only a build without warnings is copied to the folder
``--site`` (``docs/_build/html``), in one move; whatever goes wrong before leaves that as it was.
After a build that was killed the staging folder is not trusted, and emptied (see `sealed_builds`);
the lessons that it had run are kept (see `lesson_cache`).

A share is a folder with the files that sphinx-gallery made of its lessons. ``--merge`` puts them in
their places and builds as always: a lesson that no share holds, or that was run from other sources
or with another torch, is run here, so that the site is the same as without shares.
"""

import argparse
import errno
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS / "_ext"))

from lesson_cache import lessons  # noqa: E402
from sealed_builds import SEAL, is_sealed  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402
from sphinx.cmd.build import main as sphinx_build  # noqa: E402
from sphinx.errors import SphinxError  # noqa: E402

NOT_BUILT = (
    "網站沒有建成，上一次的成果保持原樣；錯誤見上。\n"
    "The site was not built, the last good one is untouched; the errors are above."
)
NOT_WRITABLE = (
    "不能寫入 {place}：{reason}。請騰出磁碟空間，或讓這個資料夾可以寫入，再執行一次；"
    "上一次建成的網站保持原樣。\n"
    "Cannot write to {place}: {reason}. Free some disk space, or make the folder writable, and run "
    "again; the last good site is untouched."
)
NOT_RUN = (
    "這一份課程沒有跑完；錯誤見上。\n"
    "This share of the lessons did not come to its end; the errors are above."
)
NO_SHARE = (
    "{folder} 裡沒有課程的紀錄，請先用 --shard 執行。\n"
    "{folder} holds no records of lessons; make it with --shard first."
)


def check_writable(folder: Path) -> None:
    """Raise the OSError that writing a file of usual size meets here."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(1 << 20))
        file.flush()


def check_folders(site: Path) -> None:
    """Raise the OSError that a build would meet in one of the folders that it writes to."""
    for folder in (site.parent, DOCS / "lessons"):
        check_writable(folder)
    for folder, _folders, _files in os.walk(DOCS / "lessons"):
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)


def build(site: Path, options: list[str]) -> None:
    """Build into the staging folder; publish what comes out."""
    staging = site.parent / "staging"
    doctrees = staging / "doctrees"
    if not is_sealed(doctrees):
        shutil.rmtree(staging, ignore_errors=True)
    check_folders(site)
    folders = ["-d", str(doctrees), str(DOCS), str(staging / "html")]
    if sphinx_build(["-b", "html", "-n", "-W", *folders, *options]):
        # Sphinx does not repeat the warnings of pages it has already read.
        (doctrees / SEAL).unlink(missing_ok=True)
        check_folders(site)
        sys.exit(NOT_BUILT)
    publish(staging / "html", site)


def publish(built: Path, site: Path) -> None:
    """Put a copy of the finished site in the place of the last one."""
    fresh, previous = site.parent / "fresh", site.parent / "previous"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(built, fresh, ignore=shutil.ignore_patterns(".buildinfo*"))
    if site.exists():
        site.rename(previous)
    fresh.rename(site)
    shutil.rmtree(previous, ignore_errors=True)


def recover(site: Path) -> None:
    """Undo a publication that was killed between its two moves."""
    previous = site.parent / "previous"
    if previous.exists() and not site.exists():
        previous.rename(site)
    shutil.rmtree(previous, ignore_errors=True)


def run_share(share: str, into: Path) -> None:
    """Run a share of the lessons, and put what they made in a folder."""
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        try:
            # Sphinx runs the lessons while it starts; nothing is built.
            app = Sphinx(
                *(DOCS, DOCS, Path(folder, "out"), Path(folder, "doctrees"), "dummy"),
                confoverrides={"lesson_cache_share": share},
                warning=said,
            )
        except SphinxError as error:
            print(said.getvalue(), error, sep="", file=sys.stderr)
            sys.exit(NOT_RUN)
    if said.getvalue():
        print(said.getvalue(), file=sys.stderr)
        sys.exit(NOT_RUN)
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    settings = app.config.sphinx_gallery_conf
    for lesson in lessons(settings, DOCS):
        lesson.copy(into / lesson.folder.relative_to(DOCS))
        print(lesson.script.name)


def unpack(folders: list[Path]) -> None:
    """Put what shares have made in the places where a build looks for it."""
    for folder in folders:
        records = sorted(folder.rglob("*.record.json"))
        if not records:
            sys.exit(NO_SHARE.format(folder=folder))
        shutil.copytree(folder, DOCS, dirs_exist_ok=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--site", type=Path, default=DOCS / "_build/html")
    parser.add_argument("--shard", metavar="I/N", help="run only this share of the lessons")
    parser.add_argument("--into", type=Path, help="where a share goes")
    parser.add_argument("--merge", type=Path, nargs="+", default=[], metavar="SHARE")
    arguments, options = parser.parse_known_args()
    site = arguments.site.resolve()
    try:
        recover(site)
        if arguments.shard:
            name = f"share-{arguments.shard.replace('/', '-of-')}"
            run_share(arguments.shard, arguments.into or site.parent / name)
        else:
            unpack(arguments.merge)
            build(site, options)
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or error
        place = getattr(error, "filename", None) or site.parent
        sys.exit(NOT_WRITABLE.format(place=place, reason=reason))


if __name__ == "__main__":
    main()
