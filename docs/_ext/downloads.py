"""What a reader takes home from a lesson: script, notebook, zip, and the line that installs.

For each page that sphinx-gallery made from a script, the HTML build writes below ``downloads/``:

- ``1_start/01_first.py``, the script as it is, ``.ipynb``, its notebook (see `lesson_notebook`),
  and ``.zip`` with both, the wheel, a requirements.txt and a README.txt;
- the project's own wheel, built from the source tree; and one zip of the whole course.

The page offers them in both languages under its title and at its foot, with one ``pip install``
line for what the script imports; sphinx-gallery's own notes and links are taken away. Settings::

    downloads_project = ".."  # where pyproject.toml and noxfile.py lie, from the docs
    html_baseurl = "…"  # if set, the line and the notebooks name the wheel by its full address
    downloads_repository = "owner/name"  # if both are set, a link opens the notebook in Colab
    downloads_branch = "notebooks"  # of that repository, to which the notebooks are published

Colab opens notebooks from a branch on GitHub, and the first cell there installs the wheel from the
site, hence the two settings; the workflow that publishes the site fills the branch.

Every file is the same for the same sources, is written whole or not at all, and is made again only
if something that it is made of has changed; what has no lesson any more is removed.
Where an import has no known package there is a warning, ``downloads.requirement``.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import re
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urljoin

import lesson_notebook
import tomllib
from bilingual import pair_nodes
from docutils import nodes
from packaging.utils import canonicalize_name, canonicalize_version
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.osutil import relative_uri
from torch_builds import torch_builds

logger = logging.getLogger(__name__)

FOLDER = "downloads"
COURSE = "torch-primer-lessons"
NEWEST_PYTHON = "3.12"  # that the pinned torch has wheels for
# torch 2.4 warns at its first tensor where NumPy is missing, but does not ask for it.
COMPANIONS = {"torch": ["numpy"]}


# -- What a script needs ---------------------------------------------------------------------


@dataclass(frozen=True)
class Project:
    """The package beside the lessons: where it is, what its wheel is called and provides."""

    root: Path = field(repr=False)  # no ingredient: the same course elsewhere is the same
    modules: tuple[str, ...]
    name: str
    version: str
    python: str
    torch: str

    @property
    def wheel(self) -> str:
        """Name the wheel's file."""
        name = canonicalize_name(self.name).replace("-", "_")
        version = canonicalize_version(self.version, strip_trailing_zero=False)
        return f"{name}-{version}-py3-none-any.whl"

    def sources(self) -> list[Path]:
        """List the files that the wheel is made of."""
        files = [self.root / name for name in ("pyproject.toml", "README.md", "LICENSE")]
        for module in self.modules:
            files += sorted((self.root / module).rglob("*"))
        return [file for file in files if file.is_file() and "__pycache__" not in file.parts]


