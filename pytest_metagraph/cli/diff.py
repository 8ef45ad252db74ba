"""`metagraph diff`: compare two files by meaning."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_metagraph._util.errors import MetagraphError, refuse_to_replace
from pytest_metagraph.cli._errors import refusing, writing
from pytest_metagraph.cli._options import add_json_option, add_limit_option, add_tags_option
from pytest_metagraph.cli._output import say_escaped, say_json_text
from pytest_metagraph.diff import (
    CompareOptions,
    diff_function_def_libraries,
    diff_graph_defs,
    diff_meta_graphs,
    picture,
)
from reference_impl.atomic_write import write_file
from reference_impl.files import recognise_file
from reference_impl.saved_models import message_file
from reference_impl.schema import FunctionDefLibrary, GraphDef, MetaGraphDef, SavedModel

DESCRIPTION = """\
Compare two files by what they mean: MetaGraphDefs, GraphDefs, SavedModels or libraries of functions
(FunctionDefLibrary), binary or text. A SavedModel may be given as its folder; then its assets are compared,
too. Several meta graphs of SavedModels are paired by their tags.
"""

EPILOG = """\
examples:
  metagraph diff expected.meta actual.meta
  metagraph diff old.pbtxt new.pbtxt --check-node-order --rtol 1e-6
  metagraph diff saved_model_1 saved_model_2 --preset saved-model
  metagraph diff a.meta b.meta --ignore-attr '_output_shapes' --json > diff.json

exit status: 0 the files are equal, 1 they differ, 2 a file or an option cannot be used
"""

_KINDS = (MetaGraphDef, SavedModel, GraphDef, FunctionDefLibrary)
_PLAIN = {"GraphDef": diff_graph_defs, "FunctionDefLibrary": diff_function_def_libraries}
"""The functions that compare files of which each contains one message."""

_SWITCHES = {
    "check_node_order": "compare the order of the nodes",
    "check_op_order": "compare the order of the op list",
    "check_empty_parts": "tell an empty library {} or versions {} from an unset one",
    "ignore_default_attrs": "treat an attribute with its op's default value like an absent one",
    "canonicalize_function_names": "ignore the number at the end of generated function names",
    "ignore_names": "match nodes by structure, whatever their names are",
    "canonicalize_saves": "ignore meaningless differences between two saves of one model, as --preset "
    "saved-model does",
    "normalize_devices": "treat /cpu:0 and /device:CPU:0 as the same device",
    "ignore_unknown_fields": "do not compare fields that the schema does not define",
    "allow_equal_defects": "report a defect that both graphs share as a note only",
    "fail_on_notes": "treat notes as differences",
}
_LISTS = {
    "ignore_attrs": ("GLOB", "do not compare attributes with this name; may be repeated"),
    "ignore_sections": ("PATH", "do not compare this part, such as graph_def.library; may be repeated"),
    "unordered_collections": ("GLOB", "ignore the order of the items of this collection; may be repeated"),
}
_CHOICES = {
    "output_shapes": (("exact", "compatible", "ignore"), "how to compare _output_shapes"),
    "tensor_encoding": (("semantic", "strict"), "compare the elements of tensors, or also their encoding"),
}
_TOLERANCES = {"rtol": "relative tolerance of floats", "atol": "absolute tolerance of floats"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument("expected", metavar="EXPECTED", help="the correct file or SavedModel")
    parser.add_argument("actual", metavar="ACTUAL", help="the file or SavedModel to compare with it")
    parser.add_argument(
        "--type",
        choices=("MetaGraphDef", *_PLAIN),
        help="the type of message in the files; default: detected from their content",
    )
    add_tags_option(parser)
    add_limit_option(parser)
    add_json_option(parser, "all differences")
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="whether to colour the output; default: %(default)s, which colours in a terminal",
    )
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the nodes around the differences")
    _add_compare_options(parser.add_argument_group("how to compare"))


def _add_compare_options(group: argparse._ArgumentGroup) -> None:
    """Add the fields of CompareOptions; the preset decides those that are not given."""
    group.add_argument(
        "--preset",
        choices=("conformance", "strict", "tf-compat", "saved-model"),
        default="conformance",
        help="the options to start from; default: %(default)s",
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
        help="decode the items of this collection as this message, such as my_variables=VariableDef; "
        "may be repeated",
    )


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Returns:
        0 if the files are equal, 1 if they differ.

    Raises:
        MetagraphError: if a file or the value of an option cannot be used.
    """
    expected, actual = Path(arguments.expected), Path(arguments.actual)
    if arguments.svg is not None:
        refuse_to_replace(arguments.svg, (expected, actual))
    with refusing(ValueError, hint="see metagraph diff --help"):  # an option's value
        options = _options(vars(arguments))
        compare = _PLAIN.get(arguments.type or _kind_of_both(expected, actual))
        if compare is not None:
            diff = compare(expected=expected, actual=actual, options=options)
        else:
            diff = diff_meta_graphs(expected=expected, actual=actual, options=options, tags=arguments.tags)
    if arguments.json:
        say_json_text(diff.to_json())
    else:
        say_escaped(diff.render(color=_is_colored(arguments.color)))  # only its colours act on a terminal
    if arguments.svg is not None:
        with writing(arguments.svg):
            write_file(arguments.svg, picture.svg(diff).encode())
    return 0 if diff.equal else 1


def _kind_of_both(expected: Path, actual: Path) -> str:
    """Return the kind of two files; empty if one cannot be read, about which the differ knows more.

    Raises:
        MetagraphError: if the files are of two kinds.
    """
    kinds = _kind(expected), _kind(actual)
    if all(kinds) and len({"MetaGraphDef" if kind == "SavedModel" else kind for kind in kinds}) > 1:
        raise MetagraphError(
            f"{str(actual)!r} is a {kinds[1]}, not a {kinds[0]} like {str(expected)!r}",
            "give two files of one kind; `metagraph export` makes a MetaGraphDef of a GraphDef",
        )
    return kinds[0] if all(kinds) else ""


def _kind(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return recognise_file(message_file(path), _KINDS).name
    return ""


def _options(given: Mapping[str, Any]) -> CompareOptions:
    preset: CompareOptions = getattr(CompareOptions, given["preset"].replace("-", "_"))()
    names = (field.name for field in dataclasses.fields(CompareOptions))
    changes = {name: given[name] for name in names if given[name] is not None}
    if "collection_types" in changes:
        pairs = [(entry, *entry.partition("=")) for entry in changes["collection_types"]]
        for entry, key, _, message in pairs:
            if not key or not message:
                raise MetagraphError(
                    f"--collection-type {entry!r} is not KEY=MESSAGE", "write, say, my_variables=VariableDef"
                )
        changes["collection_types"] = {key: message for _, key, _, message in pairs}
    return dataclasses.replace(preset, **changes)


def _is_colored(choice: str) -> bool:
    return choice == "always" or (choice == "auto" and sys.stdout.isatty())
