"""`metagraph explain`: explain a case or a rule of the corpus."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance_cases import (
    Case,
    Corpus,
    ExpectedError,
    ExpectedMessage,
    NotAsked,
    Requirement,
    Tier,
    load_corpus,
)
from pytest_metagraph._util.errors import MetagraphError
from pytest_metagraph._util.text import counted, nearest_names
from pytest_metagraph.cli._options import add_contract_option, add_json_option
from pytest_metagraph.cli._output import say, say_json
from pytest_metagraph.cli._summary import summarise_message, summary
from pytest_metagraph.judging.case_request import case_calls
from pytest_metagraph.settings import TESTED_TENSORFLOW
from reference_impl.contracts import Contract

DESCRIPTION = """\
Explain a case: the rules that it tests, its calls as lines of Python, its input graph and the expected
answer. Explain a rule: its sentence, its level, the words of the documentation, what TensorFlow does instead,
the cases that test it, and the mistakes that they are known to catch.
"""

EPILOG = """\
examples:
  metagraph explain SCOPE-05
  metagraph explain SCOPE-05/nested-scope
  metagraph explain matrix/towers/export_scope=tower_1 --contract tensorflow

exit status: 0 the explanation was printed, 2 there is no such case or rule
"""

_WIDTH = 100
_MAX_RULES = 3
"""Rules of a case that are quoted; further ones are named."""
_MAX_OTHER_CASES = 4
"""Cases that are listed of those that involve a rule and are named after another one."""


MINIATURES = Path(__file__).with_name("miniatures.json")
"""The sentence of each wrong exporter of the kit's own tests, by the rule that it violates and by name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sub-command."""
    parser.add_argument("what", metavar="CASE|RULE", help="the id of a case, or of a rule such as SCOPE-05")
    add_contract_option(parser)
    add_json_option(parser, "the explanation")


def run(arguments: argparse.Namespace) -> int:
    """Run the sub-command.

    Raises:
        MetagraphError: if there is no such case or rule.
    """
    corpus = load_corpus()
    rule = corpus.requirements.get(arguments.what.upper())
    contract = Contract(arguments.contract)
    if rule is not None:
        if arguments.json:
            say_json(_rule_data(rule, corpus))
        else:
            _say_lines(_explain_rule(rule, corpus))
        return 0
    case = _find_case(arguments.what, corpus)
    if arguments.json:
        say_json(_case_data(case, contract, corpus))
    else:
        _say_lines(_explain_case(case, contract, corpus))
    return 0


def _say_lines(lines: Iterator[str]) -> None:
    for line in lines:
        say(line)


def _rule_data(rule: Requirement, corpus: Corpus) -> dict[str, Any]:
    """Return what is known about a rule as plain data."""
    own, others = _cases_of(rule, corpus.cases(Tier.FULL))
    return {
        "rule": rule.id,
        "sentence": rule.sentence,
        "level": rule.level,
        "basis": rule.basis,
        "needs": sorted(rule.needs),
        "documentation": rule.quote,
        "tensorflow": rule.tensorflow,
        "missed_by": rule.missed_by,
        "cases": [case.id for case in own],
        "also_in": [case.id for case in others],
        "mistakes": dict(_mistakes().get(rule.id, {})),
    }


def _case_data(case: Case, contract: Contract, corpus: Corpus) -> dict[str, Any]:
    """Return what is known about a case as plain data."""
    expected: dict[str, Any]
    match case.expectation(contract):
        case ExpectedMessage() as expectation:
            expected = {"message": summarise_message(expectation.message())}
        case ExpectedError(type=name):
            expected = {"raises": name}
        case NotAsked(reason=reason):
            expected = {"not_tested": reason}
    return {
        "case": case.id,
        "description": case.graph.description,
        "tier": _first_tier(case, corpus),
        "variants": len(case.variants),
        "needs": sorted(case.capabilities),
        "rules": list(case.requirements),
        "call": list(case_calls(case, ())),
        "eager": case.eager,
        "input": summarise_message(case.graph.message()),
        "contract": contract,
        "expected": expected,
    }


def _find_case(what: str, corpus: Corpus) -> Case:
    try:
        return corpus.case(what)
    except KeyError:
        if replacement := corpus.retired_cases.get(what):
            hint = f"explain {replacement}, which replaces it"
            raise MetagraphError(f"the case {what!r} was retired", hint) from None
        ids = (case.id for case in corpus.cases(Tier.FULL))
        near = nearest_names(what.upper(), corpus.requirements) or nearest_names(what, ids)
        hint = (
            f"the nearest ids are {', '.join(near)}" if near else "`metagraph cases --list` lists the cases"
        )
        raise MetagraphError(f"{what!r} is neither a case nor a rule", hint) from None


