"""What is wrong in a case, in a few words: the most useful half first, because lists cut long lines."""

from __future__ import annotations

from pytest_metagraph._util.text import counted
from pytest_metagraph.judging.findings import FindingCode
from pytest_metagraph.judging.result import CaseResult, DifferenceGroup, ReportedFinding

_NODES = "graph_def.node"


def headline_of(result: CaseResult) -> str:
    """Return what is wrong in a case on one line; what the list of known failures says if nothing is."""
    if not result.findings:
        return result.reason
    more = len(result.findings) - 1
    return headline(result.findings[0]) + (f"; {counted(more, 'other finding')}" if more else "")


def headline(finding: ReportedFinding) -> str:
    """Return a finding on one line: its likely cause, the first kind of difference, or its summary."""
    if finding.code in {FindingCode.RAISED, FindingCode.WRONG_ERROR}:
        return _with_message(finding)
    if finding.code is not FindingCode.MESSAGE_DIFFERS or not finding.groups:
        return finding.summary
    if finding.hints:
        return finding.hints[0].text.rstrip(".")
    more = len(finding.groups) - 1
    others = f", and {counted(more, 'other kind')} of difference" if more else ""
    return _group(finding.groups[0]) + others


def _with_message(finding: ReportedFinding) -> str:
    """Return the last line of the traceback and what was expected; the summary if it is another line."""
    raised, space, rest = finding.summary.removeprefix("The exporter raised ").partition(" ")
    lines = finding.detail.strip().splitlines()
    said = lines[-1].strip() if lines else ""
    if said.partition(":")[0].rpartition(".")[2] == raised:
        return f"{said}{space}{rest}"
    return finding.summary


def _group(group: DifferenceGroup) -> str:
    """Return a kind of difference as people say it, such as `_class: 4 nodes differ`."""
    code, _, field = group.kind.partition(" ")
    noun, _, change = code.rpartition("-")
    place = "" if group.section == _NODES else f"{group.section}: "
    if field:
        subject = field.removeprefix("attr['").removesuffix("']") if field.startswith("attr['") else field
        noun, place = ("node", "") if group.section == _NODES else ("value", f"{group.section} ")
        place = f"{place}{subject}: "
    elif group.section == _NODES and noun in {"device", "input"}:
        noun, place = "node" if noun == "device" else "input", f"{noun}: "
    amount = counted(group.count, noun.replace("-", " "))
    is_one = group.count == 1
    match change:
        case "missing":
            return f"{place}{amount} {'lacks it' if is_one and field else 'lack it' if field else 'missing'}"
        case "extra":
            return f"{place}{amount} {'has it' if is_one and field else 'have it' if field else 'too many'}"
        case "changed" if noun in {"order", "list"} and not field:
            return f"{place}the {noun} differs"
        case "changed":
            return f"{place}{amount} {'differs' if is_one else 'differ'}"
        case _:
            return f"{place}{counted(group.count, 'difference')} ({code})"
