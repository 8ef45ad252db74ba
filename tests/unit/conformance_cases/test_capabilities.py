"""What an exporter can declare that it lacks: coarse names, finer ones, and the fields of messages."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2

import pytest_metagraph as mg
from conformance_cases import Capability, Case, Tier, load_corpus
from conformance_cases.capabilities import with_coarser
from pytest_metagraph import Exporter, ExportRequest
from pytest_metagraph.exporters import reference
from pytest_metagraph.exporters.in_process import InProcess
from pytest_metagraph.judging.attribution import attribute
from pytest_metagraph.judging.judge import Judge
from pytest_metagraph.judging.verdicts import Judgement, Verdict
from pytest_metagraph.judging.written_files import ScratchFolder
from reference_impl import Contract
from reference_impl.schema import POOL, REGISTERED_COLLECTIONS, MetaGraphDef

CASES = load_corpus().cases(Tier.DEFAULT)


def judged(case: Case, unsupported: set[str], descriptor_set: bytes = b"") -> Judgement:
    """Return the judgement of an exporter that does nothing, but declares something."""

    @mg.exporter(unsupported=unsupported, descriptor_set=descriptor_set)
    def export(_request: ExportRequest) -> MetaGraphDef:
        return MetaGraphDef()

    return judge(case, export)


def judge(case: Case, exporter: Exporter) -> Judgement:
    """Return the judgement of an exporter under the documented contract."""
    folder = ScratchFolder(Contract.DOCUMENTED)
    try:
        return Judge(InProcess(exporter, "mine"), Contract.DOCUMENTED, folder).judge(case)
    finally:
        folder.close()


def needing(capability: Capability) -> Case:
    """Return the first case that needs a capability, whatever the variant."""
    return next(case for case in CASES if capability in case.capabilities)


def test_a_coarse_name_stands_for_its_finer_ones() -> None:
    """What needs the finer capability needs each coarser one as well."""
    assert Capability.DEBUG_INFO_TRACES.coarser is Capability.DEBUG_INFO
    assert with_coarser([Capability.DEBUG_INFO_TRACES, Capability.EAGER]) == {
        Capability.DEBUG_INFO_TRACES,
        Capability.DEBUG_INFO,
        Capability.SAVE_DEBUG_INFO,
        Capability.EAGER,
    }
    for case in CASES:
        assert with_coarser(case.capabilities) == case.capabilities, case.id
    for requirement in load_corpus().requirements.values():
        assert with_coarser(requirement.needs) == requirement.needs, requirement.id


def test_each_key_of_a_registered_collection_is_a_capability() -> None:
    """An exporter that knows only some of the keys of COL-11 can declare the others."""
    assert set(Capability) >= REGISTERED_COLLECTIONS.keys()
    for key in REGISTERED_COLLECTIONS:
        needed = {case.id for case in CASES if key in case.capabilities}
        assert f"COL-11/key-{key.replace('_', '-')}" in needed
        assert "CALL-03/unknown-argument" not in needed


@pytest.mark.parametrize(
    "capability", [one for one in Capability if any(one in case.capabilities for case in CASES)]
)
def test_a_case_that_needs_what_is_lacking_is_unsupported(capability: Capability) -> None:
    """It is neither passed nor failed, whether the capability or a coarser one is declared."""
    case = needing(capability)
    for declared in with_coarser([capability]):
        judgement = judged(case, {declared})
        assert judgement.verdict is Verdict.UNSUPPORTED
        assert judgement.reason == f"the exporter does not support {declared}"


def test_a_declaration_gains_no_case() -> None:
    """An exporter that does nothing passes no case, whatever it declares."""
    sample = CASES[::9]
    assert not [
        case.id
        for case in sample
        if judged(case, {"variable_collections", "savers", "as_text", "experimental_type"}).verdict
        is Verdict.PASS
    ]


def test_an_argument_is_lacking_with_a_file_and_without() -> None:
    """The coarse name leaves every variant with the argument out, the finer one those that write."""
    (plain,) = (case for case in CASES if case.id == "matrix/towers/plain")
    with_text = [variant for variant in plain.variants if variant.as_text]
    assert all(Capability.AS_TEXT in variant.capabilities for variant in with_text)
    assert {variant.filename for variant in with_text if Capability.TEXT_FILES in variant.capabilities} == {
        True
    }


def without_field(message: str, field: str) -> bytes:
    """Return the descriptor set of the kit without one field."""
    files: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    waiting = [MetaGraphDef.DESCRIPTOR.file]
    waiting += [kind.DESCRIPTOR.file for kind in REGISTERED_COLLECTIONS.values()]
    while waiting:
        file = waiting.pop()
        if file.name not in files:
            files[file.name] = descriptor_pb2.FileDescriptorProto()
            file.CopyToProto(files[file.name])
            waiting += file.dependencies
    name = POOL.FindMessageTypeByName(f"tensorflow.{message}").file.name
    (found,) = (one for one in files[name].message_type if one.name == message)
    (position,) = (at for at, one in enumerate(found.field) if one.name == field)
    del found.field[position]
    return descriptor_pb2.FileDescriptorSet(file=files.values()).SerializeToString()


@pytest.mark.parametrize(
    ("message", "field", "case_id", "capability"),
    [
        ("NodeDef", "experimental_type", "NODE-05/full-type", "experimental_type"),
        ("NodeDef", "experimental_debug_info", "NODE-05/debug-info", "experimental_debug_info"),
        ("GraphDef", "debug_info", "DBG-07/loaded-origins", "debug_info_traces"),
    ],
)
def test_what_the_messages_lack_is_unsupported(
    message: str, field: str, case_id: str, capability: str
) -> None:
    """A case about a field that the descriptor set lacks is not passed by an exporter that cannot have it."""
    judgement = judged(load_corpus().case(case_id), set(), without_field(message, field))
    assert judgement.verdict is Verdict.UNSUPPORTED
    assert judgement.reason == f"the exporter does not support {capability}"
    assert judged(load_corpus().case(case_id), set()).verdict is Verdict.FAIL


def test_only_the_keys_that_are_exported_are_needed() -> None:
    """A collection_list without a key, or without any, leaves its capability out."""
    by_list = {
        name: load_corpus().case(f"matrix/towers/{name}").capabilities
        for name in ("plain", "saver_def=main,collection_list=unknown,export_scope=tower_10")
    }
    needed = [Capability.VARIABLES in capabilities for capabilities in by_list.values()]
    assert needed == [True, False]
    assert Capability.VARIABLES not in load_corpus().case("COL-01/none").capabilities


def test_a_rule_about_what_is_lacking_is_never_blamed() -> None:
    """An exporter without collections of variables is not told of the rules about them."""
    case = load_corpus().case("matrix/towers/export_scope=tower_1,strip_default_attrs")

    def export(request: ExportRequest) -> MetaGraphDef:
        message = reference.export(request)
        for key in ("variables", "savers"):
            del message.collection_def[key].bytes_list.value[0]
        return message

    findings = judge(case, export).findings

    def blamed(unsupported: set[Capability]) -> set[str]:
        found = attribute(case, findings, load_corpus().requirements, unsupported)
        return {name for finding in found for names in finding.blamed for name in names}

    everything = blamed(set())
    lacking = blamed({Capability.VARIABLE_COLLECTIONS, Capability.SAVERS})
    about_them = {"COL-13", "COL-18", "SAV-05", "SAV-10"}
    assert everything & about_them
    assert not lacking & about_them


def test_an_unknown_capability_is_refused_with_the_nearest_name() -> None:
    """The decorator and an attribute name what was probably meant; other entrances use the same check."""

    def export(_request: ExportRequest) -> MetaGraphDef:
        return MetaGraphDef()

    with pytest.raises(mg.MetagraphError, match=r"'while_contexts' is not a capability; did you mean while_"):
        mg.exporter(unsupported={"while_contexts"})
    export.unsupported = {"while_contexts"}  # type: ignore[attr-defined] # a function takes attributes
    with pytest.raises(mg.MetagraphError, match=r"did you mean while_context"):
        InProcess(export, "mine")
