"""Count how much the corpus covers."""

from __future__ import annotations

from markdown_tables import table

from conformance_cases import Tier, load_corpus


def coverage() -> str:
    """Return the number of requirements, graphs and cases, and a table of the tiers."""
    corpus = load_corpus()
    graphs = len(corpus.matrix_graphs) + len(corpus.real_graphs)
    counts = (
        f"{len(corpus.requirements)} requirements, each with its source; "
        f"{len(corpus.requirement_cases)} cases that are named after one;\n"
        f"{graphs} graphs under every combination of the arguments, "
        f"{len(corpus.real_graphs)} of them whole models."
    )
    meanings = {
        Tier.SMOKE: "a handful of combinations on every graph",
        Tier.CORE: "every requirement case, and each pair of argument values on every graph except the "
        "whole models",
        Tier.DEFAULT: "the same, plus each pair of argument values on the whole models",
        Tier.FULL: "every combination on every graph",
    }
    rows = [(f"`{tier}`", meaning, f"{len(corpus.cases(tier)):,}") for tier, meaning in meanings.items()]
    return f"{counts}\n\n{table(('tier', 'what it runs', 'cases'), rows)}"
