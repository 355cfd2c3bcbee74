"""`shouwang dictionary`: what every field means, where it comes from and where it goes."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from jobs.commands.printing import AsJson, print_report
from jobs.dictionary import dictionary_page
from jobs.installation import this_installation

FILE = "dictionary.html"
DATA_DOCS = "data_docs"


def dictionary_command(
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write it; without it beside the Data Docs, which it then links from each class."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the data dictionary with the lineage of every column as one page."""
    reports = this_installation().settings.reports_folder
    file, data_docs = out or reports / FILE, None
    if out is None:
        # <night>/<department>/validations/<department>/<class>/<delivery>/…: the later takes the place of the earlier.
        # The index above them stands empty where a network is closed: it is drawn by scripts from elsewhere.
        found = sorted((reports / DATA_DOCS).glob("*-*-*/*/validations/*/*/**/*.html"))
        addresses = [page.relative_to(reports) for page in found]
        data_docs = {address.parts[5]: quote(address.as_posix()) for address in addresses}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dictionary_page(data_docs), encoding="utf-8")
    print_report({"file": str(file)}, as_json)
