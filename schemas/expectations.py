"""Turns a contract and a manifest into the Great Expectations suite that judges a whole batch.

Critical expectations hold the delivery: the manifest's row count and control sum, the promised
columns, and more broken rows in one field than TOLERATED_SHARE, which means that the column is
wrong and not the rows. Single broken rows are the row rules' business.
"""

from typing import TYPE_CHECKING, Any

from schemas.delivery import Manifest
from schemas.loader import Contract, Field

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation

TOLERATED_SHARE = 0.10
CENT = 0.005

# What a critical expectation asks the department for, by the name in its meta.
HELD_ZH = {
    "columns": "列与约定不符",
    "row_count": "行数与清单不符",
    "control_sum": "控制合计与清单不符",
    "required": "必填项大面积为空",
    "codes": "代码大面积不在约定之内",
    "readable": "大面积无法识别",
}


def batch_expectations(contract: Contract, manifest: Manifest, columns_fit: bool) -> "list[Expectation]":
    """The suite for one batch; where the columns do not fit, only what can still be judged.

    The batch's columns bear the fields' names; `text_<field>` holds the text as delivered.
    """
    import great_expectations.expectations as gxe

    suite: list[Expectation] = [
        gxe.ExpectTableRowCountToEqual(
            value=manifest.row_count, severity="critical", meta=_meta("row_count", expected=manifest.row_count)
        ),
        gxe.ExpectTableColumnsToMatchSet(
            column_set=[field.name for field in contract.fields],
            exact_match=True,
            severity="critical",
            meta=_meta("columns"),
        ),
    ]
    if not columns_fit:
        return suite
    if contract.control_field and manifest.control_sum is not None:
        control = float(manifest.control_sum)
        suite.append(
            gxe.ExpectColumnSumToBeBetween(
                column=contract.control_field,
                min_value=control - CENT,
                max_value=control + CENT,
                severity="critical",
                meta=_meta("control_sum", expected=manifest.control_sum),
            )
        )
    for field in contract.fields:
        suite.extend(_field_expectations(field))
    rules = [
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=f"select 1 as broken from {{batch}} where {rule.broken_when}",
            description=rule.title,
            severity="warning",
            meta=_meta(rule.name),
        )
        for rule in contract.row_rules
    ]
    return suite + rules


def _field_expectations(field: Field) -> "list[Expectation]":
    import great_expectations.expectations as gxe

    mostly = 1 - TOLERATED_SHARE
    found: list[Expectation] = []
    if field.required:
        found.append(
            gxe.ExpectColumnValuesToNotBeNull(
                column=field.name,
                mostly=mostly,
                severity="critical",
                meta=_meta("required", field, f"{mostly:.0%}+"),
            )
        )
    if field.codes is not None:
        values: list[Any] = list(field.codes)
        if field.physical_type == "integer":
            values = [int(value) for value in values]
        found.append(
            gxe.ExpectColumnValuesToBeInSet(
                column=field.name,
                value_set=values,
                mostly=mostly,
                severity="critical",
                meta=_meta("codes", field, f"{mostly:.0%}+"),
            )
        )
    if field.minimum is not None and field.physical_type != "date":
        found.append(
            gxe.ExpectColumnValuesToBeBetween(
                column=field.name,
                min_value=float(field.minimum),
                mostly=mostly,
                severity="critical",
                meta=_meta("readable", field, f"{mostly:.0%}+"),
            )
        )
    return found


def _meta(name: str, field: Field | None = None, expected: object = "") -> dict[str, str]:
    return {"promise": name, "field": field.title if field else "", "expected": str(expected)}
