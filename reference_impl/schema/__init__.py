"""TensorFlow's messages in a private DescriptorPool, and its op registry.

Nothing here is registered in protobuf's default pool, so this package and any TensorFlow can be used in one
process. The data is recorded from TensorFlow; `provenance()` returns from which version.

A message of this schema never equals one of another pool, and it cannot be pickled: pass messages as bytes,
or through `adopt`.
"""

from reference_impl.schema._pool import POOL
from reference_impl.schema.messages import (
    AttrValue,
    CollectionDef,
    CondContextDef,
    ControlFlowContextDef,
    DataType,
    FunctionDef,
    FunctionDefLibrary,
    GradientDef,
    GraphDebugInfo,
    GraphDef,
    MetaGraphDef,
    NameAttrList,
    NodeDef,
    OpDef,
    OpList,
    QueueRunnerDef,
    SavedModel,
    SavedObjectGraph,
    SaverDef,
    SaveSliceInfoDef,
    SignatureDef,
    TensorInfo,
    TensorProto,
    TensorShapeProto,
    ValuesDef,
    VariableDef,
    VersionDef,
    WhileContextDef,
)
from reference_impl.schema.parsing import adopt, parse_message
from reference_impl.schema.recorded import REGISTERED_COLLECTIONS, Provenance, provenance, registered_ops

__all__ = [
    "POOL",
    "REGISTERED_COLLECTIONS",
    "AttrValue",
    "CollectionDef",
    "CondContextDef",
    "ControlFlowContextDef",
    "DataType",
    "FunctionDef",
    "FunctionDefLibrary",
    "GradientDef",
    "GraphDebugInfo",
    "GraphDef",
    "MetaGraphDef",
    "NameAttrList",
    "NodeDef",
    "OpDef",
    "OpList",
    "Provenance",
    "QueueRunnerDef",
    "SaveSliceInfoDef",
    "SavedModel",
    "SavedObjectGraph",
    "SaverDef",
    "SignatureDef",
    "TensorInfo",
    "TensorProto",
    "TensorShapeProto",
    "ValuesDef",
    "VariableDef",
    "VersionDef",
    "WhileContextDef",
    "adopt",
    "parse_message",
    "provenance",
    "registered_ops",
]
