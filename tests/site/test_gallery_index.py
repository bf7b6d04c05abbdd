"""The gallery shows a picture of every lesson, which says what is seen and costs little."""

from bilingual import split_pair
from bs4 import BeautifulSoup

KIB = 1024


def test_every_lesson_has_a_picture_that_speaks_both_languages(site):
    page = site / "lessons/index.html"
    cards = BeautifulSoup(page.read_bytes(), "html.parser").select(".sphx-glr-thumbcontainer")
    lessons = [path for path in page.parent.glob("*/[0-9][0-9]_*.html")]
    assert len(cards) == len(lessons) > 0
    total = 0
    for card in cards:
        image = card.find("img")
        assert split_pair(image["alt"]), image
        assert image["loading"] == "lazy"
        assert image["width"]
        assert image["height"]
        total += (page.parent / image["src"]).stat().st_size
    assert total < 300 * KIB
