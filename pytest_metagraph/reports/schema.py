"""The JSON Schema of a report, made from the declarations that also read and write it.

`report.schema.json` in this package is its text, for programs that are not written in Python. After a change
of the declarations, write it again with `python -m pytest_metagraph.reports.schema`; a test compares the two.
"""

from __future__ import annotations

import inspect
import json
import re
from importlib import resources
from typing import Any

import msgspec

from pytest_metagraph.judging import result
from pytest_metagraph.judging.result import CaseResult
from pytest_metagraph.reports import model
from pytest_metagraph.reports.model import Footer, Header
from reference_impl.atomic_write import write_file

_FILE = "report.schema.json"
_DESCRIPTION = (
    "A report is UTF-8 text of JSON objects, one on each line: a header, the cases, a footer. A report "
    "without a footer, or with missing or repeated cases, is INVALID and has no score. Unknown members are "
    "an error; a new member comes with a new version of the format."
)
_ATTRIBUTE = re.compile(r"^    (\w+): ((?:.|\n(?!    \w+:|\n))*)", re.MULTILINE)


def report_schema() -> dict[str, Any]:
    """Return the schema of one line of a report, with the descriptions of the declarations."""
    parts, components = msgspec.json.schema_components(
        (Header, CaseResult, Footer), ref_template="#/$defs/{name}"
    )
    for name, schema in components.items():
        declared = getattr(result, name, None) or getattr(model, name, None)
        text = inspect.getdoc(declared) or ""
        schema["description"] = text.partition("\n")[0]
        for attribute, sentence in _ATTRIBUTE.findall(text):
            if attribute in schema.get("properties", {}):
                described = {"description": " ".join(sentence.split())}
                schema["properties"][attribute] = {**described, **schema["properties"][attribute]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of a pytest-metagraph report",
        "description": _DESCRIPTION,
        "oneOf": list(parts),
        "$defs": components,
    }


def schema_text() -> str:
    """Return the text of `report.schema.json`."""
    return json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write_file(str(resources.files(__package__) / _FILE), schema_text().encode())
