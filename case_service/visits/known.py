"""What is known before a visit, so that the form does not ask it again."""

from dataclasses import dataclass

from case_service.orders.cards import Card
from case_service.visits.form_definition import FormDefinition
from schemas.messages import Text


@dataclass(frozen=True, slots=True)
class Known:
    """What one question finds filled in, and the line that says where it comes from."""

    value: str
    line: Text


def known_of(definition: FormDefinition, card: Card) -> dict[str, Known]:
    """For each question about something we know: its answer, and how we know it."""
    sources = {
        "household_size": _household_size(card),
        "receiving": _receiving(card),
        "medical": _medical(card),
    }
    found = {question.id: sources.get(question.known_from or "") for question in definition.questions}
    return {question_id: known for question_id, known in found.items() if known is not None}


def _household_size(card: Card) -> Known | None:
    members = len(card.household.members) if card.household else 0
    if not members:
        return None
    return Known(str(members), Text(zh=f"户籍登记 {members} 人", en=f"{members} people in the register"))


def _receiving(card: Card) -> Known | None:
    """No answer is filled in: whether what we found is right is for the family to say."""
    names = card.lead.receiving
    if not names:
        return Known("", Text(zh="没有查到已享受的待遇", en="No benefit was found"))
    zh, en = "、".join(name.zh for name in names), ", ".join(name.en for name in names)
    return Known("", Text(zh=f"查到已享受：{zh}", en=f"Found: {en}"))


def _medical(card: Card) -> Known | None:
    figure = next(iter(card.lead.figures), None)
    if card.lead.hardship != "medical" or figure is None:
        return None
    zh, en = (f" {figure.unit.zh}", f" {figure.unit.en}") if figure.unit else ("", "")
    return Known(
        "yes",
        Text(
            zh=f"数据显示：{figure.label.zh} {figure.value}{zh}",
            en=f"From the data: {figure.label.en} {figure.value}{en}",
        ),
    )
