"""The options of a run: the table that describes each once, and their values as one object.

Every pytest session reads the options, so this module imports neither protobuf nor the corpus.
`plugin.options` registers the table in pytest; the command line and the reports use the values.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any, NamedTuple

from pytest_metagraph._util.option_values import (
    WHOLE_TIER,
    Limit,
    Shard,
    one_of,
    parse_seconds,
    parse_snapshot_updates,
)

# Repeated here because only a conformance run may import the enums of the corpus; a test compares them.
CONTRACTS = ("documented", "tensorflow")
TIERS = ("smoke", "core", "default", "full")
TESTED_TENSORFLOW = "2.21"

DEFAULT_CONTRACT = "documented"
DEFAULT_TIER = "default"

ENFORCEABLE_LEVELS = ("required", "recommended")
"""The levels that a run can enforce; the second one includes the first."""

DEFAULT_LEVEL = "required"

REPORT_FORMATS = ("jsonl", "md", "html", "svg")
"""The formats of report files, which are their suffixes; `reports.renderers` has a function for each."""

SNAPSHOT_FOLDER = "__metagraph_snapshots__"
"""The folder of snapshots beside a test module, which every session of pytest looks for."""

DEFAULT_ORACLE = "reference"
NO_ORACLE = "none"
"""The value of the option `oracle` if there is no oracle."""

DEFAULT_SECONDS = 30.0
"""The default time limit for one answer. A worker's first answer may have to load a whole framework."""


class Option(NamedTuple):
    """One option of a run, for the command line, the ini file and the rerun line.

    Attributes:
        field: the attribute of `Settings` that holds its value.
        name: its name in the ini file; on the command line with dashes, as `--metagraph-exporter`.
        help: its effect, in a few words.
        metavar: the placeholder of its value in the help; empty for a switch.
        default: its value if none is given.
        parse: the function that reads one value; it raises ValueError with the reason and what to do.
        repeatable: True if it can be given several times.
        in_rerun_line: True if the command that runs a case again repeats it.
        is_path: True if a relative value in the ini file starts from the folder of that file.
        is_text_in_ini: True if a repeatable option is one text in the ini file, with a value on each line,
            because it once had one value.
        former_name: the former name, which still works, with a deprecation warning.
    """

    field: str
    name: str
    help: str
    metavar: str = ""
    default: str = ""
    parse: Callable[[str], Any] = str
    repeatable: bool = False
    in_rerun_line: bool = False
    is_path: bool = False
    is_text_in_ini: bool = False
    former_name: str = ""

    @property
    def flag(self) -> str:
        """The name on the command line."""
        return flag_of(self.name)


def flag_of(name: str) -> str:
    """Return the command-line form of an option's name in the ini file."""
    return f"--{name.replace('_', '-')}"


LIMIT_HELP = (
    "refuse messages of more than SIZE, such as 100MB, or more PARTS (nodes, attributes, texts and others); "
    "default of PARTS: one for each 8 bytes of SIZE"
)

OPTIONS = (
    Option(
        "exporter",
        "metagraph_exporter",
        "exporter under test: reference, tensorflow, or module:attribute",
        metavar="NAME",
        in_rerun_line=True,
    ),
    Option(
        "worker",
        "metagraph_command",
        "exporter under test, in any language: the command of a worker, such as 'node worker.mjs'",
        metavar="COMMAND",
        in_rerun_line=True,
    ),
    Option(
        "exports",
        "metagraph_exports",
        "exporter under test: a folder with its answers to the files of `metagraph cases`",
        metavar="DIR",
        in_rerun_line=True,
    ),
    Option(
        "timeout",
        "metagraph_timeout",
        f"time limit for one answer of the exporter, in seconds; default: {DEFAULT_SECONDS:g}",
        metavar="SECONDS",
        default=f"{DEFAULT_SECONDS:g}",
        parse=parse_seconds,
        in_rerun_line=True,
    ),
    Option(
        "in_process",
        "metagraph_in_process",
        "call a Python exporter in pytest's process, for debugging and coverage; there is no time limit, and "
        "an exporter that exits ends the run",
    ),
    Option(
        "limit",
        "metagraph_limit",
        LIMIT_HELP,
        metavar="SIZE[,PARTS]",
        parse=Limit.parse,
        in_rerun_line=True,
    ),
    Option(
        "contract",
        "metagraph_contract",
        f"the contract to judge by: the documentation ({DEFAULT_CONTRACT}, the default), or the behaviour of "
        f"TensorFlow {TESTED_TENSORFLOW} (tensorflow)",
        metavar="{documented,tensorflow}",
        default=DEFAULT_CONTRACT,
        parse=one_of(*CONTRACTS),
        in_rerun_line=True,
    ),
    Option(
        "tier",
        "metagraph_tier",
        "how much to run: a handful of cases (smoke), each pair of arguments on small graphs (core), and on "
        "whole models (default), everything (full)",
        metavar="{smoke,core,default,full}",
        default=DEFAULT_TIER,
        parse=one_of(*TIERS),
        in_rerun_line=True,
    ),
    Option(
        "level",
        "metagraph_level",
        "which failed cases fail the run: those with a required rule (required, the default), or those with "
        "recommended rules only as well (recommended)",
        metavar="{required,recommended}",
        default=DEFAULT_LEVEL,
        parse=one_of(*ENFORCEABLE_LEVELS),
        in_rerun_line=True,
    ),
    Option(
        "patterns",
        "metagraph_case",
        "run only the cases with this id or matching this glob",
        metavar="GLOB",
        repeatable=True,
    ),
    Option(
        "graphs",
        "metagraph_graphs",
        "judge the graphs in this folder, files *.meta, instead of the corpus",
        metavar="DIR",
        in_rerun_line=True,
        is_path=True,
    ),
    Option(
        "oracle",
        "metagraph_oracle",
        "exporter that provides the right answers for --metagraph-graphs: reference (the default), "
        "tensorflow, module:attribute, or none with --metagraph-check-loads",
        metavar="NAME",
        default=DEFAULT_ORACLE,
        in_rerun_line=True,
        former_name="metagraph_expected_from",
    ),
    Option(
        "check_loads",
        "metagraph_check_loads",
        "check that each exported message loads in this version of TensorFlow, in every case whose right "
        "answer loads there (without an oracle: whose input graph does); give a version, a range, or several "
        "separated by commas, such as 1.15,2.3-2.6",
        metavar="VERSION",
        in_rerun_line=True,
    ),
    Option(
        "known_failures",
        "metagraph_known_failures",
        "list of known failures, a TOML file",
        metavar="FILE",
        repeatable=True,
        in_rerun_line=True,
        is_text_in_ini=True,
    ),
    Option(
        "update_known_failures",
        "metagraph_update_known_failures",
        "write the results of a complete run into the list of known failures, the last one of several",
    ),
    Option(
        "reports",
        "metagraph_report",
        f"write a report; the suffix chooses the format: {', '.join(f'.{name}' for name in REPORT_FORMATS)}",
        metavar="PATH",
        repeatable=True,
    ),
    Option(
        "shard",
        "metagraph_shard",
        "run only one part of the tier, such as 2/4 for the second of four",
        metavar="I/N",
        default="1/1",
        parse=Shard.parse,
    ),
    Option(
        "snapshot_updates",
        "metagraph_snapshot_update",
        "update snapshot files, never in CI: any of create, fix, trim, separated by commas",
        metavar="CATEGORIES",
        parse=parse_snapshot_updates,
    ),
)
"""Every option of a run, in the order of the help."""


