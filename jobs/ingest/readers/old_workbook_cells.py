"""Reads the cells of an old workbook (.xls) in a process of its own: `python -I old_workbook_cells.py FILE`.

Damage can lead the library in circles until no memory is left, or make it abort; here that ends this process alone.
Standard output bears the visible sheets' rows, pickled; where the workbook cannot be read the exit code says why.
It imports nothing of ours, so that it starts at once.
"""

import io
import pickle
import resource
import sys
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

PROTECTED = 3
DAMAGED = 4
# A sheet of this format has at most 65,536 rows of 256 cells.
MOST_BYTES = 4 * 2**30


def main(path: Path) -> int:
    """Write the rows of every visible sheet; returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    try:
        # From its bytes: by the path, the library would believe the name's ending.
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        shown = [
            workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            for sheet in workbook.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
    except PasswordError:
        return PROTECTED
    except (CalamineError, ValueError, OverflowError) as damage:
        sys.stderr.write(str(damage))
        return DAMAGED
    pickle.dump(shown, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
