"""The 问题数据清单: what a department gets back to mend, as a workbook, identity numbers masked."""

from datetime import date
from pathlib import Path

import xlsxwriter

from jobs.ingest.ledger import records
from jobs.installation import Installation
from schemas.loader import Contract, contracts
from schemas.row_rules import reason_title
from warehouse.tables import rows_where

ROW_HEADERS = ["批次", "数据类", "文件", "行号", "字段", "问题", "原值 (脱敏)", "身份证号 (脱敏)"]
HELD_HEADERS = ["批次", "数据类", "收到行数", "整批暂扣原因"]


def write_reconciliation_list(installation: Installation, department: str, business_date: date) -> Path | None:
    """Write the department's list of the date; None where nothing is wrong.

    The workbook stands at reports/reconciliation/<date>/<department>.xlsx.
    """
    equals = {"department": department, "business_date": business_date}
    problems = []
    if installation.warehouse.exists("quarantine.row"):
        problems = installation.warehouse.rows("quarantine.row", rows_where(**equals)).to_pylist()
    held = [record for record in records(installation, **equals) if record.status != "ingested"]
    if not problems and not held:
        return None
    path = installation.settings.reports_folder / "reconciliation" / business_date.isoformat() / f"{department}.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    by_class = contracts()
    row_lines = [
        _problem_line(problem, by_class[problem["extract_class"]])
        for problem in sorted(problems, key=lambda row: (row["delivery_id"], row["file"], row["line"], row["field"]))
    ]
    held_lines: list[list[object]] = [
        [record.delivery_id, _class_title(record.extract_class), record.received, record.held_reason_zh]
        for record in held
    ]
    _write_workbook(part, row_lines, held_lines)
    part.replace(path)
    return path


def _class_title(extract_class: str) -> str:
    contract = contracts().get(extract_class)
    return contract.title if contract else extract_class


def _problem_line(problem: dict[str, object], contract: Contract) -> list[object]:
    titles = {field.name: field.title for field in contract.fields}
    return [
        problem["delivery_id"],
        contract.title,
        problem["file"],
        problem["line"],
        titles.get(str(problem["field"]), "整行"),
        reason_title(contract, str(problem["reason"])),
        problem["masked_value"],
        problem["masked_identity"],
    ]


def _write_workbook(path: Path, row_lines: list[list[object]], held_lines: list[list[object]]) -> None:
    # Departments' text must never run as a formula in somebody's spreadsheet.
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        bold = workbook.add_format({"bold": True})
        for title, headers, lines in (("问题数据", ROW_HEADERS, row_lines), ("整批暂扣", HELD_HEADERS, held_lines)):
            sheet = workbook.add_worksheet(title)
            sheet.write_row(0, 0, headers, bold)
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(headers) - 1, 22)
            for at, line in enumerate(lines, start=1):
                sheet.write_row(at, 0, line)
