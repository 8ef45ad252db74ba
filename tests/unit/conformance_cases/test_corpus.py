"""The corpus as its users see it: complete, in tiers, and safe to use twice."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator

import pytest

from conformance_cases import Case, Corpus, ExpectedError, ExpectedMessage, NotAsked, Tier, load_corpus
from reference_impl.contracts import Contract
from reference_impl.schema import GraphDef, MetaGraphDef, SaverDef

FLAGS = ("clear_devices", "clear_extraneous_savers", "strip_default_attrs")
Signature = tuple[str | None, ...]
Pair = tuple[tuple[int, str | None], ...]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """The installed corpus."""
    return load_corpus()


def matrix_cases(corpus: Corpus, tier: Tier) -> list[Case]:
    """The matrix cases of a tier."""
    return [case for case in corpus.cases(tier) if case.id.startswith("matrix/")]


def every_id(name: str, scopes: list[str], savers: list[str]) -> Iterator[str]:
    """The ids of a graph's full product, put together without the corpus' own code."""
    axes = [
        ["", "meta_info_def=given", "meta_info_def=op_list"],
        ["", "graph_def=given"],
        ["", *(f"saver_def={saver}" for saver in savers)],
        ["", "collection_list=empty", "collection_list=some", "collection_list=unknown"],
        ["", *(f"export_scope={scope}" for scope in [*scopes, "no_such_scope"])],
        *(["", flag] for flag in FLAGS),
    ]
    for row in itertools.product(*axes):
        yield f"matrix/{name}/{','.join(part for part in row if part) or 'plain'}"


def values_of(case: Case) -> Signature:
    """The values of a case's arguments, read from its id."""
    return values_of_id(case.id)


def values_of_id(case_id: str) -> Signature:
    """The values of a case's arguments."""
    name = case_id.split("/", 2)[2]
    given = {} if name == "plain" else dict((*part.split("=", 1), "set")[:2] for part in name.split(","))
    return tuple(
        given.get(argument)
        for argument in (
            "meta_info_def",
            "graph_def",
            "saver_def",
            "collection_list",
            "export_scope",
            *FLAGS,
        )
    )


def pairs_of(row: Signature) -> set[Pair]:
    """Each pair of values of two arguments."""
    return set(itertools.combinations(enumerate(row), 2))


def pairs_by_graph(cases: list[Case]) -> dict[str, set[Pair]]:
    """Each pair of values that meets in a case, by the name of its graph."""
    found: dict[str, set[Pair]] = {}
    for case in cases:
        found.setdefault(case.id.split("/")[1], set()).update(pairs_of(values_of(case)))
    return found


def test_the_full_tier_is_the_whole_product(corpus: Corpus) -> None:
    """Nothing is missing from the product of the argument values, nothing is added, nothing comes twice."""
    axes = {
        "towers": (["tower_1", "tower_10", "tower_1/inner"], ["main"]),
        "several_savers": (["model"], ["sharded", "inside"]),
        "control_edges": (["steps", "steps/late"], ["main"]),
        "saver_formats": (["outer"], ["nested", "first"]),
    }
    others = {name: graph.axes for name, graph in corpus.matrix_graphs.items() if name not in axes}
    axes |= {name: (list(of.export_scopes), list(of.saver_defs)) for name, of in others.items()}
    wanted = sorted(itertools.chain.from_iterable(every_id(name, *values) for name, values in axes.items()))
    assert [case.id for case in matrix_cases(corpus, Tier.FULL)] == wanted


def test_there_are_forty_graphs_and_real_models(corpus: Corpus) -> None:
    """The matrix graphs and the models make at least forty graphs, no two of them equal."""
    graphs = {**corpus.matrix_graphs, **corpus.real_graphs}
    assert len(graphs) >= 40
    assert len({graph.digest for graph in graphs.values()}) == len(graphs)
    assert max(len(graph.message().graph_def.node) for graph in corpus.real_graphs.values()) > 5000


