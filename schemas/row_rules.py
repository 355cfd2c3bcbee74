"""Turns a contract into the SQL that reads a batch of text and names what is wrong with each row.

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

# What was mended in an accepted row, where it is certain what the department meant.
REPAIRS_ZH = {
    "identity_15_digits": "15位身份证号已换算为18位",
    "identity_tidied": "身份证号已去除空格、撇号或转为半角大写",
    "unquoted_delimiter": "地址中含有未加引号的分隔符, 已并回地址",
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
    if field.identity in IDENTITY_NUMBERS:
        return f"read_identity_number({text})"
    if field.is_month:
        return f"read_month({text})"
    if field.physical_type == "date":
        return f"read_date({text})"
    if field.physical_type == "integer":
        return f"read_whole_number({text})"
    if field.physical_type.startswith("decimal"):
        return f"try_cast(read_amount({text}) as {field.physical_type})"
    return f"tidy_code({text})" if field.codes or field.pattern else f"tidy_text({text})"


def field_problems(field: Field, text: str) -> Iterator[tuple[str, str]]:
    """Pairs of reason code and the SQL condition under which the field has it.

    `text` is the column as delivered; the typed column bears the field's name.
    """
    given = f"tidy_text({text}) is not null"
    if field.required:
        yield "missing_required", f"not ({given})"
    if field.identity == "disability_certificate" or field.inside_certificate:
        yield "certificate_malformed", f"{given} and certificate_identity({text}) is null"
    elif field.identity in IDENTITY_NUMBERS:
        yield from _identity_problems(field, text, given)
    elif field.physical_type == "date":
        yield "impossible_date", f"{given} and {field.name} is null"
    elif field.key_position is not None and field.physical_type == "varchar":
        yield "number_damaged", f"is_number_damaged({text})"
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


def _identity_problems(field: Field, text: str, given: str) -> Iterator[tuple[str, str]]:
    broken = f"{given} and {field.name} is null"
    damaged = f"is_float_damaged(read_identity_text({text}))"
    hidden = f"is_masked({text})"
    yield "identity_float_damaged", f"{broken} and {damaged}"
    yield "identity_masked", f"{broken} and {hidden}"
    yield "identity_checksum", f"{broken} and not {damaged} and not {hidden}"


def _repairs(field: Field) -> Iterator[tuple[str, str]]:
    """Pairs of repair code and the SQL condition under which the field was mended so."""
    if field.identity in IDENTITY_NUMBERS and not field.inside_certificate:
        changed = f"{field.name} is not null and text_{field.name} <> {field.name}"
        short = f"length(read_identity_text(text_{field.name})) = 15"
        yield "identity_15_digits", f"{changed} and {short}"
        yield "identity_tidied", f"{changed} and not {short}"


def _minimum_problems(field: Field) -> Iterator[tuple[str, str]]:
    if field.physical_type == "date":
        yield "date_too_early", f"{field.name} < date '{field.minimum}'"
    elif field.minimum is not None and float(field.minimum) == 0:
        yield "negative_amount", f"{field.name} < 0"
    else:
        yield "below_minimum", f"{field.name} < {field.minimum}"


def _text_list(values: object) -> str:
    return ", ".join("'" + str(value).replace("'", "''") + "'" for value in values)  # type: ignore[attr-defined]


def read_batch_sql(contract: Contract, source: str) -> str:
    """SQL over `source` (text columns named by field, `source_file`, `source_line`).

    Gives, for every row, the text as `text_<field>`, the typed fields, and `problems`: a list of
    structs (field, reason), empty where the row is right; and `repairs`: structs (field, repair).
    """
    texts = [f'"{field.name}" as text_{field.name}' for field in contract.fields]
    typed = [f"{typed_expression(field, 'text_' + field.name)} as {field.name}" for field in contract.fields]
    problems = [
        f"case when {condition} then {{'field': '{field.name}', 'reason': '{reason}'}} end"
        for field in contract.fields
        for reason, condition in field_problems(field, f"text_{field.name}")
    ]
    problems += [
        f"case when {rule.broken_when} then {{'field': '', 'reason': '{rule.name}'}} end" for rule in contract.row_rules
    ]
    repairs = [
        f"case when {condition} then {{'field': '{field.name}', 'repair': '{repair}'}} end"
        for field in contract.fields
        for repair, condition in _repairs(field)
    ]
    return f"""
with delivered as (select source_file, source_line, {", ".join(texts)} from {source}),
typed as (select *, {", ".join(typed)} from delivered)
select *, list_filter([{", ".join(problems)}], lambda x: x is not null) as problems,
  list_filter([{", ".join(repairs)}], lambda x: x is not null) as repairs
from typed
"""
