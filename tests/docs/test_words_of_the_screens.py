"""What a guide for people at work puts in quotation marks stands on a screen, word for word."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from case_service.visits.form_definition import FORMS_FOLDER
from case_service.words import WORDS

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = sorted(DOCS.glob("*-day.zh-CN.md"))
QUOTED = re.compile("“([^”]+)”")
LABEL = re.compile(r"zh: ([^,}]+)")
PLACEHOLDER = re.compile(r"\\{\w+\\}")


@cache
def on_screens() -> tuple[re.Pattern[str], ...]:
    """Every word of the screens and forms, with anything in the place of what is filled in."""
    forms = [one for path in FORMS_FOLDER.glob("*.yaml") for one in LABEL.findall(path.read_text(encoding="utf-8"))]
    texts = [*(text.zh for text in WORDS.values()), *forms]
    return tuple(re.compile(PLACEHOLDER.sub(".+", re.escape(text.strip()))) for text in texts)


def stands_on_a_screen(quoted: str) -> bool:
    """Whether the words are one text of a screen, or a sentence of one; …… stands for the rest."""
    wanted = quoted.removesuffix("……")
    return any(
        pattern.fullmatch(quoted) or wanted in PLACEHOLDER.sub("", pattern.pattern).replace("\\", "")
        for pattern in on_screens()
    )


def quotations() -> Iterator[tuple[str, str]]:
    for guide in GUIDES:
        for quoted in dict.fromkeys(QUOTED.findall(guide.read_text(encoding="utf-8"))):
            yield guide.name, quoted


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_what_is_quoted_stands_on_a_screen(guide: Path) -> None:
    quoted = {one for name, one in quotations() if name == guide.name}
    assert len(quoted) > 30
    assert {one for one in quoted if not stands_on_a_screen(one)} == set()


def test_words_that_are_on_no_screen_are_found() -> None:
    assert stands_on_a_screen("还剩 5 个工作日 · 11月27日(周五)截止")
    assert not stands_on_a_screen("提交并归档")
