"""A later release of the pipeline, in which a contract, a layer's table and a model are no longer what they were."""

import re
import shutil
from pathlib import Path

import schemas

ROOT = Path(schemas.__file__).parent.parent
PACKAGES = ("jobs", "schemas", "warehouse", "warning_models")
CONTRACT = "schemas/contracts/civil_affairs/temporary_aid.odcs.yaml"
MODEL = "medical_cost_over_limit"
MODEL_FOLDER = f"warning_models/medical/{MODEL}"
HELPED_BY = """      - name: helped_by
        businessName: 经办人
        description: Who decided on the award.
        logicalType: string
        physicalType: varchar
        classification: sensitive
        customProperties:
          - {property: headers, value: {"1": 经办人, "2": 经办人}}
"""


def later_release(folder: Path) -> Path:
    """Write it and return the folder to run it in: `python -m jobs` there is the later one.

    Temporary aid comes in schema version 2, with one header renamed and a field more; `dwd.aid` has that field and
    lost another; W01 asks about half the limits.
    """
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    _rewrite(
        folder / CONTRACT,
        (r"version: 1\.0\.0", "version: 2.0.0"),
        (r'schemaVersion, value: "1"', 'schemaVersion, value: "2"'),
        (r'headers, value: \{"1": ([^}]+)\}', r'headers, value: {"1": \1, "2": \1}'),
        (r'"2": 救助金额\}', '"2": 实发金额}'),
        (r"    quality:\n", f"{HELPED_BY}    quality:\n"),
    )
    _rewrite(
        folder / "warehouse/dwd/aid.sql",
        (r"'temporary_aid' as source_class", "helped_by as decided_by"),
        (r"'\w+' as source_class", "null as decided_by"),
    )
    _rewrite(
        folder / "warehouse/dwd/tables.yaml",
        (r"(\n    aid_id: .*)\n    source_class: .*", r"\1\n    decided_by: [varchar, 经办人]"),
    )
    _rewrite(
        folder / MODEL_FOLDER / "model.yaml",
        (r"(?m)^version: (\d+)$", lambda found: f"version: {int(found[1]) + 1}"),
        (r"value: (\d+)000, reference", lambda found: f"value: {int(found[1]) * 500}, reference"),
    )
    return folder


def _rewrite(file: Path, *changes: tuple[str, object]) -> None:
    text = file.read_text(encoding="utf-8")
    for pattern, by in changes:
        changed = re.sub(pattern, by, text)
        assert changed != text, f"{file.name} has no {pattern} any more"
        text = changed
    file.write_text(text, encoding="utf-8")