class Settings(NamedTuple):
    """The values of the options.

    Attributes:
        exporter: the name of the exporter, see `exporters.resolve`; empty if none was given.
        worker: the command of a worker, see `exporters.worker_client`; empty if none was given.
        exports: a folder of answers, see `exporters.exports_folder`; empty if none was given.
        timeout: the seconds that the exporter has for one answer.
        in_process: True to call an exporter in Python in this process.
        limit: the limit on messages that are read; None for no limit.
        contract: one of `CONTRACTS`.
        tier: one of `TIERS`.
        level: one of `ENFORCEABLE_LEVELS`.
        patterns: case ids or globs of case ids; empty for every case of the tier.
        graphs: a folder of the user's graphs to judge instead of the corpus; empty for the corpus.
        oracle: the exporter that provides the right answers for the user's graphs; `none` if there is none.
        check_loads: the versions of TensorFlow that messages must load in; empty for none.
        known_failures: the lists of known failures, see `known_failures.load`.
        update_known_failures: True to write the results of the run into the last of these lists.
        reports: the files to write reports to; the suffix of each chooses its format.
        shard: the part of the tier to run.
        snapshot_updates: the members of `SNAPSHOT_UPDATES` that were requested.
        in_ini: the fields that the ini file sets to something other than their default.
    """

    exporter: str = ""
    worker: str = ""
    exports: str = ""
    timeout: float = DEFAULT_SECONDS
    in_process: bool = False
    limit: Limit | None = None
    contract: str = DEFAULT_CONTRACT
    tier: str = DEFAULT_TIER
    level: str = DEFAULT_LEVEL
    patterns: tuple[str, ...] = ()
    graphs: str = ""
    oracle: str = DEFAULT_ORACLE
    check_loads: str = ""
    known_failures: tuple[str, ...] = ()
    update_known_failures: bool = False
    reports: tuple[str, ...] = ()
    shard: Shard = WHOLE_TIER
    snapshot_updates: frozenset[str] = frozenset()
    in_ini: frozenset[str] = frozenset()

    @property
    def has_client(self) -> bool:
        """True if the exporter is a worker or a folder, and not a function in this process."""
        return bool(self.worker or self.exports)

    @property
    def command(self) -> str:
        """The shell command that runs the same tier again, without options that have their default value."""
        words = ["pytest", "-p", "pytest_metagraph", "--pyargs", "conformance_cases"]
        for option in OPTIONS:
            value = getattr(self, option.field)
            if not option.in_rerun_line or not value:
                continue
            if option.repeatable:
                words += [f"{option.flag}={one}" for one in value]
                continue
            if value != option.parse(option.default) or option.field in self.in_ini:
                words.append(
                    f"{option.flag}={value:g}" if isinstance(value, float) else f"{option.flag}={value}"
                )
        return shlex.join(words)

    def command_for(self, case_id: str) -> str:
        """Return the shell command that runs one case again."""
        return command_for(self.command, case_id)


def command_for(command: str, case_id: str) -> str:
    """Return the shell command that runs one case of a run again.

    Args:
        command: the command of the run.
        case_id: the case.
    """
    return f"{command} {shlex.quote(f'--metagraph-case={case_id}')}"
