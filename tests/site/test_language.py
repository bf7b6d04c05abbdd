"""The Chinese is Taiwan's, and set as Taiwan sets it: words, spaces, punctuation."""

import re
import subprocess
from pathlib import Path

import pytest
from term_list import TERMS, read_terms

ROOT = Path(__file__).parents[2]
HAN = "\u3400-\u9fff"
SUFFIXES = {".py", ".md", ".rst", ".js", ".html", ".po", ".toml", ".yml"}


def texts() -> list[Path]:
    """Return every tracked or new text file that readers or contributors may read."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [
        ROOT / name
        for name in listed
        if Path(name).suffix in SUFFIXES
        and not name.startswith(("tests/", "docs/_data/"))
        and (ROOT / name).exists()
    ]


def lessons_and_pages() -> list[Path]:
    """Return the files whose Chinese is set for reading, not named in a comment."""
    return [path for path in texts() if path.suffix != ".js" and "_ext" not in path.parts]


def prose(text: str) -> str:
    """Drop fenced code and put a Latin word in the place of each code span."""
    text = re.sub(r"^(```+|~~~+)(?!\{mermaid).*?^\1", "", text, flags=re.M | re.S)
    text = re.sub(r":[a-z:]+:`([^`<]+?)(?: <[^`]*>)?`", r"\1", text)  # a role reads as its text
    text = re.sub(r"\{[a-z:]+\}`([^`<]+?)(?: <[^`]*>)?`", r"\1", text)
    return re.sub(r"(`+).+?\1", "code", text)


def findings(pattern: str, text: str) -> list[str]:
    """Return what matches, each with its line number and surroundings."""
    return [
        f"{text.count(chr(10), 0, match.start()) + 1}: "
        f"…{text[max(0, match.start() - 12) : match.end() + 12]}…".replace("\n", " ")
        for match in re.finditer(pattern, text)
    ]


BANNED = sorted(
    {word for row in read_terms() for word in row["do_not_write"].split("|") if len(word) > 1}
)


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_words_are_taiwans(path: Path) -> None:
    """A word of the term list's do_not_write column may be quoted in 「」, never used."""
    text = re.sub("「[^」]*」", "「」", prose(path.read_text(encoding="utf-8")))
    assert findings("|".join(BANNED), text) == []


@pytest.mark.parametrize("path", lessons_and_pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_one_space_between_han_and_latin(path: Path) -> None:
    text = prose(path.read_text(encoding="utf-8"))
    assert findings(f"[{HAN}][A-Za-z0-9]|[A-Za-z0-9][{HAN}]", text) == []


@pytest.mark.parametrize("path", lessons_and_pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_punctuation_after_han_is_full_width(path: Path) -> None:
    """Only a shape such as (2, 3) may open an ASCII bracket, after a space."""
    text = prose(path.read_text(encoding="utf-8"))
    assert findings(rf"[{HAN}][,.:;!?()](?![.a-z])|[{HAN}] [,.:;!?)](?![a-z])", text) == []


@pytest.mark.parametrize("path", lessons_and_pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_space_around_a_chinese_link(path: Path) -> None:
    """A link does not part the words of a Chinese sentence."""
    text = path.read_text(encoding="utf-8")
    role = rf"(?::[a-z:]+:|\{{[a-z:]+\}})`[{HAN}][^`]*`"
    assert findings(f"[{HAN}，。、；：] {role}|{role} [{HAN}]", text) == []


def test_the_checks_catch_what_they_are_for() -> None:
    assert findings("|".join(BANNED), "標量和矢量") == ["1: …標量和矢量…", "1: …標量和矢量…"]
    assert findings(f"[{HAN}][A-Za-z0-9]", prose("用`view`改"))
    assert prose("見 :term:`張量 <tensor>` 與 {doc}`index`") == "見 張量 與 index"


def test_the_term_list_is_whole() -> None:
    """Each term has both names; a definition comes in both languages or not at all."""
    for row in read_terms():
        assert row["en"], row
        assert row["zh_TW"], row
        assert bool(row["definition_zh"]) == bool(row["definition_en"]) == bool(row["part"]), row
        assert not set(row["do_not_write"].split("|")) & {row["zh_TW"]}, row
    assert TERMS.exists()


def test_a_name_from_elsewhere_leads_to_one_term() -> None:
    """The search puts the term for it, so it can be no other term's, nor a term itself."""
    rows = read_terms()
    names = [
        name.lower()
        for row in rows
        for name in {*row["do_not_write"].split("|"), *row["also"].split("|")} - {""}
    ]
    assert len(names) == len(set(names))
    assert not set(names) & {row[column] for row in rows for column in ("zh_TW", "en")}
