"""Every word on the screens stands in both languages, and every word that stands is used."""

import re
from pathlib import Path
from string import Formatter

import pytest

from case_service.access_matrix import Right
from case_service.cases.timeline import WORDED_EVENTS
from case_service.clocks.plan import PauseReason
from case_service.fieldwork.entries import REASONS_TO_HAND_OVER, Task
from case_service.forms_posted import TOKEN_FIELD
from case_service.orders.routes import PURPOSES
from case_service.problems import WORDED
from case_service.reviews.states import STEPS
from case_service.supervision.export import COLUMNS
from case_service.supervision.queries import Standing
from case_service.tables.casework import CaseStatus, OrderKind, OrderStatus
from case_service.tables.fieldwork import HelpGiven, MoreTimeReason
from case_service.tables.notifications import Happening
from case_service.tables.people import Role
from case_service.tables.referrals import HandlingResult, HelpKind
from case_service.tables.reviews import Decision, ReviewStatus
from case_service.visits.conflicts import ConflictKind
from case_service.visits.form_definition import FORMS_FOLDER, FormDefinition, form_definition
from case_service.web import TEMPLATES_FOLDER
from case_service.words import WORDS
from schemas.messages import Earning, Level, Need, OutcomeKind, SourceStatus

CODE = Path(__file__).parents[2] / "case_service"
TABLE = CODE / "words"
BUILT = (
    {f"outcome.{one}" for one in OutcomeKind}
    | {f"outcome_hint.{one}" for one in OutcomeKind}
    | {f"level.{one}" for one in Level}
    | {f"role.{one}" for one in Role}
    | {f"right.{one}" for one in Right}
    | {f"supervision.{one}" for one in Standing}
    | {f"freshness.{one}" for one in SourceStatus}
    | {f"household.{one}" for one in (*Need, *Earning)}
    | {f"purpose.{one}" for one in PURPOSES}
    | {f"problem.{one}.{part}" for one in WORDED for part in ("title", "line")}
    | {f"message.{one}" for one in (*Happening, "no_due")}
    | {f"clock.reason.{one}" for one in PauseReason}
    | {f"help_kind.{one}" for one in HelpKind}
    | {f"handling_result.{one}" for one in HandlingResult}
    | {f"handling.group.{one}" for one in ("offered", "open", "ended")}
    | {f"order_kind.{one}" for one in OrderKind}
    | {f"order_status.{one}" for one in OrderStatus}
    | {f"case.{one}" for one in CaseStatus}
    | {f"export.{one}" for one, _ in COLUMNS}
    | {"export.cut"}
    | {f"dashboard.{one}" for one in ("by_unit", "by_month", "in_time", "late", "by_model", "by_department", "by_help")}
    | {f"dashboard.{one}" for one in ("opened", "closed", "asked_for")}
    | {f"dashboard.model.{one}" for one in ("orders", "closed", "helped", "referred")}
    | {f"event.{one}" for one in WORDED_EVENTS}
    | {f"review_status.{one}" for one in ReviewStatus}
    | {f"review_step.{one}" for one in STEPS}
    | {f"review_decision.{one}" for one in Decision}
    | {f"review.refused.{one}" for one in ("standing", "same_person", "too_early", "decision")}
    | {f"conflict.{one}" for one in ConflictKind}
    | {f"fieldwork.{part}{one}" for one in Task for part in ("", "title.", "lead.", "send.")}
    | {f"help.{one}" for one in HelpGiven}
    | {f"time.reason.{one}" for one in MoreTimeReason}
    | {f"hand_over.reason.{one}" for one in REASONS_TO_HAND_OVER}
    | {f"orders.group.{one}" for one in ("overdue", "due_soon", "on_time")}
)


def used() -> set[str]:
    templates = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES_FOLDER.rglob("*.html"))
    modules = (path for path in CODE.rglob("*.py") if path.parent != TABLE)
    code = "".join(path.read_text(encoding="utf-8") for path in modules)
    said = re.findall(r"word\('([a-z_.]+)'(?: if [^)]*? else '([a-z_.]+)')?[,)]", templates)
    found = {one for both in said for one in both if one}
    found |= set(re.findall(r'word\("([a-z_.]+)"\)', code))
    return (
        found
        | set(
            re.findall(
                r'"((?:(?:visit|fieldwork|account|dispatch|staff|units|tokens)\.mistake|sign_in)\.[a-z_]+)"', code
            )
        )
        | BUILT
    )


def test_no_word_stands_in_two_of_the_tables() -> None:
    tables = "".join(path.read_text(encoding="utf-8") for path in TABLE.glob("*.py"))
    keys = re.findall(r'^    "([^"]+)":', tables, re.MULTILINE)
    assert sorted(keys) == sorted(WORDS)


def test_all_words_used_exist_and_all_words_that_exist_are_used() -> None:
    assert used() == set(WORDS)


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_say_it_with_the_same_values(key: str) -> None:
    text = WORDS[key]
    values = [{name for _, name, _, _ in Formatter().parse(one) if name} for one in (text.zh, text.en)]
    assert text.zh
    assert text.en
    assert values[0] == values[1]
    assert not re.search(r"[\u4e00-\u9fff]", text.en) or key == "language.other"


@pytest.mark.parametrize("path", sorted(FORMS_FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_form_can_be_read(path: Path) -> None:
    form = form_definition("/".join(path.stem.rsplit("_", 1)))
    assert form.visit_kinds is None or len(form.visit_kinds.choices) == 3
    assert TOKEN_FIELD not in {question.id for question in form.questions}


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"asked_if": {"question": "later", "any_of": ["yes"]}}, "says what it cannot say by then"),
        ({"asked_if": {"question": "first", "any_of": ["maybe"]}}, "says what it cannot say by then"),
        ({"section": "nowhere"}, "unknown section"),
        ({"id": "first"}, "stands twice"),
        ({"labl": "x"}, "labl"),
    ],
)
def test_a_form_that_does_not_hold_together_is_refused(changed: dict[str, object], complaint: str) -> None:
    text = {"zh": "问", "en": "ask"}
    first = {"id": "first", "label": text, "kind": "choice", "choices": [{"id": "yes", "label": text}]}
    given = {
        "version": "x/1",
        "title": text,
        "questions": [first, {"id": "second", "label": text} | changed, {**first, "id": "later"}],
        "places": {"label": text, "choices": []},
    }
    with pytest.raises(ValueError, match=complaint):
        FormDefinition.model_validate(given)
