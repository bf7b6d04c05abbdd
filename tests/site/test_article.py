"""The page on the article's claims: whole, with a verdict each, and right about its diagrams.

The code of the page runs in tests/gallery/test_page_examples.py.
"""

import re
from pathlib import Path

import pytest
from mermaid_svg import DiagramError, draw

PAGE = Path(__file__).parents[2] / "docs/article.md"
VERDICTS = {
    "正確": "True",
    "錯誤": "Wrong",
    "誤導": "Misleading",
    "不完整": "Incomplete",
    "視情況而定": "It depends",
    "沒有說": "Not said",
    "缺少": "Missing",
}
HEADING = re.compile(r"^### (A\d\d) (\S+?)：.+ · (.+?): .+$", re.MULTILINE)


def test_every_claim_has_its_verdict_in_both_languages() -> None:
    found = HEADING.findall(PAGE.read_text(encoding="utf-8"))
    assert [claim for claim, _, _ in found] == [f"A{number:02}" for number in range(1, 40)]
    assert [(zh, en) for _, zh, en in found if VERDICTS.get(zh) != en] == []


def test_every_claim_says_something_in_both_languages() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for claim in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        assert re.search(r"[\u4e00-\u9fff]", claim.partition("\n")[2]) or "```{doctest}" in claim


@pytest.mark.parametrize(
    ("claim", "diagram"),
    [
        ("A11", "A[標量] -->|建立|> B[torch.tensor(5)]"),
        ("A36", "A[模型] -->|前向傳播|> B[損失函式]"),
        ("A39", "A[輸入] -->|x1|> B[權重]"),
    ],
)
def test_the_articles_diagrams_do_not_parse(claim: str, diagram: str) -> None:
    with pytest.raises(DiagramError):
        draw(f"flowchart LR\n{diagram}")
    fixed = re.sub(r"\|>", "|", re.sub(r"\[([^\]]*)\]", r'["\1"]', diagram))
    assert draw(f"flowchart LR\n{fixed}").startswith("<svg")
