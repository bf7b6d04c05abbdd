"""A lesson runs again exactly when what it may print has changed, or what it left is not whole."""

import json
import shutil
import sys
from pathlib import Path

import lesson_cache
import pytest
from sphinx.application import Sphinx
from sphinx.errors import ConfigError, ExtensionError
from sphinx.util.docutils import docutils_namespace, patch_docutils

CONF = """
extensions = ["lesson_cache", "sphinx_gallery.gen_gallery"]
sphinx_gallery_conf = {
    "examples_dirs": "../gallery", "gallery_dirs": "lessons", "filename_pattern": "lesson",
    "abort_on_example_error": True, "reset_modules": ("lesson_cache.keep",),
    "doc_module": ("tiny",), "backreferences_dir": "lessons/backreferences",
    "image_scrapers": (), "write_computation_times": False, "min_reported_time": 9999,
    "within_subsection_order": "FileNameSortKey",
}
lesson_cache_package = "../tiny"
"""
LESSON = '''"""
Title
=====

Text.
"""

from pathlib import Path

{code}
with Path("log").open("a") as log:
    log.write("{name}\\n")
'''


class Course:
    """Two lessons that note when they run; the second names the package."""

    def __init__(self, root: Path) -> None:
        self.root, self.docs, self.log = root, root / "docs", root / "gallery/log"
        if root.exists():
            return  # a copy
        for folder in ("docs", "gallery", "tiny"):
            (root / folder).mkdir(parents=True)
        (root / "docs/conf.py").write_text(CONF)
        (root / "docs/index.rst").write_text("Index\n=====\n\n.. toctree::\n\n   lessons/index\n")
        (root / "tiny/__init__.py").write_text("")
        (root / "gallery/GALLERY_HEADER.rst").write_text("Lessons\n=======\n\nText.\n")
        self.lesson("lesson_1", "x = 1")
        self.lesson("lesson_2", "import tiny")

    def lesson(self, name: str, code: str) -> Path:
        path = self.root / f"gallery/{name}.py"
        path.write_text(LESSON.format(name=name, code=code))
        return path

    def run(self, **settings: str) -> list[str]:
        """Start Sphinx, which runs the lessons; list those that ran."""
        self.log.write_text("")
        folders = [self.docs, self.docs, self.root / "out", self.root / "doctrees"]
        with patch_docutils(), docutils_namespace():
            Sphinx(*folders, "dummy", settings, status=None, warning=None)
        return self.log.read_text().split()

    def made(self) -> dict[str, bytes]:
        """Give what was made of the lessons, save the time that they took and what holds it."""
        return {
            path.name: path.read_bytes()
            for path in (self.docs / "lessons").rglob("*")
            if path.is_file()
            and path.suffix != ".zip"
            and ".cost" not in path.name
            and ".record" not in path.name
        }


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Run a course once; its tests work on copies, in other folders."""
    course = Course(tmp_path_factory.mktemp("first") / "course")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(course.root)
        assert course.run() == ["lesson_1", "lesson_2"]
    return course


@pytest.fixture
def course(first, tmp_path, monkeypatch):
    copy = Course(Path(shutil.copytree(first.root, tmp_path / "copy")))
    monkeypatch.delitem(sys.modules, "tiny", raising=False)
    monkeypatch.syspath_prepend(copy.root)
    return copy


def test_what_has_not_changed_is_not_run_again(course):
    before = course.made()
    assert course.run() == []
    assert course.made() == before


def test_an_edited_lesson_runs_alone(course):
    course.lesson("lesson_1", "x = 2")
    assert course.run() == ["lesson_1"]
    assert course.run() == []


def test_another_torch_runs_everything_again(course, monkeypatch):
    monkeypatch.setattr(lesson_cache, "torch_build", lambda: "__version__ = '2.4.0+cpu'")
    assert course.run() == ["lesson_1", "lesson_2"]
    assert course.run() == []


def test_another_form_of_the_pages_runs_everything_again(course):
    conf = course.docs / "conf.py"
    conf.write_text(CONF.replace('"image_scrapers"', '"line_numbers": True, "image_scrapers"'))
    assert course.run() == ["lesson_1", "lesson_2"]
    assert "lineno-start" in (course.docs / "lessons/lesson_1.rst").read_text()
    assert course.run() == []


def test_the_installed_torch_is_read_without_importing_it(monkeypatch):
    torch = pytest.importorskip("torch")
    assert f"'{torch.__version__}'" in lesson_cache.torch_build()
    assert str(torch.version.git_version) in lesson_cache.torch_build()


def test_a_change_of_the_package_runs_the_lessons_that_name_it(course):
    (course.root / "tiny/deep.py").write_text("x = 1")
    assert course.run() == ["lesson_2"]
    (course.root / "tiny/deep.py").rename(course.root / "tiny/other.py")
    assert course.run() == ["lesson_2"]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("py.md5", b"garbage"),
        ("rst", b"half a"),
        ("py", b""),
        ("codeobj.json", b"{"),
        ("record.json", b"{"),
        ("rst", None),
        ("record.json", None),
        ("codeobj.json", None),
    ],
)
def test_what_is_damaged_or_missing_is_made_again(course, name, damage):
    before = course.made()
    path = course.docs / f"lessons/lesson_2.{name}"
    path.chmod(0o644)
    path.unlink() if damage is None else path.write_bytes(damage)
    assert course.run() == ["lesson_2"]
    assert course.made() == before


@pytest.mark.parametrize("garbage", ["[]", '{"key": 1, "files": 2}', '{"files": {}}'])
def test_a_record_of_another_form_counts_as_none(course, garbage):
    (course.docs / "lessons/lesson_1.record.json").write_text(garbage)
    assert course.run() == ["lesson_1"]


def test_a_damaged_list_of_references_is_written_again(course):
    everything = course.docs / "lessons/backreferences/backreferences_all.json"
    before = everything.read_bytes()
    everything.write_text("{")
    assert course.run() == []
    assert everything.read_bytes() == before


def test_lessons_run_before_one_that_fails_are_kept(course):
    shutil.rmtree(course.docs / "lessons")
    course.lesson("lesson_2", "1 / 0")
    with pytest.raises(ExtensionError, match="division by zero"):
        course.run()
    with pytest.raises(ExtensionError):
        course.run()
    assert course.log.read_text() == "", "the first lesson is not run again"
    course.lesson("lesson_2", "x = 1")
    assert course.run() == ["lesson_2"]


def test_a_lesson_that_is_gone_leaves_nothing(course):
    (course.root / "gallery/lesson_2.py").rename(course.root / "gallery/lesson_3.py")
    course.run()
    assert not list(course.docs.rglob("*lesson_2*"))


def test_a_function_that_no_lesson_uses_any_more_has_an_empty_list(course):
    (course.root / "tiny/__init__.py").write_text("def twice(x): return 2 * x")
    course.lesson("lesson_1", "import tiny\ntiny.twice(1)")
    course.run()
    examples = course.docs / "lessons/backreferences/tiny.twice.examples"
    assert b"lesson_1" in examples.read_bytes()
    course.lesson("lesson_1", "x = 1")
    course.run()
    assert examples.read_bytes() == b""


def test_shares_run_every_lesson_once(course):
    course.lesson("lesson_3", "x = 3")
    shutil.rmtree(course.docs / "lessons")
    assert course.run(lesson_cache_share="1/2") == ["lesson_1", "lesson_3"]
    assert course.run(lesson_cache_share="2/2") == ["lesson_2"]
    assert course.run(lesson_cache_share="5/5") == []
    assert course.run() == []


@pytest.mark.parametrize("share", ["0/2", "3/2", "2", "x/y", "-1/2"])
def test_a_share_that_is_none_is_refused(course, share):
    with pytest.raises(ConfigError, match=r"不是一份.*is no share"):
        course.run(lesson_cache_share=share)


def test_a_record_names_no_place(course):
    record = (course.docs / "lessons/lesson_1.record.json").read_text()
    assert str(course.root) not in record
    assert set(json.loads(record)) == {"key", "files"}
