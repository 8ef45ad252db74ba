"""Advice in the words of its reader: the author of a function, of a worker, or of a folder of answers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_metagraph.exporters.client import ExporterClient
from pytest_metagraph.exporters.exports_folder import EXPORTER_FILE, ExportsFolder
from pytest_metagraph.exporters.worker_client import Worker

# The longest phrase first, because shorter ones are parts of it.
_OF_A_WORKER = {
    "as in export_meta_graph(**request.arguments)": "with the names in Export.arguments",
    "request.arguments['filename']": "Export.arguments['filename']",
    "request.arguments": "Export.arguments",
    "request.graph": "Export.graph",
    "in the exporter's attribute `unsupported`": "in Introduction.unsupported",
    "`unsupported`": "Introduction.unsupported",
    "Let it raise an exception, or answer Raised, instead of ending the process.": (
        "Answer Raised instead of ending the process."
    ),
    "Return the MetaGraphDef that your export_meta_graph returned, or its serialised bytes.": (
        "Answer Exported with the serialised MetaGraphDef that your export_meta_graph returned."
    ),
}
_DECLARE = re.compile(r"set the exporter's attribute `unsupported = \{('\w+')\}`")
_OF_A_FOLDER = {
    "as in export_meta_graph(**request.arguments)": "with the names in `arguments` of the case",
    "request.arguments['filename'] is an absolute path: write the file there.": (
        "Write the file `filename` of the case into the folder of the variant."
    ),
    "request.arguments['filename'], an absolute path": "a path in the folder of the variant",
    "request.arguments": "`arguments` of the case",
    "request.graph": "the file `graph` of the case",
    "in the exporter's attribute `unsupported`": f"in `unsupported` in {EXPORTER_FILE}",
    "`unsupported`": f"`unsupported` in {EXPORTER_FILE}",
    "in every call; a cache has to know which graph it contains.": "for every case, and export it again.",
    "Return the MetaGraphDef that your export_meta_graph returned, or its serialised bytes.": (
        "Write the serialised MetaGraphDef that your export_meta_graph returned."
    ),
}


def fitted(text: str, client: ExporterClient) -> str:
    """Return advice that is written for a function in the words of how the exporter is connected.

    Args:
        text: the advice.
        client: the exporter client.
    """
    words: Mapping[str, str] = {}
    if isinstance(client, Worker):
        words = _OF_A_WORKER
    elif isinstance(client, ExportsFolder):
        words = _OF_A_FOLDER
    if words:
        text = _DECLARE.sub(r"add \1 to `unsupported`", text)
    for phrase, other in words.items():
        if other not in text:  # a phrase may be a part of what replaced an earlier one
            text = text.replace(phrase, other)
    return text
