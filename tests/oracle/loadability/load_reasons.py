"""Tell which rules a refusal of TensorFlow can belong to, by the text of its exception."""

from __future__ import annotations

import re

SHAPE_FUNCTION = "shape function"
"""The reason of a refusal that a shape function decided, which the check does not examine."""

_NAMED = frozenset({"LOAD-35", "LOAD-37", "LOAD-38"})

_REASONS: tuple[tuple[str, frozenset[str]], ...] = (
    (r"GraphDef cannot be larger than 2GB|exceeds maximum protobuf size", frozenset({"LOAD-01"})),
    (r"Graph contains unbound inputs", frozenset({"LOAD-02"})),
    (r"attribute name must be string", frozenset({"LOAD-02"})),
    (r"below min producer", frozenset({"LOAD-03"})),
    (r"above current version", frozenset({"LOAD-04"})),
    (r"disallows consumer version", frozenset({"LOAD-05"})),
    (
        r"Failed to bind all placeholders|is not found|Attempt to access beyond|to be a control input",
        frozenset({"LOAD-29"}),
    ),
    (
        r"type (list )?attr not found|Duplicated (ret|arg) name|Invalid ret types|Return \S+ missing",
        frozenset({"LOAD-29"}),
    ),
    (r"expected type .* != .*, the type of", frozenset({"LOAD-29"})),
    (r"Node name contains invalid characters", frozenset({"LOAD-06", "LOAD-29"})),
    (r"is not unique", frozenset({"LOAD-07", "LOAD-29"})),
    (r"does not specify an operation", frozenset({"LOAD-08"})),
    (r"Control dependencies must come after", frozenset({"LOAD-09"})),
    (r"Unknown input node", frozenset({"LOAD-10"})),
    (r"because a different function with the same name", frozenset({"LOAD-11"})),
    (r"because an op with the same name", frozenset({"LOAD-12"})),
    (r"Cannot assign gradient function", frozenset({"LOAD-13"})),
    (r"expects to be colocated with unknown node", frozenset({"LOAD-14"})),
    (r"Connecting to invalid output|Output \d+ of node \S+ does not exist", frozenset({"LOAD-15"})),
    (r"Op type not registered", frozenset({"LOAD-16", "LOAD-29"})),
    (r"mentions attr", frozenset({"LOAD-17"})),
    (r"NodeDef missing attrs?", frozenset({"LOAD-18"})),
    (r"AttrValue had value with (unexpected )?type|AttrValue missing value", frozenset({"LOAD-19"})),
    (r"(has|contains) invalid DataType|must not have reference type", frozenset({"LOAD-20"})),
    (r"not in the list of allowed values", frozenset({"LOAD-21"})),
    (r"must be at least minimum", frozenset({"LOAD-22"})),
    (r"NodeDef expected inputs", frozenset({"LOAD-23"})),
    (r"out of range for an int32|Number of outputs is too big", frozenset({"LOAD-46"})),
    (r"is not available in GraphDef version", frozenset({"LOAD-24"})),
    (r"was passed .* from .* incompatible with expected", frozenset({"LOAD-25", "LOAD-15"})),
    (r"_output_shapes attribute specifies shapes for|has an invalid _output_shapes", frozenset({"LOAD-26"})),
    (r"attribute inconsistent with the GraphDef", frozenset({"LOAD-27", SHAPE_FUNCTION})),
    (r"nodes in a cycle", frozenset({"LOAD-28", "LOAD-29"})),
    (r"back edge", frozenset({"LOAD-28"})),
    (r"Unknown attribute:? '|multiple device types|Multiple device types", frozenset({"LOAD-30"})),
    (r"Expected binary or unicode string, got \d+", frozenset({"LOAD-31", "LOAD-02"})),
    (r"codec can't decode byte", frozenset({"LOAD-31", "LOAD-02"})),
    (r"FunctionDefLibrary (missing|contains cyclic)", frozenset({"LOAD-32"})),
    (r"Cannot convert (value|the argument|\S+ to a dtype)", frozenset({"LOAD-33", "LOAD-19"})),
    (r"Invalid version: |'<' not supported between instances", frozenset({"LOAD-34"})),
    (r"refers to an? (Tensor|Operation)|looks a? ?like an? ", _NAMED),
    (r"Error parsing message", frozenset({"LOAD-36"})),
    (
        r"has no attr named|'Operation' object has no attribute|Invalid variable (synch|aggr)|ON_READ only",
        frozenset({"LOAD-38"}),
    ),
    (r"(list|tuple) index out of range", frozenset({"LOAD-38", "LOAD-39"})),
    (r"Unknown ControlFlowContextDef|^\d+$", frozenset({"LOAD-38"})),
    (r"is not a Variable|object has no attribute 'name'|^name$", frozenset({"LOAD-39"})),
    (r"[Cc](an't|annot) convert Operation|returned non-T", frozenset({"LOAD-39"})),
    (r"variables have the same name|Mixing slices and non-slices", frozenset({"LOAD-40"})),
    (r"saver_def must specify", frozenset({"LOAD-41"})),
    (r"invalid literal for int", frozenset({"LOAD-30"})),
    (
        r"has dimensions with values below|unknown shape must not have|is not fully defined",
        frozenset({"LOAD-27"}),
    ),
    (r"is too large \(more than", frozenset({"LOAD-27"})),
    (r"for '.*' \(op: '|for '\{\{node ", frozenset({SHAPE_FUNCTION})),
)


def rules_of(text: str, error: str = "") -> frozenset[str]:
    """Return the rules that a refusal can belong to; none if its text is not known.

    Args:
        text: the message of the exception.
        error: the name of its type.

    Returns:
        The ids of the rules, or SHAPE_FUNCTION.
    """
    if re.search(r"for '.*' \(op: '|for '\{\{node ", text) and not re.search(
        r"below -1|unknown shape must not|is not fully defined|too large \(more|mentions attr", text
    ):
        return (
            frozenset({SHAPE_FUNCTION})
            if "unexpected type 'placeholder'" not in text
            else frozenset({"LOAD-19"})
        )
    for pattern, rules in _REASONS:
        if re.search(pattern, text):
            return rules
    if error == "KeyError":  # 1.13 and 1.14 look up the op of a node that their op list has
        return frozenset({"LOAD-16"})
    return frozenset()
