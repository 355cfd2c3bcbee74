"""Turns a contract into the SQL that reads a batch of text and names what is wrong with each row.

Fields are read value by value, not row by row: a column mostly says the same few things over and over.
The SQL is DuckDB's and uses the macros of `parsing.sql`; ingest always runs on DuckDB
because it works on files, not on tables (docs/decisions/0003).
"""

from collections.abc import Iterator
from pathlib import Path

from schemas.loader import Contract, Field

PARSING_SQL = (Path(__file__).parent / "parsing.sql").read_text(encoding="utf-8")

REASONS_ZH = {
    "missing_required": "必填项为空",
    "identity_checksum": "身份证号校验不通过",
    "identity_float_damaged": "身份证号被表格软件当作数字损坏",
    "identity_masked": "身份证号已被脱敏, 无法使用",
    "certificate_malformed": "残疾人证号不符合编码规则 (身份证号18位 + 类别 + 等级)",
    "number_damaged": "编号被表格软件当作数字损坏",
    "impossible_date": "日期不存在或无法识别",
    "future_date": "日期晚于业务日期",
    "date_too_early": "日期早于允许的最早日期",
    "not_a_number": "不是有效的数值",
    "negative_amount": "金额或数量不应为负",
    "below_minimum": "数值低于允许的最小值",
    "unknown_code": "代码不在约定的代码表中",
    "pattern_mismatch": "格式不符合约定",
    "duplicate_key": "主键重复且内容不同",
    "repeated_row": "同一行重复报送",
    "malformed_line": "该行的列数与表头不一致",
}

# Fields that hold an identity number as such, to be read, checked and mended as one.
IDENTITY_NUMBERS = ("number", "former_number")


def reason_title(contract: Contract, reason: str) -> str:
    """The Chinese sentence for a reason code of this contract."""
    titles = {rule.name: rule.title for rule in contract.row_rules}
    return titles.get(reason) or REASONS_ZH[reason]


def typed_expression(field: Field, text: str) -> str:
    """The SQL that reads `text` (an SQL expression of type text) as the field's type."""
    if field.inside_certificate:
        return f"certificate_identity({text})"
    if field.identity == "disability_certificate":
        return f"read_identity_text({text})"
    if field.identity in IDENTITY_NUMBERS:
        return f"read_identity_number({text})"
    if field.is_month:
        return f"read_month({text})"
    if field.physical_type == "date":
        return f"read_date({text})"
    if field.physical_type == "integer":
        return f"read_whole_number({text})"
    if field.physical_type.startswith("decimal"):
        # Plain amounts take the short way: casting from thirty-eight digits costs ten times the rest.
        short = f"try_cast(try_cast({text} as decimal(18, 6)) as {field.physical_type})"
        return (
            f"case when is_plain_amount({text}) then {short} "
            f"else try_cast(read_amount({text}) as {field.physical_type}) end"
        )
    return f"tidy_code({text})" if field.codes or field.pattern else f"tidy_text({text})"


def field_problems(field: Field, text: str) -> Iterator[tuple[str, str]]:
    """Pairs of reason code and the SQL condition under which the field has it.

    `text` is the column as delivered; the typed column bears the field's name; `is_empty` says that
    nothing is delivered.
    """
    given = "not is_empty"
    if field.required:
        yield "missing_required", "is_empty"
    if field.identity == "disability_certificate" or field.inside_certificate:
        yield "certificate_malformed", f"case when {given} then certificate_identity({text}) is null else false end"
    elif field.identity in IDENTITY_NUMBERS:
        yield from _identity_problems(field, text)
    elif field.physical_type == "date":
        yield "impossible_date", f"{given} and {field.name} is null"
    elif field.key_position is not None and field.physical_type == "varchar":
        yield "number_damaged", f"case when contains({text}, '+') then is_number_damaged({text}) else false end"
    elif field.physical_type == "integer" or field.physical_type.startswith("decimal"):
        yield "not_a_number", f"{given} and {field.name} is null"
    if field.codes is not None:
        yield "unknown_code", f"cast({field.name} as varchar) not in ({_text_list(field.codes)})"
    if field.pattern is not None:
        yield "pattern_mismatch", f"not regexp_full_match({field.name}, '{field.pattern}')"
    if field.not_after_business_date:
        yield "future_date", f"{field.name} > $business_date"
    if field.minimum is not None:
        yield from _minimum_problems(field)


def _identity_problems(field: Field, text: str) -> Iterator[tuple[str, str]]:
    # A case looks no further than it must; a conjunction looks at every value.
    broken = f"case when not is_empty and {field.name} is null then"
    damaged = f"is_float_damaged(read_identity_text({text}))"
    hidden = f"is_masked({text})"
    yield "identity_float_damaged", f"{broken} {damaged} else false end"
    yield "identity_masked", f"{broken} {hidden} else false end"
    yield "identity_checksum", f"{broken} not {damaged} and not {hidden} else false end"


def field_repairs(field: Field, text: str) -> Iterator[tuple[str, str]]:
    """Pairs of repair code and the SQL condition under which the field was mended so."""
    if field.identity in IDENTITY_NUMBERS and not field.inside_certificate:
        changed = f"case when {field.name} is not null and {text} <> {field.name} then"
        short = f"length(read_identity_text({text})) = 15"
        yield "identity_15_digits", f"{changed} {short} else false end"
        yield "identity_tidied", f"{changed} not {short} else false end"


def _minimum_problems(field: Field) -> Iterator[tuple[str, str]]:
    if field.physical_type == "date":
        yield "date_too_early", f"{field.name} < date '{field.minimum}'"
    elif field.minimum is not None and float(field.minimum) == 0:
        yield "negative_amount", f"{field.name} < 0"
    else:
        yield "below_minimum", f"{field.name} < {field.minimum}"


def _text_list(values: object) -> str:
    return ", ".join("'" + str(value).replace("'", "''") + "'" for value in values)  # type: ignore[attr-defined]


def read_values_sql(field: Field, source: str) -> str:
    """SQL over `source`, whose column `delivered_text` holds values of the field as delivered.

    Gives for each, in the same order: the typed value under the field's name, `is_empty`, and a truth
    value for each thing that may be wrong or mended: `problem:<reason>` and `repair:<repair>`. Needs the
    parameter business_date where the field may not lie after it.
    """
    found = [("problem", *pair) for pair in field_problems(field, "delivered_text")]
    found += [("repair", *pair) for pair in field_repairs(field, "delivered_text")]
    flags = "".join(f', coalesce({condition}, false) as "{kind}:{name}"' for kind, name, condition in found)
    return f"""
select {field.name}, is_empty{flags}
from (
  select *, case when {field.name} is null then tidy_text(delivered_text) is null else false end as is_empty
  from (select delivered_text, {typed_expression(field, "delivered_text")} as {field.name} from {source}))
"""


def broken_rules_sql(contract: Contract, source: str) -> str:
    """SQL over `source` (typed fields and `row_number`): pairs of row_number and the name of a rule it breaks."""
    each = [
        f"select row_number, '{rule.name}' as rule from {source} where {rule.broken_when}"
        for rule in contract.row_rules
    ]
    return " union all ".join(each)
