"""Turns a warning's evidence into what people read: the reason sentence and the figures under it."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from string import Formatter
from typing import Any, Literal

from schemas.messages import Figure, Text
from warning_models.loader import Evidence, ModelError, WarningModel

Language = Literal["zh", "en"]


def reason(model: WarningModel, episode: str, evidence: Mapping[str, Any]) -> Text:
    """The model's sentence for this kind of episode, its evidence filled in."""
    kind = "" if "" in model.reason else episode.partition(":")[0]
    if kind not in model.reason:
        raise ModelError(f"{model.folder / 'model.yaml'}: no reason for episode {episode!r}; add reason.{kind}")
    return Text(zh=_filled(model, kind, evidence, "zh"), en=_filled(model, kind, evidence, "en"))


def figures(model: WarningModel, evidence: Mapping[str, Any]) -> list[Figure]:
    """The evidence that is there, in the model's order, in Chinese with its labels in both languages."""
    return [
        Figure(label=item.label, value=shown(model, name, evidence[name], "zh"), unit=item.unit)
        for name, item in model.evidence.items()
        if evidence.get(name) is not None
    ]


def shown(model: WarningModel, name: str, value: Any, language: Language) -> str:
    """One value as people read it: 15,000.01 / 2026年11月19日 / 低保、防返贫监测."""
    labels = model.value_labels.get(name)
    if labels and value is not None:
        known = [getattr(labels[part], language) if part in labels else part for part in str(value).split(",")]
        return ("、" if language == "zh" else ", ").join(known)
    return _written(model.evidence[name], value, language)


def as_json(model: WarningModel, row: Mapping[str, Any]) -> str:
    """The evidence columns of an output row as JSON; amounts and dates as text, so nothing is lost."""
    values = {name: row[name] for name in model.evidence}
    return json.dumps(values, ensure_ascii=False, default=str)


def from_json(model: WarningModel, text: str) -> dict[str, Any]:
    """The evidence that `as_json` wrote, in its types."""
    return {name: _typed(model.evidence[name], value) for name, value in json.loads(text).items()}


def _filled(model: WarningModel, kind: str, evidence: Mapping[str, Any], language: Language) -> str:
    template: str = getattr(model.reason[kind], language)
    return template.format_map({name: shown(model, name, evidence.get(name), language) for name in _named(template)})


@cache
def _named(template: str) -> tuple[str, ...]:
    """The evidence that a sentence speaks of."""
    return tuple({name for _, name, _, _ in Formatter().parse(template) if name})


def _written(item: Evidence, value: Any, language: Language) -> str:
    match value:
        case None:
            return "未知" if language == "zh" else "unknown"
        case bool():
            return {"zh": "是" if value else "否", "en": "yes" if value else "no"}[language]
        case Decimal():
            return f"{value:,.2f}"
        case date():
            return _written_date(value, language, with_day=item.shown_as != "month")
        case _:
            return str(value)


def _written_date(day: date, language: Language, *, with_day: bool) -> str:
    if language == "en":
        return day.isoformat() if with_day else day.isoformat()[:7]
    return f"{day.year}年{day.month}月" + (f"{day.day}日" if with_day else "")


def _typed(item: Evidence, value: Any) -> Any:
    if value is None:
        return None
    if item.type == "decimal(16,2)":
        return Decimal(value)
    return date.fromisoformat(value) if item.type == "date" else value
