"""Get the expectation of each contract for a combination of arguments from TensorFlow."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance_cases.archive import Outcome
from conformance_cases.case_writer import canonical
from conformance_cases.model import ExpectedError, NotAsked
from conformance_cases.recorder import tensorflow_calls
from reference_impl.contracts import Contract
from reference_impl.schema import CondContextDef, MetaGraphDef, WhileContextDef, adopt

_SAVERS = "savers"
_UNBOUND_INPUTS = "unbound_inputs"
_CONTEXT_TYPES: dict[str, type[CondContextDef | WhileContextDef]] = {
    "cond_context": CondContextDef,
    "while_context": WhileContextDef,
}
_NEW_SAVER = NotAsked("SAV-06: TensorFlow builds a new Saver in the live graph and exports that one.")


class Oracle:
    """One loaded graph, which is exported many times and checked to be unchanged at the end."""

    def __init__(self, graph: MetaGraphDef) -> None:
        self._stated = graph
        self._graph = tensorflow_calls.load_without_saver(graph)

    def outcomes(self, arguments: Mapping[str, Any]) -> dict[Contract, Outcome]:
        """Return what each contract expects of a call with these arguments."""
        builds_saver = self._builds_saver(arguments)
        tensorflow = _NEW_SAVER if builds_saver else self._export(arguments)
        same = not builds_saver and "export_scope" not in arguments
        documented = tensorflow if same else self.documented(arguments)
        return {Contract.DOCUMENTED: documented, Contract.TENSORFLOW: tensorflow}

    def documented(self, arguments: Mapping[str, Any]) -> MetaGraphDef | ExpectedError:
        """Return what the documented contract expects of a call with these arguments.

        TensorFlow gets other arguments, for which it does what the documentation promises:

        * a scope gets a trailing slash, which makes its selection exact (SCOPE-01, SCOPE-02, SCOPE-03);
        * the collection `savers` is not exported if all savers are cleared (SAV-06);
        * nested control-flow contexts are stripped one by one (COL-15).
        """
        if arguments.get("export_scope") and "graph_def" in arguments:
            return ExpectedError("ValueError")
        rephrased = dict(arguments)
        if self._builds_saver(arguments):
            rephrased["collection_list"] = [key for key in self._keys(arguments) if key != _SAVERS]
        if not arguments.get("export_scope"):
            return self._export(rephrased)
        scope = rephrased["export_scope"] = f"{arguments['export_scope'].removesuffix('/')}/"
        documented = self._export(rephrased)
        self._strip_nested_contexts(documented, scope)
        return documented

    def writes_debug_info(self, export_scope: str) -> bool:
        """Return whether TensorFlow writes the debug info of a scope, or raises a KeyError (DBG-05)."""
        with tempfile.TemporaryDirectory() as folder, self._unbound_inputs_kept():
            filename = str(Path(folder) / "model.meta")
            try:
                tensorflow_calls.export(
                    self._graph, filename=filename, export_scope=export_scope, save_debug_info=True
                )
            except KeyError:
                return False
        return True

    def check_unchanged(self) -> None:
        """Check that the exports have not changed the graph.

        Raises:
            RuntimeError: if the graph is not what was loaded.
        """
        if canonical(tensorflow_calls.export(self._graph)) != self._stated:
            raise RuntimeError("an export changed the graph, so later exports cannot be trusted")

    def _export(self, arguments: Mapping[str, Any]) -> MetaGraphDef:
        with self._unbound_inputs_kept():
            return canonical(tensorflow_calls.export(self._graph, **arguments))

    @contextlib.contextmanager
    def _unbound_inputs_kept(self) -> Iterator[None]:
        """Undo the one change that TensorFlow makes, which the next export would show (UNB-07, UNB-08)."""
        before = self._graph.get_collection(_UNBOUND_INPUTS)
        try:
            yield
        finally:
            self._graph.clear_collection(_UNBOUND_INPUTS)
            for item in before:
                self._graph.add_to_collection(_UNBOUND_INPUTS, item)

    def _keys(self, arguments: Mapping[str, Any]) -> list[str]:
        """Return the keys that a call exports, including that of the unbound inputs, which the call fills."""
        stated: list[str] | None = arguments.get("collection_list")
        if stated is not None:
            return stated
        return list(dict.fromkeys([*self._graph.get_all_collection_keys(), _UNBOUND_INPUTS]))

    def _builds_saver(self, arguments: Mapping[str, Any]) -> bool:
        clears_all = "clear_extraneous_savers" in arguments and "saver_def" not in arguments
        return clears_all and _SAVERS in self._keys(arguments)

    def _strip_nested_contexts(self, exported: MetaGraphDef, scope: str) -> None:
        for key, kind in _CONTEXT_TYPES.items():
            if key not in exported.collection_def or not exported.collection_def[key].HasField("bytes_list"):
                continue
            contexts = [
                context for context in self._graph.get_collection(key) if context.name.startswith(scope)
            ]
            values = exported.collection_def[key].bytes_list.value
            values[:] = [
                adopt(_stripped(context, scope), kind).SerializeToString(deterministic=True)
                for context in contexts
            ]


def _stripped(context: Any, scope: str) -> Any:
    """Return a control-flow context, and those inside it, as TensorFlow exports each under a scope."""
    stated = context.to_proto(export_scope=scope)
    del stated.nested_contexts[:]
    for nested in context._nested_contexts:  # noqa: SLF001 - the only way to the contexts inside a context
        inside = _stripped(nested, scope)
        kind = "cond_ctxt" if inside.DESCRIPTOR.name == "CondContextDef" else "while_ctxt"
        getattr(stated.nested_contexts.add(), kind).CopyFrom(inside)
    return stated
