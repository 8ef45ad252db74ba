"""Which message the entries of a registered collection are (COL-11)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from google.protobuf import message

from reference_impl.schema.messages import (
    CondContextDef,
    QueueRunnerDef,
    SaverDef,
    VariableDef,
    WhileContextDef,
)

REGISTERED_COLLECTIONS: Mapping[str, type[message.Message]] = MappingProxyType(
    {
        "variables": VariableDef,
        "trainable_variables": VariableDef,
        "model_variables": VariableDef,
        "local_variables": VariableDef,
        "metric_variables": VariableDef,
        "moving_average_variables": VariableDef,
        "global_step": VariableDef,
        "savers": SaverDef,
        "queue_runners": QueueRunnerDef,
        "cond_context": CondContextDef,
        "while_context": WhileContextDef,
    }
)
"""The class of the serialised messages in the bytes_list of each registered collection key."""
