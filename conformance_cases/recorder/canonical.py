"""One form for equal exports, so that recording twice gives the same bytes (DET-01, DET-02)."""

from __future__ import annotations

from google.protobuf import message

from reference_impl.schema import REGISTERED_COLLECTIONS, MetaGraphDef, adopt


def canonical(exported: message.Message) -> MetaGraphDef:
    """A copy of an export whose deterministic bytes depend on its meaning only.

    What TensorFlow leaves to chance and to its own tables is put in order: the maps inside serialised
    collection items, and the functions and gradients of the library (LIB-02).

    Args:
        exported: a MetaGraphDef of any pool; it is not changed.

    Returns:
        A message of `reference_impl.schema`.
    """
    result = MetaGraphDef()
    result.CopyFrom(adopt(exported, MetaGraphDef))
    for key, collection in result.collection_def.items():
        kind = REGISTERED_COLLECTIONS.get(key)
        # Asked first, because writing through an absent bytes_list would make it present (SAV-10).
        if kind is not None and collection.HasField("bytes_list"):
            values = collection.bytes_list.value
            values[:] = [kind.FromString(item).SerializeToString(deterministic=True) for item in values]
    library = result.graph_def.library
    if result.graph_def.HasField("library"):
        library.function.sort(key=lambda function: function.signature.name)
        library.gradient.sort(key=lambda gradient: gradient.function_name)
    return result