def _explain_case(case: Case, contract: Contract, corpus: Corpus) -> Iterator[str]:
    yield f"case {case.id}"
    yield from _wrapped(case.graph.description)
    variants = counted(len(case.variants), "variant")
    yield f"  in the tier {_first_tier(case, corpus)}, with {variants} of the call"
    if case.capabilities:
        yield f"  needs {', '.join(sorted(case.capabilities))}"
    yield ""
    yield "rules"
    for name in case.requirements[:_MAX_RULES]:
        rule = corpus.requirements[name]
        yield from _wrapped(f"{rule.id} ({rule.level}, {rule.basis}): {rule.sentence}")
    if others := case.requirements[_MAX_RULES:]:
        yield from _wrapped(f"also involved: {', '.join(others)}")
    yield ""
    yield "call" if len(case.calls()) == 1 else "calls, of which the last one is judged"
    for line in case_calls(case, ()):
        yield f"  {line}{'  (eager)' if case.eager else ''}"
    yield ""
    yield "input graph"
    yield from _indented(summary(case.graph.message()))
    yield ""
    yield f"expected answer, contract {contract}"
    yield from _indented(_expected_lines(case, contract))
    if any(case.expectation(other) != case.expectation(contract) for other in Contract):
        other = next(one for one in Contract if one is not contract)
        yield f"  the contract {other} expects another answer: --contract {other}"
    yield ""
    yield "look closer, or run it"
    yield f"  metagraph show {case.id} --text"
    if isinstance(case.expectation(contract), ExpectedMessage):
        yield f"  metagraph show {case.id} --expected --text"
    yield f"  metagraph run --case {case.id} --tier full --exporter NAME"


def _first_tier(case: Case, corpus: Corpus) -> Tier:
    return next(tier for tier in Tier if case in corpus.cases(tier))


def _expected_lines(case: Case, contract: Contract) -> Iterator[str]:
    expectation = case.expectation(contract)
    match expectation:
        case ExpectedMessage():
            yield from summary(expectation.message())
        case ExpectedError(type=name):
            yield f"raises {name}"
        case NotAsked(reason=reason):
            yield f"not tested under this contract: {reason}"


def _explain_rule(rule: Requirement, corpus: Corpus) -> Iterator[str]:
    yield f"rule {rule.id}"
    yield from _wrapped(rule.sentence)
    yield f"  level {rule.level}, basis {rule.basis}"
    if rule.needs:
        yield f"  never blamed on an exporter that does not support {', '.join(sorted(rule.needs))}"
    if rule.quote:
        yield ""
        yield "the documentation says"
        yield from _wrapped(f'"{rule.quote}"')
    if rule.tensorflow:
        yield ""
        yield f"TensorFlow {TESTED_TENSORFLOW} does instead"
        yield from _wrapped(rule.tensorflow)
    if rule.missed_by:
        yield ""
        yield "who would miss it"
        yield from _wrapped(rule.missed_by)
    yield ""
    yield from _case_lines(rule, corpus.cases(Tier.FULL), corpus)
    if mistakes := _mistakes().get(rule.id):
        yield ""
        yield "mistakes that these cases catch; the kit's own tests make each of them on purpose"
        for name, sentence in mistakes.items():
            yield from _wrapped(f"{name}: {sentence}")


def _mistakes() -> Mapping[str, Mapping[str, str]]:
    """Read the sentences of the miniatures, which `tests/miniatures/kill_matrix.py` writes."""
    mistakes: Mapping[str, Mapping[str, str]] = json.loads(MINIATURES.read_text(encoding="utf-8"))
    return mistakes


def _cases_of(rule: Requirement, cases: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """Return the cases that are named after a rule, and the others that involve it."""
    own = [case for case in cases if case.id.startswith(f"{rule.id}/")]
    named = set(own)
    return own, [case for case in cases if case not in named and rule.id in case.requirements]


def _case_lines(rule: Requirement, cases: Sequence[Case], corpus: Corpus) -> Iterator[str]:
    """Yield the cases that are named after a rule with what each shows, then the number of the other ones."""
    own, others = _cases_of(rule, cases)
    yield "cases"
    for case in own:
        yield from _wrapped(f"{case.id}: {case.graph.description}")
    if others:
        default = set(corpus.cases(Tier.DEFAULT))
        also = "also involved in" if own else "involved in"
        yield f"  {also} {counted(len(others), 'case')} of the tier full, such as"
        first = sorted(others, key=lambda case: (case not in default, case.id))[:_MAX_OTHER_CASES]
        yield from (f"    {case.id}" for case in first)
    if not own and not others:
        yield from _wrapped(f"none: {rule.no_case}" if rule.no_case else "none")


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
