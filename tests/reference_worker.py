"""The beginning of a worker in plain Python that exports with the reference, as the text of a program."""

from __future__ import annotations

CALLS_THE_REFERENCE = """
from google.protobuf import message_factory
from metagraph_worker import Exporter, NotLoadable, Serialized, main
from reference_impl import Contract, Graph, export_meta_graph
from reference_impl.schema import POOL


def plain(value):
    if not isinstance(value, Serialized):
        return value
    kind = message_factory.GetMessageClass(POOL.FindMessageTypeByName(value.type_name))
    return kind.FromString(value.data)


def exported(arguments, **graph):
    given = {name: plain(value) for name, value in arguments.items()}
    return export_meta_graph(**given, **graph, contract=Contract.TENSORFLOW).SerializeToString()
"""
"""`exported` makes a call under TensorFlow's contract; pass it `graph=` unless that is the default one."""
