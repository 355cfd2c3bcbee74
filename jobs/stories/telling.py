"""A story as lines for a terminal."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_LINES_NAMED = 5

Part = Mapping[str, Any]


def listed(lines: Sequence[Part]) -> Iterator[str]:
    """One line for each warning of a list."""
    if not lines:
        yield "no warnings"
    for line in lines:
        grouped = f" with {line['claims'] - 1} more claims" if line["claims"] > 1 else ""
        until = f" until {line['until']}" if line["until"] else ""
        overtaken = ", overtaken 已被取代" if line["overtaken"] else ""
        fate = f"{line['fate']} {line['order'] or line['reason'] or ''}".rstrip()
        yield (
            f"{line['warning_id']}  {line['business_date']}  {line['level']:<6}  {line['hardship']}, "
            f"{line['model']}{grouped}: {fate}{until}{overtaken}"
        )


def told(story: Part) -> Iterator[str]:
    """The story line by line, as a caseworker's question goes: what, why, on what, and then."""
    name = story["warning_id"] or f"claim {story['claims'][0]['claim_id']} (in no warning)"
    yield f"{name}: {story['hardship']}, {story['level']}, found on {story['business_date']}"
    if story["overtaken"]:
        yield from _overtaken(story["overtaken"])
    if story["household"]:
        yield from _household(story["household"])
    for claim in story["claims"]:
        yield ""
        yield from _claim(claim)
    yield ""
    yield "What happened next"
    yield from _after(story)
    for earlier in story["told_before"]:
        yield ""
        yield f"Told before it on the same date 同日先前已告知: {earlier['warning_id']}, {earlier['level']}"
        yield f"  {earlier['reason_zh']}"
        yield f"  {earlier['reason_en']}"
        yield from _overtaken(earlier["overtaken"])
        yield from _after(earlier)


def _overtaken(overtaken: Part) -> Iterator[str]:
    now = f": {', '.join(overtaken['goes_on_in'])}" if overtaken["goes_on_in"] else ""
    yield f"  {overtaken['zh']}{now}"
    yield f"  {overtaken['en']}{now}"


def _household(household: Part) -> Iterator[str]:
    yield f"Household of {len(household['members'])} in the register"
    for member in household["members"]:
        age = f", {member['age']}" if member["age"] is not None else ""
        earns = ", ".join(member["earns"]) or "no income seen"
        income = f", {member['monthly_income']} yuan a month known" if member["monthly_income"] is not None else ""
        depends = f"; depends: {', '.join(member['depends'])}" if member["depends"] else ""
        yield f"  {member['relation']['zh']} {member['relation']['en']}{age}: {earns}{income}{depends}"
    for total in household["sums"]:
        yield f"  together: {total['label']['en']} {total['value']} {(total['unit'] or {}).get('en', '')}".rstrip()


def _claim(claim: Part) -> Iterator[str]:
    model = claim["model"]
    today = (
        f", version {model['version_today']} today"
        if model.get("version_today") not in (None, model["version"])
        else ""
    )
    yield f"{claim['claim_id']}: {model.get('number', '')} {model['id']} version {model['version']}{today}"
    yield f"  {claim['reason']['zh']}"
    yield f"  {claim['reason']['en']}"
    yield f"  level {claim['level']}, episode {claim['episode']}, data as of {claim['data_as_of']}"
    yield f"  worked out again from what was known that night: {claim['worked_out_again']}"
    yield "  Parameters in force"
    for item in claim["parameters"]:
        yield f"    {item['name']} = {item['value']} {item['unit']}, from {item['from']}: {item['reference']}"
    yield "  Conditions"
    for condition in claim["conditions"]:
        yield from _condition(condition)
    yield "  Data"
    for source in claim["sources"]:
        yield f"    {source['title']} {source['extract_class']}: {source['until'] or 'never connected 未接入'}"
    yield f"  Rows ({len(claim['rows'])})"
    yield from _rows(claim["rows"])


def _condition(condition: Part) -> Iterator[str]:
    held = "holds" if condition["held"] else "does not hold"
    gives = f" gives {condition['gives']}" if condition["gives"] else ""
    counted = f" ({condition['held']} of {condition['rows']} rows)" if condition["rows"] > 1 else ""
    yield f"    [{condition['step']}] {condition['text']}{gives}: {held}{counted}"
    for values in condition["values"]:
        named = [f"{name} = {value}" for name, value in values.items()]
        named += [f":{name} = {value}" for name, value in condition["parameters"].items()]
        if named:
            yield f"        {', '.join(named)}"


def _rows(rows: Sequence[Part]) -> Iterator[str]:
    """A line for each delivery, with the first of the lines in it."""
    deliveries = Counter((row["extract_class"], row["delivery_id"], ", ".join(row["files"])) for row in rows)
    for (extract_class, delivery_id, files), count in deliveries.items():
        lines = [str(row["source_line"]) for row in rows if row["delivery_id"] == delivery_id and row["source_line"]]
        more = f" and {count - _LINES_NAMED} more" if count > _LINES_NAMED else ""
        where = files or "files no longer kept"
        stood = any(row["stood"] for row in rows if row["delivery_id"] == delivery_id)
        since = "" if stood else " (replaced by later deliveries 已被后来批次取代)"
        named = ", ".join(lines[:_LINES_NAMED])
        yield f"    {extract_class}: delivery {delivery_id}, {where}, line {named}{more}{since}"


def _after(story: Part) -> Iterator[str]:
    if story["warning_id"] is None:
        yield "  the model was in shadow: counted, and nobody was sent"
    elif not story["dispositions"]:
        yield "  waits in the outbox for the case service"
    for item in story["dispositions"]:
        if item["reason_words"]:
            words = item["reason_words"]
            yield f"  {item['business_date']} withheld until {item['expires_on']}: {words['zh']} ({words['en']})"
        else:
            yield f"  {item['business_date']} {item['kind']}: order {item['order_number']}"
    for outcome in story["outcomes"]:
        field = f" ({outcome['data_error_field']})" if outcome["data_error_field"] else ""
        yield (
            f"  order {outcome['order_number']}: delivered {outcome['delivered_on']}, visited {outcome['visited_on']}, "
            f"closed {outcome['closed_on']}, found {outcome['outcome']}{field}"
        )
