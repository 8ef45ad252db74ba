"""The options of a conformance run; each can be given on the command line or in the ini file."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_metagraph.carrying.time_limit import DEFAULT_SECONDS, parse_seconds
from pytest_metagraph.options.reproducing import command_for
from pytest_metagraph.options.sharding import WHOLE_TIER, Shard

# Spelled out and not taken from the enums of the corpus: every session reads the options, and only a
# conformance run may pay for the import of the corpus.
CONTRACTS = ("documented", "tensorflow")
TIERS = ("smoke", "default", "full")
DEFAULT_EXPECTED_FROM = "reference"

SNAPSHOT_UPDATES = ("create", "fix", "trim")
"""What can be done to the files of snapshots: make missing ones, rewrite others, delete unused ones."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user asked for.

    Attributes:
        exporter: the name of the exporter, see `resolving.resolve`; empty where none was given.
        worker: the command of a worker, see `carrying.worker.Worker`; empty where none was given.
        exports: a folder of answers, see `carrying.exports_folder`; empty where none was given.
        timeout: how long a worker may take for one answer, in seconds.
        contract: one of `CONTRACTS`.
        tier: one of `TIERS`.
        patterns: case ids or globs of case ids; empty for every case of the tier.
        known_failures: the list of known failures, see `known_failures.locating.locate`; empty for none.
        update_known_failures: whether to write what the run has seen into that list.
        reports: files to write reports to; the suffix of each chooses its format.
        shard: the part of the tier to run.
        graphs: a folder of the user's graphs to judge in place of the corpus; empty for the corpus.
        expected_from: the exporter that says what is right about the user's graphs.
        snapshot_updates: those of `SNAPSHOT_UPDATES` that were asked for.
    """

    exporter: str
    contract: str
    tier: str
    patterns: tuple[str, ...]
    worker: str = ""
    exports: str = ""
    timeout: float = DEFAULT_SECONDS
    known_failures: str = ""
    update_known_failures: bool = False
    reports: tuple[str, ...] = ()
    shard: Shard = WHOLE_TIER
    graphs: str = ""
    expected_from: str = DEFAULT_EXPECTED_FROM
    snapshot_updates: frozenset[str] = frozenset()

    @classmethod
    def from_config(cls, config: pytest.Config) -> Settings:
        """Read the options: the command line goes before the ini file.

        Raises:
            pytest.UsageError: when a value is not one of those that its option takes.
        """
        return cls(
            exporter=_read(config, "metagraph_exporter"),
            contract=_one_of(CONTRACTS, config, "metagraph_contract"),
            tier=_one_of(TIERS, config, "metagraph_tier"),
            patterns=tuple(_read(config, "metagraph_case")),
            worker=_read(config, "metagraph_command"),
            exports=_read(config, "metagraph_exports"),
            timeout=_timeout(_read(config, "metagraph_timeout")),
            known_failures=_read(config, "metagraph_known_failures"),
            update_known_failures=_read(config, "metagraph_update_known_failures"),
            reports=tuple(_read(config, "metagraph_report")),
            shard=_shard(_read(config, "metagraph_shard")),
            graphs=_graphs(config),
            expected_from=_read(config, "metagraph_expected_from"),
            snapshot_updates=_snapshot_updates(_read(config, "metagraph_snapshot_update")),
        )

    @property
    def is_carried(self) -> bool:
        """Whether the exporter is no function of this process."""
        return bool(self.worker or self.exports)

    @property
    def command(self) -> str:
        """The shell command that runs the same tier again."""
        words = ["pytest", "-p", "pytest_metagraph", "--pyargs", "conformance_cases"]
        if self.exporter:
            words.append(f"--metagraph-exporter={self.exporter}")
        if self.worker:
            words.append(f"--metagraph-command={self.worker}")
        if self.exports:
            words.append(f"--metagraph-exports={self.exports}")
        if self.timeout != DEFAULT_SECONDS:
            words.append(f"--metagraph-timeout={self.timeout:g}")
        words.append(f"--metagraph-contract={self.contract}")
        words.append(f"--metagraph-tier={self.tier}")
        if self.graphs:
            words.append(f"--metagraph-graphs={self.graphs}")
            words.append(f"--metagraph-expected-from={self.expected_from}")
        if self.known_failures:
            words.append(f"--metagraph-known-failures={self.known_failures}")
        return shlex.join(words)

    def command_for(self, case_id: str) -> str:
        """The shell command that runs one case again."""
        return command_for(self.command, case_id)


def add_options(parser: pytest.Parser) -> None:
    """Register every option and its ini twin."""
    group = parser.getgroup("metagraph", "conformance of export_meta_graph")
    name = "exporter under test: reference, tensorflow, or module:attribute"
    group.addoption("--metagraph-exporter", metavar="NAME", help=name)
    parser.addini("metagraph_exporter", name, type="string", default="")
    worker = "exporter under test, in any language: the command of a worker, such as 'node worker.mjs'"
    group.addoption("--metagraph-command", metavar="COMMAND", help=worker)
    parser.addini("metagraph_command", worker, type="string", default="")
    exports = "exporter under test: a folder with its answers to `metagraph cases`"
    group.addoption("--metagraph-exports", metavar="DIR", help=exports)
    parser.addini("metagraph_exports", exports, type="string", default="")
    timeout = f"how long a worker may take for one answer, in seconds; default: {DEFAULT_SECONDS:g}"
    group.addoption("--metagraph-timeout", metavar="SECONDS", help=timeout)
    parser.addini("metagraph_timeout", timeout, type="string", default=f"{DEFAULT_SECONDS:g}")
    contract = "what is right: what the documentation promises, or what TensorFlow 2.21 does"
    group.addoption("--metagraph-contract", choices=CONTRACTS, help=f"{contract}; default: documented")
    parser.addini("metagraph_contract", contract, type="string", default="documented")
    tier = "how much to run: a handful of cases (smoke), each pair of arguments (default), everything (full)"
    group.addoption("--metagraph-tier", choices=TIERS, help=tier)
    parser.addini("metagraph_tier", tier, type="string", default="default")
    case = "run only the cases with this id or matching this glob"
    group.addoption("--metagraph-case", metavar="GLOB", action="append", help=f"{case}; may be repeated")
    parser.addini("metagraph_case", f"{case}; one in each line", type="linelist", default=[])
    known = "list of known failures, a TOML file"
    group.addoption("--metagraph-known-failures", metavar="FILE", help=known)
    parser.addini("metagraph_known_failures", known, type="string", default="")
    update = "write what a complete run has seen into the list of known failures"
    group.addoption("--metagraph-update-known-failures", action="store_true", default=None, help=update)
    parser.addini("metagraph_update_known_failures", update, type="bool", default=False)
    report = "write a report; the suffix chooses the format: .jsonl, .md, .html, .svg"
    group.addoption("--metagraph-report", metavar="PATH", action="append", help=f"{report}; may be repeated")
    parser.addini("metagraph_report", f"{report}; one path in each line", type="linelist", default=[])
    shard = "run one part of the tier only, such as 2/4 for the second of four"
    group.addoption("--metagraph-shard", metavar="I/N", help=shard)
    parser.addini("metagraph_shard", shard, type="string", default="1/1")
    graphs = "judge the graphs of this folder, files *.meta, in place of the corpus"
    group.addoption("--metagraph-graphs", metavar="DIR", help=graphs)
    parser.addini("metagraph_graphs", graphs, type="string", default="")
    expected = "exporter that says what is right about own graphs: reference, tensorflow, or module:attribute"
    group.addoption("--metagraph-expected-from", metavar="NAME", help=f"{expected}; default: reference")
    parser.addini("metagraph_expected_from", expected, type="string", default=DEFAULT_EXPECTED_FROM)
    update = "update the files of snapshots, never in CI: any of create, fix, trim, with commas between"
    group.addoption("--metagraph-snapshot-update", metavar="CATEGORIES", help=update)
    parser.addini("metagraph_snapshot_update", update, type="string", default="")


def _read(config: pytest.Config, name: str) -> Any:
    given = config.getoption(name)
    return config.getini(name) if given is None else given


def _graphs(config: pytest.Config) -> str:
    """The folder of own graphs; in the ini file it is relative to that file, as paths there are."""
    given: str | None = config.getoption("metagraph_graphs")
    stated: str = config.getini("metagraph_graphs")
    if given is not None or not stated or config.inipath is None:
        return stated if given is None else given
    return str(config.inipath.parent / stated)


def _shard(value: str) -> Shard:
    try:
        return Shard.parse(value)
    except ValueError as error:
        raise pytest.UsageError(f"metagraph_shard: {error}") from None


def _timeout(value: str) -> float:
    try:
        return parse_seconds(value)
    except ValueError as error:
        raise pytest.UsageError(f"metagraph_timeout: {error}") from None


def _snapshot_updates(value: str) -> frozenset[str]:
    asked = frozenset(filter(None, (word.strip() for word in value.split(","))))
    if unknown := sorted(asked.difference(SNAPSHOT_UPDATES)):
        choices = ", ".join(SNAPSHOT_UPDATES)
        raise pytest.UsageError(f"metagraph_snapshot_update: {unknown[0]!r} is none of {choices}")
    return asked


def _one_of(values: tuple[str, ...], config: pytest.Config, name: str) -> str:
    value: str = _read(config, name)
    if value not in values:
        raise pytest.UsageError(f"{name} is {value!r} in the ini file; it can be {', '.join(values)}")
    return value
