"""The catalogue of the rules of TensorFlow's importer, and of graphs that it imports but that fail later.

Each rule was observed on real TensorFlows, one release of each minor version from 1.8 to 2.21. This module
names the rules and the versions that apply each of them; the modules of `pytest_metagraph.loadability.rules`
find what breaks them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pytest_metagraph.loadability.version_ranges import Version, version_numbers


class Severity(enum.StrEnum):
    """The time at which a graph that breaks a rule fails."""

    REFUSED = "refused"
    """`import_meta_graph` raises an exception."""
    FAILS_LATER = "fails later"
    """The graph is imported; running, restoring or serving it raises an exception."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of TensorFlow's importer.

    Attributes:
        id: the code of its problems, such as `LOAD-16`; an id never changes its meaning.
        subject: the subject of the rule: file, versions, nodes, inputs, attributes, functions, placement,
            collections or savers.
        sentence: the defect that a graph must not have.
        severity: the time at which such a graph fails.
        way_out: the way to fix it.
        since: the first minor version that applies the rule; empty if all recorded versions do.
        until: the last minor version that applies it; empty if all later versions do.
    """

    id: str
    subject: str
    sentence: str
    severity: Severity
    way_out: str
    since: str = ""
    until: str = ""

    def applies_in(self, version: Version) -> bool:
        """Return whether a minor version applies the rule."""
        has_begun = not self.since or version >= version_numbers(self.since)
        return has_begun and (not self.until or version <= version_numbers(self.until))


_LATER: Final = Severity.FAILS_LATER
_REFUSED: Final = Severity.REFUSED

_RULES: Final = (
    Rule(
        "LOAD-01",
        "file",
        "The GraphDef has 2 GB or more.",
        _REFUSED,
        "keep large constants out of the graph: put them into variables and save a checkpoint",
    ),
    Rule(
        "LOAD-02",
        "file",
        "The collection `unbound_inputs` is not empty or has no kind.",
        _REFUSED,
        "import it with an input_map that names each of these inputs, or export the whole graph "
        "without export_scope",
    ),
    Rule(
        "LOAD-03",
        "versions",
        "The producer version is below the oldest that the importer accepts.",
        _REFUSED,
        "export the graph again with a newer TensorFlow",
    ),
    Rule(
        "LOAD-04",
        "versions",
        "The minimum consumer version is above the version of the importer.",
        _REFUSED,
        "use a newer TensorFlow",
    ),
    Rule(
        "LOAD-05",
        "versions",
        "The list of bad consumers names the version of the importer.",
        _REFUSED,
        "use another TensorFlow; the producer of the graph has excluded this one",
    ),
    Rule(
        "LOAD-06",
        "nodes",
        "The name of a node is not valid: it begins with a letter, a digit or a dot, followed by letters, "
        "digits and `_.-/`; since 2.0 also `>` between such names.",
        _REFUSED,
        "rename the node, and every input that names it",
    ),
    Rule(
        "LOAD-07",
        "nodes",
        "Two nodes have the same name.",
        _REFUSED,
        "rename one of them; an export under a scope can make names collide",
    ),
    Rule("LOAD-08", "nodes", "A node has no op.", _REFUSED, "write the op of the node, or remove the node"),
    Rule(
        "LOAD-09",
        "inputs",
        "A control input (`^name`) comes before a data input.",
        _REFUSED,
        "write all control inputs of the node after its data inputs",
    ),
    Rule(
        "LOAD-10",
        "inputs",
        "An input names a node that is not in the graph.",
        _REFUSED,
        "export the missing node too; for a part of a graph, pass the inputs by input_map",
    ),
    Rule(
        "LOAD-11",
        "functions",
        "Two functions of the library have the same name and differ, or a function has two nodes of the same "
        "name.",
        _REFUSED,
        "rename one of them",
    ),
    Rule(
        "LOAD-12",
        "functions",
        "A function of the library has the name of an op.",
        _REFUSED,
        "rename the function",
    ),
    Rule(
        "LOAD-13",
        "functions",
        "The library assigns two gradient functions to one function.",
        _REFUSED,
        "keep one of the two gradients",
    ),
    Rule(
        "LOAD-14",
        "placement",
        "The attribute `_class` colocates a node with a node that is not in the graph.",
        _REFUSED,
        "remove the entry from `_class`, or export the other node too",
    ),
    Rule(
        "LOAD-15",
        "inputs",
        "An input takes an output that its node does not have.",
        _REFUSED,
        "correct the output number; the op may have other outputs in another version",
    ),
    Rule(
        "LOAD-16",
        "nodes",
        "The op of a node is not registered and is not a function of the library.",
        _REFUSED,
        "use a TensorFlow that has the op, load the library that registers it first, or replace the op",
    ),
    Rule(
        "LOAD-17",
        "attributes",
        "A node has an attribute that its op does not have, and the op list of the graph does not say that "
        "the value is its default.",
        _REFUSED,
        "export with strip_default_attrs=True, or remove the attribute",
        until="2.4",
    ),
    Rule(
        "LOAD-18",
        "attributes",
        "A node lacks an attribute that has no default.",
        _REFUSED,
        "write the attribute",
    ),
    Rule(
        "LOAD-19",
        "attributes",
        "The value of an attribute is missing or does not have the type that the op declares.",
        _REFUSED,
        "write a value of the declared type",
    ),
    Rule(
        "LOAD-20",
        "attributes",
        "An attribute names a data type that this version does not have, no data type, or a reference type.",
        _REFUSED,
        "use a data type that the version has",
    ),
    Rule(
        "LOAD-21",
        "attributes",
        "The value of an attribute is not one that the op allows.",
        _REFUSED,
        "use an allowed value, or a TensorFlow whose op allows it",
    ),
    Rule(
        "LOAD-22",
        "attributes",
        "The value of an attribute, or the length of its list, is below the minimum that the op declares.",
        _REFUSED,
        "write a larger value",
    ),
    Rule(
        "LOAD-23",
        "inputs",
        "A node has more or fewer inputs than its op takes.",
        _REFUSED,
        "give the node the inputs that its op declares",
    ),
    Rule(
        "LOAD-24",
        "nodes",
        "The op of a node was removed in a GraphDef version that is not above the producer of the graph.",
        _REFUSED,
        "replace the op by its successor",
    ),
    Rule(
        "LOAD-25",
        "inputs",
        "The data type of an input is not the one that the op takes.",
        _REFUSED,
        "cast the input, or correct the type attribute",
    ),
    Rule(
        "LOAD-26",
        "attributes",
        "`_output_shapes` has fewer shapes than the node has outputs, or a shape that is not valid.",
        _REFUSED,
        "remove the attribute `_output_shapes` of the node: the importer infers the shapes itself",
    ),
    Rule(
        "LOAD-27",
        "attributes",
        "`_output_shapes` contradicts the shape that the node itself declares, or that shape is not valid.",
        _REFUSED,
        "remove the attribute `_output_shapes` of the node, or correct the shape",
    ),
    Rule(
        "LOAD-28",
        "inputs",
        "Nodes form a cycle other than a loop from NextIteration to Merge.",
        _REFUSED,
        "break the cycle",
    ),
    Rule(
        "LOAD-29",
        "functions",
        "The body of a function that a node calls cannot be instantiated: it has an unknown op, an input or "
        "a result that does not exist, or an input of another type.",
        _REFUSED,
        "correct the body, or use a TensorFlow that has its ops",
        since="1.14",
    ),
    Rule(
        "LOAD-30",
        "placement",
        "The device of a node cannot be parsed.",
        _REFUSED,
        "import or export with clear_devices=True, or write the device as `/job:w/task:0/device:CPU:0`",
    ),
    Rule(
        "LOAD-31",
        "placement",
        "The attribute `_class` is not a list of strings.",
        _REFUSED,
        "write `_class` as a list of strings in UTF-8, such as `loc:@name`",
    ),
    Rule(
        "LOAD-32",
        "functions",
        "The library has a gradient for, or by, a function that it does not contain, or the gradients of all "
        "functions form a cycle.",
        _REFUSED,
        "add the missing function to the library, or remove the gradient",
    ),
    Rule(
        "LOAD-33",
        "functions",
        "An argument of a function has no data type, or one that this version does not have.",
        _REFUSED,
        "write the data type of the argument",
    ),
    Rule(
        "LOAD-34",
        "versions",
        "The field `tensorflow_version` is not a version.",
        _REFUSED,
        "write a version such as `1.15.0` into meta_info_def.tensorflow_version, or leave it empty",
        since="1.14",
    ),
    Rule(
        "LOAD-35",
        "collections",
        "A collection of nodes names a node or an output that is not in the graph.",
        _REFUSED,
        "remove the name from the collection, or export without the collection by collection_list",
    ),
    Rule(
        "LOAD-36",
        "collections",
        "An item of a registered collection, such as `variables`, is not the message of that collection.",
        _REFUSED,
        "remove the item, or export without the collection by collection_list",
    ),
    Rule(
        "LOAD-37",
        "collections",
        "A variable, queue runner or control-flow context of a collection names something that is not in the "
        "graph.",
        _REFUSED,
        "export without the collection by collection_list, or export the missing nodes too",
    ),
    Rule(
        "LOAD-38",
        "collections",
        "A variable, queue runner or control-flow context of a collection has a value that cannot be used.",
        _REFUSED,
        "correct the item, or export without the collection by collection_list",
    ),
    Rule(
        "LOAD-39",
        "collections",
        "The graph has no saver_def, and its collection `variables` or `saveable_objects` contains something "
        "that is not a variable; or `variables` contains numbers.",
        _REFUSED,
        "write the collection as VariableDefs, or export with a saver_def",
    ),
    Rule(
        "LOAD-40",
        "collections",
        "The graph has no saver_def, and two variables of its collection `variables` have the same name.",
        _REFUSED,
        "export with a saver_def, or list each variable once",
    ),
    Rule(
        "LOAD-41",
        "savers",
        "A SaverDef has no save_tensor_name or no restore_op_name.",
        _REFUSED,
        "export with a complete saver_def, or with clear_extraneous_savers=True",
    ),
    Rule(
        "LOAD-42",
        "savers",
        "A SaverDef names a tensor or an op that is not in the graph: saving or restoring fails.",
        _LATER,
        "export with the saver_def of a saver that is in the graph, or use clear_extraneous_savers=True",
    ),
    Rule(
        "LOAD-43",
        "functions",
        "A node refers to a function that the library does not have: running the node fails.",
        _LATER,
        "export from a graph that has the function",
    ),
    Rule(
        "LOAD-44",
        "functions",
        "The body of a function uses an op or an attribute that this version lacks: running it fails.",
        _LATER,
        "export with strip_default_attrs=True for attributes; use a TensorFlow that has the op",
    ),
    Rule(
        "LOAD-45",
        "savers",
        "A signature names a tensor that is not in the graph: serving the signature fails.",
        _LATER,
        "remove the signature, or export the missing nodes too",
    ),
    Rule(
        "LOAD-46",
        "attributes",
        "The attribute with the number of a node's inputs or outputs is 2^31 or more.",
        _REFUSED,
        "write the number of inputs that the node has, or of outputs that are used",
    ),
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.id: rule for rule in _RULES})
"""Every rule by its id, in order of the ids."""