@cache
def read_project(root: Path) -> Project:
    """Read pyproject.toml, and noxfile.py for the torch that the site was verified with."""
    with (root / "pyproject.toml").open("rb") as stream:
        table = tomllib.load(stream)
    return Project(
        root,
        tuple(table["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]),
        table["project"]["name"],
        table["project"]["version"],
        table["project"]["requires-python"].removeprefix(">="),
        torch_builds(root / "noxfile.py")["default"][0],
    )


def project_of(env: BuildEnvironment) -> Project:
    """Give the project that the setting names."""
    return read_project(Path(env.srcdir, env.config.downloads_project).resolve())


known_packages = cache(packages_distributions)


def requirements(script: Path, project: Project) -> list[str] | None:
    """List what `script` imports, as pip names it; ``torch`` first, the project's wheel last.

    Where neither Python, the project nor an installed package has it, a warning is given, and None.
    """
    source = script.read_text(encoding="utf-8")
    # What an exercise's text says to import is needed too.
    modules = {name: 1 for name in project.modules if re.search(rf"\bimport {name}\b", source)}
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            modules.setdefault(name.partition(".")[0], node.lineno)
    found: set[str] = set()
    complete = True
    for module, line in modules.items():
        if module in sys.stdlib_module_names:
            continue
        if module in project.modules:
            found |= {project.wheel, "torch"}  # which the wheel needs
        elif names := known_packages().get(module):
            found.add(canonicalize_name(sorted(names)[0]))
        else:
            complete = False
            logger.warning(
                "不知道 %s 由哪個套件提供，請先安裝 · no installed package provides %s",
                module,
                module,
                location=f"{script}:{line}",
                type="downloads",
                subtype="requirement",
            )
    for name in sorted(found):
        found.update(COMPANIONS.get(name, ()))
    return in_order(found, project) if complete else None


def in_order(names: set[str], project: Project) -> list[str]:
    """Sort names as a line lists them: ``torch`` first, the project's wheel last."""
    return sorted(names, key=lambda name: (name != "torch", name == project.wheel, name))


def wheel_at(base: str, project: Project) -> str:
    """Say where pip finds the wheel: below the site's address, or beside the lesson."""
    return urljoin(base, f"{FOLDER}/{project.wheel}") if base else f"./{project.wheel}"


def pip_line(names: list[str], project: Project, wheel: str, pinned: bool = True) -> str:
    """Write the one line that installs what a lesson needs."""
    given = {"torch": f"torch=={project.torch}" if pinned else "torch", project.wheel: wheel}
    return " ".join(["install", *(given.get(name, name) for name in names)])


# -- On the page -----------------------------------------------------------------------------


def script_of(env: BuildEnvironment, docname: str) -> tuple[PurePosixPath, Path] | None:
    """Give a lesson's place below its gallery, and its script; None for any other page."""
    for examples, pages in galleries(env.config):
        page = PurePosixPath(docname)
        if page.is_relative_to(pages):
            place = page.relative_to(pages)
            script = Path(env.srcdir, examples, f"{place}.py").resolve()
            if script.is_file():
                return place, script
    return None


def galleries(config: Config) -> list[tuple[str, str]]:
    """List the pairs of source and page folder of sphinx-gallery."""
    settings = getattr(config, "sphinx_gallery_conf", {})
    sides = [settings.get(key, []) for key in ("examples_dirs", "gallery_dirs")]
    examples, pages = ([side] if isinstance(side, (str, Path)) else side for side in sides)
    return [
        (str(one), PurePosixPath(two).as_posix()) for one, two in zip(examples, pages, strict=False)
    ]


class WithoutGalleryNotes(SphinxTransform):
    """Take away what sphinx-gallery says of downloads and times, in English only.

    Before the transforms that pair the languages (200) and those that collect files.
    """

    default_priority = 20
    theirs = frozenset(
        ("sphx-glr-download-link-note", "sphx-glr-footer", "sphx-glr-timing", "sphx-glr-signature")
    )

    def apply(self, **kwargs) -> None:
        """Remove the nodes, and the label that they linked to."""
        for node in list(self.document.findall(nodes.Element)):
            label = any(name.startswith("sphx_glr_download_") for name in node.get("names", ()))
            if self.theirs.intersection(node["classes"]) or (
                isinstance(node, nodes.target) and label
            ):
                while isinstance(node.parent, addnodes.only):
                    node = node.parent
                node.parent.remove(node)


class download(nodes.reference):
    """A link to a file that the browser keeps rather than shows."""


def visit_download(translator, node: download) -> None:
    """Open the link; its file is named from the top of the site."""
    page = translator.builder.get_target_uri(translator.builder.current_docname)
    address = quote(relative_uri(page, node["file"]))
    attributes = {"href": address, "download": "", "CLASS": "reference download internal"}
    translator.body.append(translator.starttag(node, "a", "", **attributes))


def depart_download(translator, node: download) -> None:
    """Close the link."""
    translator.body.append("</a>")


def link(text: str, file: str) -> download:
    """Make a link to a file below the site's downloads."""
    return download("", "", *pair_nodes(text), file=f"{FOLDER}/{file}")


def twins(zh: str, en: str) -> nodes.container:
    """Make a pair of paragraphs; what stands between ticks is code."""
    box = nodes.container(classes=["pair"])
    for text, language in ((zh, "language-zh-TW"), (en, "language-en")):
        paragraph = nodes.paragraph(classes=["twin", language])
        for index, part in enumerate(text.split("`")):
            paragraph += nodes.literal("", part) if index % 2 else nodes.Text(part)
        box += paragraph
    return box


def row(label: str, links: list[nodes.reference]) -> nodes.paragraph:
    """Make one line: a label, and links with a bar between them."""
    line = nodes.paragraph("", "", *pair_nodes(label), classes=["downloads"])
    for item in links:
        line += [nodes.Text(" ｜ "), item]
    return line


class Offer(SphinxPostTransform):
    """Offer the files on HTML pages: one line under the title, and what to do at the foot.

    After the references are resolved and given a language (20), with which these have no business.
    """

    default_priority = 600
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Add the blocks to a lesson, and the course to the first page of the gallery."""
        docname = self.env.current_document.docname
        section = next(self.document.findall(nodes.section), None)
        project = project_of(self.env)
        if section is None:
            return
        if found := script_of(self.env, docname):
            place, script = found
            names = requirements(script, project) or []
            files = self.files(place)
            section.insert(1, row("下載 · Download", [*files(), *self.colab(place)]))
            package = project.modules[0]
            wheel = [link(f"{package} 套件 · {package} package", project.wheel)]
            links = files() + self.colab(place) + (wheel if project.wheel in names else [])
            section += self.foot(names, [*links, self.course()], project)
        elif docname in [f"{pages}/index" for _examples, pages in galleries(self.config)]:
            section += row("帶回家 · Take it home", [self.course()])

    @staticmethod
    def files(place: PurePosixPath) -> Callable[[], list[download]]:
        """Give a maker of the links to a lesson's files, since a node stands in one place only."""
        names = {
            "腳本 · Script": "py",
            "筆記本 · Notebook": "ipynb",
            "本課 ZIP · Lesson ZIP": "zip",
        }
        return lambda: [link(text, f"{place}.{ending}") for text, ending in names.items()]

    def colab(self, place: PurePosixPath) -> list[nodes.reference]:
        """Make the link that opens the notebook in Colab, where it can be found and installed."""
        repository = self.config.downloads_repository
        if not (repository and self.config.html_baseurl):
            return []
        path = f"{repository}/blob/{self.config.downloads_branch}/{place}.ipynb"
        address = f"https://colab.research.google.com/github/{quote(path)}"
        words = pair_nodes("在 Colab 開啟 · Open in Colab")
        return [nodes.reference("", "", *words, refuri=address, internal=False)]

    @staticmethod
    def course() -> download:
        """Make the link to the whole course."""
        return link("整套課程 ZIP · Whole course ZIP", f"{COURSE}.zip")

    def foot(self, names: list[str], links: list[download], project: Project) -> nodes.container:
        """Make the block at the foot of a lesson."""
        box = nodes.container(classes=["downloads-foot"])
        box += nodes.rubric("", "", *pair_nodes("帶回家 · Take it home"))
        box += row("下載 · Download", links)
        if names:
            pythons = f"Python {project.python}–{NEWEST_PYTHON}"
            box += twins(
                f"把檔案放進同一個資料夾，在那裡執行下面這一行，就能跑這一課。適用 {pythons}；"
                f"更新的 Python 請拿掉 `=={project.torch}`。筆記本另外要裝 `jupyterlab`。",
                f"Put the files in one folder, run this line there, and the lesson runs. It is for "
                f"{pythons}; with a newer Python leave out `=={project.torch}`. A notebook also "
                "needs `jupyterlab`.",
            )
            line = f"pip {pip_line(names, project, wheel_at(self.config.html_baseurl, project))}"
            box += nodes.literal_block(line, line, language="text", classes=["pip-line"])
        return box


# -- The files -------------------------------------------------------------------------------

README = """\
{title}
{rule}

{zh}

{en}
"""
README_ZH = """\
1. 安裝（只要一次）：在這個資料夾執行
       pip install -r requirements.txt
   適用 Python {pythons}；更新的 Python 請先拿掉 requirements.txt 裡的「=={torch}」。
2. 執行腳本：        python {first}.py
   或開啟筆記本：    pip install jupyterlab
                     jupyter lab {first}.ipynb

授權：BSD-3-Clause。"""
README_EN = """\
1. Install, once, in this folder:
       pip install -r requirements.txt
   This is for Python {pythons}; with a newer one take "=={torch}" out of requirements.txt first.
2. Run a script:     python {first}.py
   or a notebook:    pip install jupyterlab
                     jupyter lab {first}.ipynb

Licence: BSD-3-Clause."""


def readme(title: str, first: str, project: Project) -> bytes:
    """Write the README.txt of a zip."""
    values = {
        "pythons": f"{project.python}–{NEWEST_PYTHON}",
        "torch": project.torch,
        "first": first,
    }
    text = README.format(
        title=title, rule="=" * 72, zh=README_ZH.format(**values), en=README_EN.format(**values)
    )
    return text.encode()


def requirements_txt(names: list[str], project: Project) -> bytes:
    """Write the requirements.txt of a zip, in which the wheel lies beside it."""
    words = pip_line(names, project, f"./{project.wheel}").split()[1:]
    return "".join(f"{word}\n" for word in words).encode()


def timestamp() -> int:
    """Give the time that every file carries: SOURCE_DATE_EPOCH, or hatchling's fixed day."""
    from hatchling.builders.utils import get_reproducible_timestamp

    return max(get_reproducible_timestamp(), 315_532_800)  # a zip begins in 1980


def zipped(members: dict[str, bytes]) -> bytes:
    """Pack files so that the same files give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(members.items()):
            info = zipfile.ZipInfo(name, time.gmtime(timestamp())[:6])
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
    return stream.getvalue()


def build_wheel(project: Project) -> bytes:
    """Build the project's wheel with hatchling, which makes it reproducible."""
    from hatchling.builders.wheel import WheelBuilder  # takes 0.2 s to import

    with tempfile.TemporaryDirectory() as folder:
        (path,) = WheelBuilder(str(project.root)).build(directory=folder, versions=["standard"])
        if Path(path).name != project.wheel:
            raise ValueError(f"wheel: {Path(path).name} ≠ {project.wheel}")
        return Path(path).read_bytes()


def write(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_bytes(content)
    temporary.replace(path)


class Folder:
    """The output folder, in which a file is made only if what it is made of has changed.

    The fingerprint of that is kept outside of the site, beside Sphinx's own caches.
    """

    def __init__(self, root: Path, stamps: Path) -> None:
        self.root, self.stamps = root, stamps
        self.wanted: dict[str, str] = {}
        self.old: dict[str, str] = json.loads(stamps.read_text()) if stamps.exists() else {}

    def make(self, name: str, ingredients: list, content: Callable[[], bytes | None]) -> None:
        """Make one file, unless it is up to date; content that is None leaves none behind."""
        fingerprint = hashlib.sha256(repr(ingredients).encode()).hexdigest()
        path = self.root / name
        if self.old.get(name) != fingerprint or not path.is_file():
            made = content()
            if made is None:
                return
            write(path, made)
        self.wanted[name] = fingerprint

    def read(self, name: str) -> bytes:
        """Give the content of a file that was made."""
        return (self.root / name).read_bytes()

    def finish(self) -> None:
        """Remove what is not wanted any more, and keep the fingerprints."""
        for path in sorted(self.root.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(self.root).as_posix() not in self.wanted:
                path.unlink()
        if self.wanted != self.old:
            write(self.stamps, json.dumps(self.wanted, indent=1).encode())


def recipe() -> str:
    """Fingerprint the code that makes the files, and the time that they carry."""
    files = [Path(__file__), Path(lesson_notebook.__file__)]
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return hashlib.sha256(
        b"".join(file.read_bytes() for file in files) + epoch.encode()
    ).hexdigest()


def make_files(app: Sphinx, exception: Exception | None) -> None:
    """Write the files of all lessons, once the pages are written."""
    if exception is not None or app.builder.name not in ("html", "dirhtml"):
        return
    found = {docname: script_of(app.env, docname) for docname in sorted(app.env.all_docs)}
    lessons = {docname: lesson for docname, lesson in found.items() if lesson}
    folder = Folder(Path(app.outdir, FOLDER), Path(app.doctreedir, "downloads.json"))
    if lessons:
        Course(app, folder).make(lessons)
    folder.finish()


class Course:
    """The files of a course: a wheel, three for each lesson, and a zip of all."""

    def __init__(self, app: Sphinx, folder: Folder) -> None:
        self.app, self.folder = app, folder
        self.project, self.base = project_of(app.env), app.config.html_baseurl
        self.common = [recipe(), self.project, self.base]  # ingredients of every file

    def make(self, lessons: dict[str, tuple[PurePosixPath, Path]]) -> None:
        """Make what is out of date, each file from those before it."""
        project, folder = self.project, self.folder
        sources = [(str(f.relative_to(project.root)), f.read_bytes()) for f in project.sources()]
        folder.make(project.wheel, [*self.common, sources], lambda: build_wheel(project))
        members = [project.wheel]
        for docname, (place, script) in lessons.items():
            members += self.make_lesson(docname, place, script)
        made_of = [(name, folder.wanted[name]) for name in members]
        given = [*self.common, self.app.config.project, made_of]
        folder.make(f"{COURSE}.zip", given, lambda: self.course(members, lessons))

    def make_lesson(self, docname: str, place: PurePosixPath, script: Path) -> list[str]:
        """Make the files of one lesson; list those that the course's zip takes."""
        folder, code = self.folder, script.read_bytes()
        members = [f"{place}.py", f"{place}.ipynb"]
        folder.make(members[0], [code], lambda: code)
        folder.make(members[1], [*self.common, code], lambda: self.notebook(docname, script))
        if members[1] not in folder.wanted:
            return members[:1]  # a warning has been given
        made_of = [folder.wanted[name] for name in (*members, self.project.wheel)]
        given = [*self.common, made_of]
        folder.make(f"{place}.zip", given, lambda: self.lesson(place, script, members))
        return members

    def notebook(self, docname: str, script: Path) -> bytes | None:
        """Give a lesson's notebook; None after a warning."""
        names = requirements(script, self.project)
        if names is None:
            return None
        line = pip_line(names, self.project, wheel_at(self.base, self.project), pinned=False)
        first_cell = f"# 缺什麼才裝什麼 · Installs only what is missing\n%pip {line} -q"
        if self.project.wheel in names and not self.base:
            first_cell = f"# 請把 .whl 檔放在筆記本旁邊 · Keep the .whl beside it\n{first_cell}"
        text = lesson_notebook.convert(self.app, docname, script, first_cell if names else None)
        return text.encode() if text else None

    def lesson(self, place: PurePosixPath, script: Path, members: list[str]) -> bytes:
        """Give a lesson's zip."""
        names = requirements(script, self.project) or []
        if self.project.wheel in names:
            members = [*members, self.project.wheel]
        inside = {Path(name).name: self.folder.read(name) for name in members}
        inside["requirements.txt"] = requirements_txt(names, self.project)
        inside["README.txt"] = readme(place.name, place.name, self.project)
        return zipped({f"{place.name}/{name}": content for name, content in inside.items()})

    def course(self, members: list[str], lessons: dict[str, tuple[PurePosixPath, Path]]) -> bytes:
        """Give the zip of the whole course."""
        places, scripts = zip(*lessons.values(), strict=True)
        every = [requirements(script, self.project) or [] for script in scripts]
        names = in_order({name for names in every for name in names}, self.project)
        inside = {name: self.folder.read(name) for name in members}
        inside["requirements.txt"] = requirements_txt(names, self.project)
        inside["README.txt"] = readme(self.app.config.project, str(places[0]), self.project)
        return zipped({f"{COURSE}/{name}": content for name, content in inside.items()})


def setup(app: Sphinx) -> dict:
    """Connect the transforms, the link and the making of the files."""
    app.add_config_value("downloads_project", "..", "html", types=frozenset({str}))
    app.add_config_value("downloads_repository", "", "html", types=frozenset({str}))
    app.add_config_value("downloads_branch", "notebooks", "html", types=frozenset({str}))
    app.add_node(download, html=(visit_download, depart_download))
    app.add_transform(WithoutGalleryNotes)
    app.add_post_transform(Offer)
    app.connect("build-finished", make_files)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