def test_a_real_model_is_exported_under_every_pair_of_values(corpus: Corpus) -> None:
    """Any two values of two arguments meet in a case, and default and full are the same few cases."""
    for name, graph in corpus.real_graphs.items():
        cases = [case for case in corpus.cases() if case.id.startswith(f"real/{name}/")]
        assert cases == [case for case in corpus.cases(Tier.FULL) if case.id.startswith(f"real/{name}/")]
        assert len(cases) < 40
        product = every_id(name, list(graph.axes.export_scopes), list(graph.axes.saver_defs))
        rows = map(values_of_id, product)
        assert set().union(*map(pairs_of, map(values_of, cases))) == set().union(*map(pairs_of, rows))
        assert {len(case.variants) for case in cases} <= {3, 4}


def test_the_tiers_contain_each_other(corpus: Corpus) -> None:
    """Each tier is part of the next larger one; each is sorted and no id comes twice."""
    tiers = [[case.id for case in corpus.cases(tier)] for tier in Tier]
    assert all(set(smaller) < set(larger) for smaller, larger in itertools.pairwise(tiers))
    for ids in tiers:
        assert ids == sorted(set(ids))
    assert len(matrix_cases(corpus, Tier.SMOKE)) == 4 * len(corpus.matrix_graphs)


def test_requirement_cases_belong_to_the_default_tier(corpus: Corpus) -> None:
    """All of them are in core, default and full, and some in smoke."""
    smoke, core, default, full = (
        {case.id for case in corpus.cases(tier) if not case.id.startswith(("matrix/", "real/"))}
        for tier in Tier
    )
    assert core == default == full
    assert 10 < len(smoke) < 40
    assert smoke < default


def test_the_default_tier_has_every_pair_of_values_on_every_graph(corpus: Corpus) -> None:
    """Any two values of two arguments meet in a case of the default tier."""
    default, full = (pairs_by_graph(matrix_cases(corpus, tier)) for tier in (Tier.DEFAULT, Tier.FULL))
    assert full.keys() == corpus.matrix_graphs.keys()
    assert default == full


def test_every_matrix_case_has_an_expectation_under_both_contracts(corpus: Corpus) -> None:
    """Each answer is a message, the documented error, or a reason; the two last only where they may be."""
    for case in matrix_cases(corpus, Tier.FULL):
        documented = case.expectation(Contract.DOCUMENTED)
        tensorflow = case.expectation(Contract.TENSORFLOW)
        arguments = case.choices.keys()
        if {"graph_def", "export_scope"} <= arguments:
            assert documented == ExpectedError("ValueError")
        else:
            assert isinstance(documented, ExpectedMessage)
        if isinstance(tensorflow, NotAsked):
            assert tensorflow.reason.startswith("SAV-06")
            assert "clear_extraneous_savers" in arguments
            assert "saver_def" not in arguments
        else:
            assert isinstance(tensorflow, ExpectedMessage)


def test_arguments_are_new_each_time(corpus: Corpus) -> None:
    """An exporter that changes what it is given changes no later call."""
    case = corpus.case(
        "matrix/towers/meta_info_def=given,graph_def=given,saver_def=main,collection_list=some,clear_devices"
    )
    first = case.keyword_arguments()
    first["meta_info_def"].tags.append("changed")
    first["graph_def"].node[0].name = "changed"
    first["saver_def"].max_to_keep = 99
    first["collection_list"].append("changed")
    second = case.keyword_arguments()
    assert list(second["meta_info_def"].tags) == ["serve", "train"]
    assert second["graph_def"].node[0].name == "images"
    assert second["saver_def"].max_to_keep == 5
    assert second["collection_list"] == ["variables", "losses"]
    assert second["clear_devices"] is True
    assert set(second) == {"meta_info_def", "graph_def", "saver_def", "collection_list", "clear_devices"}


def test_arguments_are_messages_of_the_schema(corpus: Corpus) -> None:
    """An exporter gets no message of another pool."""
    case = corpus.case("matrix/towers/meta_info_def=op_list,graph_def=given,saver_def=main")
    arguments = case.keyword_arguments()
    assert isinstance(arguments["meta_info_def"], MetaGraphDef.MetaInfoDef)
    assert isinstance(arguments["graph_def"], GraphDef)
    assert isinstance(arguments["saver_def"], SaverDef)


