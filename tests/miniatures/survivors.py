"""Miniatures that no requirement case catches yet, and what a case that does would have to hold."""

from __future__ import annotations

SURVIVORS: dict[str, str] = {
    "finds-the-scope-anywhere-in-a-name": "SCOPE-01: a scope `a` beside a node `b/a/x`.",
    "selects-without-regard-to-case": "SCOPE-01: a scope `a` beside a node `A/x`.",
    "takes-control-inputs-for-outside-ones": "UNB-01: a control input from inside of the scope.",
    "sorts-outside-inputs": "UNB-02: uses of outside inputs whose order is not that of their names.",
    "drops-full-types": "NODE-05: a case that counts experimental_type, which the differ only notes.",
    "drops-origins-of-nodes": "NODE-05: the same for experimental_debug_info.",
    "drops-control-results-of-functions": "LIB-04: a function with control_ret.",
    "strips-entries-of-other-kinds": "CLS-02: under a scope, an entry such as `grp@scope/x`.",
    "always-clears-devices": "DEV-01: an export without the flag of a graph that has devices.",
    "states-the-first-saver-of-the-graph": "SAV-01: a graph whose savers are others than saver_def.",
    "looks-at-the-save-tensor-only": "SAV-02: a restore op in another scope than the save tensor.",
    "always-strips-default-attrs": "STRIP-01: an export without the flag of default attributes.",
    "says-that-it-stripped-when-it-did-not": "STRIP-02: an export without the flag and meta_info_def.",
    "compares-texts-without-regard-to-case": "STRIP-04: a text and a default that differ in case only.",
    "exports-global-variables-only": "COL-11: the collections local_variables and metric_variables.",
    "selects-variables-by-their-snapshot": "COL-13: a variable in the scope with its snapshot outside.",
    "always-writes-debug-info": "DBG-06: a file without save_debug_info, in a case of this requirement.",
}
"""What would catch a miniature, by its name. A miniature that is caught must not be here."""
