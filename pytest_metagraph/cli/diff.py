"""`metagraph diff`: compares two files by meaning."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_metagraph.diff import (
    CompareOptions,
    MetaGraphDiff,
    UnusableInputError,
    diff_graph_defs,
    diff_meta_graphs,
    picture,
)
from reference_impl.atomic_write import write_file

_SWITCHES = {
    "check_node_order": "the order of the nodes counts",
    "ignore_default_attrs": "an attribute that holds its op's default is equal to an absent one",
    "canonicalize_function_names": "the number that ends the generated name of a function means nothing",
    "normalize_devices": "/cpu:0 and /device:CPU:0 are the same device",
    "ignore_unknown_fields": "fields that the schema does not know are not compared",
    "allow_equal_defects": "a defect that both graphs have alike is only noted",
    "fail_on_notes": "what is otherwise only noted is a difference",
}
_LISTS = {
    "ignore_attrs": ("GLOB", "do not compare attributes of this name; may be given several times"),
    "ignore_sections": ("PATH", "do not compare this part, such as graph_def.library; several times"),
    "unordered_collections": ("GLOB", "items of such collections may have any order; several times"),
}
_CHOICES = {
    "output_shapes": (("exact", "compatible", "ignore"), "how _output_shapes is compared"),
    "tensor_encoding": (("semantic", "strict"), "whether the encoding of a tensor counts, or its elements"),
}
_TOLERANCES = {"rtol": "relative tolerance of floats", "atol": "absolute tolerance of floats"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-command and add its options."""
    parser.description = (
        "Compare two MetaGraphDef files, binary or text, by what they mean. "
        "Exit status: 0 equal, 1 different, 2 a file can not be used."
    )
    parser.add_argument("expected", metavar="EXPECTED", help="the file that is right")
    parser.add_argument("actual", metavar="ACTUAL", help="the file to examine")
    parser.add_argument(
        "--type",
        choices=("MetaGraphDef", "GraphDef"),
        default="MetaGraphDef",
        help="what the files hold (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the whole difference as JSON")
    parser.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="default: %(default)s"
    )
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the nodes around what differs")
    _add_options(parser.add_argument_group("how to compare"))
    parser.set_defaults(run=run)


def _add_options(group: argparse._ArgumentGroup) -> None:
    """The options of CompareOptions; what is not given is left to the preset."""
    group.add_argument(
        "--preset",
        choices=("conformance", "strict", "tf-compat"),
        default="conformance",
        help="where the options below start from (default: %(default)s)",
    )
    for name, text in _SWITCHES.items():
        group.add_argument(_flag(name), dest=name, action="store_true", default=None, help=text)
    for name, (metavar, text) in _LISTS.items():
        group.add_argument(
            _flag(name).removesuffix("s"), dest=name, action="append", metavar=metavar, help=text
        )
    for name, (choices, text) in _CHOICES.items():
        group.add_argument(_flag(name), dest=name, choices=choices, help=text)
    for name, text in _TOLERANCES.items():
        group.add_argument(_flag(name), dest=name, type=float, metavar="NUMBER", help=text)
    group.add_argument(
        "--collection-type",
        dest="collection_types",
        action="append",
        metavar="KEY=MESSAGE",
        help="the message that a collection's bytes are, such as my_variables=VariableDef; several times",
    )


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 when the files are equal, 1 when they differ, 2 when a file or an option can not be used.
    """
    # protobuf and the schema take time to import, which the other sub-commands must not pay.

    compare = diff_graph_defs if arguments.type == "GraphDef" else diff_meta_graphs
    try:
        options = _options(vars(arguments))
        diff = compare(expected=Path(arguments.expected), actual=Path(arguments.actual), options=options)
    except UnusableInputError as error:
        return _refuse(str(error))
    except ValueError as error:  # an option's value
        return _refuse(f"{error}; see metagraph diff --help")
    sys.stdout.write(diff.to_json() if arguments.json else diff.render(color=_is_colored(arguments.color)))
    sys.stdout.write("\n")
    if arguments.svg is not None and not _draw(diff, arguments.svg):
        return 2
    return 0 if diff.equal else 1


def _options(given: Mapping[str, Any]) -> CompareOptions:

    preset: CompareOptions = getattr(CompareOptions, given["preset"].replace("-", "_"))()
    names = (field.name for field in dataclasses.fields(CompareOptions))
    changes = {name: given[name] for name in names if given[name] is not None}
    if "collection_types" in changes:
        pairs = [entry.partition("=") for entry in changes["collection_types"]]
        if not all(key and kind for key, _, kind in pairs):
            raise ValueError("--collection-type takes KEY=MESSAGE")
        changes["collection_types"] = {key: kind for key, _, kind in pairs}
    return dataclasses.replace(preset, **changes)


def _is_colored(choice: str) -> bool:
    return choice == "always" or (choice == "auto" and sys.stdout.isatty())


def _draw(diff: MetaGraphDiff, path: Path) -> bool:

    try:
        write_file(path, picture.svg(diff).encode())
    except (picture.NoDrawingLibraryError, OSError) as error:
        _refuse(f"the picture can not be drawn: {error}")
        return False
    return True


def _refuse(reason: str) -> int:
    sys.stderr.write(f"metagraph diff: {reason}\n")
    return 2