def test_the_given_graph_def_is_told_from_the_graph(corpus: Corpus) -> None:
    """It lacks the shapes that an export of the graph has, so that ignoring it shows (PATH-03)."""
    case = corpus.case("matrix/towers/graph_def=given")
    given = case.keyword_arguments()["graph_def"]
    assert not any("_output_shapes" in node.attr for node in given.node)
    assert any("_output_shapes" in node.attr for node in case.graph.message().graph_def.node)


def test_messages_are_new_each_time(corpus: Corpus) -> None:
    """A caller may change what it gets."""
    expected = corpus.case("matrix/towers/plain").expectation(Contract.DOCUMENTED)
    assert isinstance(expected, ExpectedMessage)
    expected.message().Clear()
    assert expected.message().graph_def.node


def test_a_graph_comes_back_from_a_plain_export_unchanged(corpus: Corpus) -> None:
    """Every matrix graph is what TensorFlow exports after loading it, under both contracts (PATH-07)."""
    for name, graph in corpus.matrix_graphs.items():
        for contract in Contract:
            expected = corpus.case(f"matrix/{name}/plain").expectation(contract)
            assert isinstance(expected, ExpectedMessage)
            assert expected.message() == graph.message()


def test_each_matrix_call_has_sixteen_variants(corpus: Corpus) -> None:
    """File, text, debug info and default graph come in every combination, the plain call first."""
    variants = corpus.case("matrix/several_savers/plain").variants
    assert len(set(variants)) == 16
    assert variants[0].name == "returned"
    assert {
        "file",
        "file,as_text",
        "file,as_text,save_debug_info",
        "default_graph",
        "file,as_text,save_debug_info,default_graph",
    } < {variant.name for variant in variants}


def test_debug_info_is_not_tested_where_tensorflow_fails_on_it(corpus: Corpus) -> None:
    """The scope tower_1 takes tower_10 along, whose debug info TensorFlow cannot find (DBG-05)."""
    names = {variant.name for variant in corpus.case("matrix/towers/export_scope=tower_1").variants}
    assert "file,save_debug_info" not in names
    assert "save_debug_info" in names
    assert len(names) == 12
    assert len(corpus.case("matrix/towers/export_scope=tower_10").variants) == 16


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("matrix/towers/clear_device", "matrix/towers/clear_devices"),
        ("SCOPE-05/nested-scop", "SCOPE-05/nested-scope"),
    ],
)
def test_an_unknown_case_is_answered_with_the_nearest_ids(corpus: Corpus, wrong: str, right: str) -> None:
    """A typing error is easy to mend."""
    with pytest.raises(KeyError, match=right):
        corpus.case(wrong)


def test_a_path_is_not_compared_with_every_id(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of a missing file, which takes long to compare, is compared with names of graphs at most."""
    compared: list[str] = []
    ratio = difflib.SequenceMatcher.ratio

    def counting(matcher: difflib.SequenceMatcher[str]) -> float:
        compared.append(str(matcher.a))
        return ratio(matcher)

    monkeypatch.setattr(difflib.SequenceMatcher, "ratio", counting)
    with pytest.raises(KeyError, match="has no case"):
        corpus.case("/home/user/projects/resnet/exports/2024-01-01/model_v2_final.ckpt-10000.meta")
    assert len(compared) < 500


def test_the_digest_depends_on_every_graph(corpus: Corpus) -> None:
    """A corpus with a graph or a case less has another digest, and the same corpus the same."""
    graphs = {**corpus.matrix_graphs, **corpus.real_graphs}
    cases = dict(corpus.requirement_cases)
    assert len(corpus.digest) == 64
    assert Corpus(graphs, cases).digest == corpus.digest
    fewer_graphs = {name: graph for name, graph in graphs.items() if name != "towers"}
    fewer_cases = {name: case for name, case in cases.items() if name != "SCOPE-05/nested-scope"}
    assert Corpus(fewer_graphs, cases).digest != corpus.digest
    assert Corpus(graphs, fewer_cases).digest != corpus.digest
