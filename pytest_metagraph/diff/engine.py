"""The engine: walk two messages by their descriptor, and apply a rule wherever there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor

from pytest_metagraph.diff import describe, options, shallow
from pytest_metagraph.diff.describe import MOST_EXPLAINED, Composite
from pytest_metagraph.diff.differences import Difference, DifferenceCode, Location
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.tensors import Leeway
from reference_impl.schema.parsing import is_repeated

Rule = Callable[["Comparison", Location, Any, Any], None]
"""Compares two values that stand at one location and reports to the comparison.

A field rule gets the two messages that hold the field, a message rule two messages of its type."""

FieldRules = tuple[tuple[str, Rule], ...]
"""The name of each field of a message type, and its rule."""


class MessageRules(NamedTuple):
    """How messages of one type are compared.

    Attributes:
        whole: the rule of the message; None where it is compared field by field.
        fields: the rules of its fields.
        is_view: it is a shallow view, whose parts have to be looked at even where both sides are alike:
            a graph may be invalid.
    """

    whole: Rule | None
    fields: FieldRules
    is_view: bool


class RuleBook:
    """The rules of a comparison, and by which rules the fields of each message type are compared.

    Args:
        fields: the rule of a field, by `Message.field`.
        messages: the rule of a message, by its name.
        otherwise: makes the rule of a field that has none, by its descriptor.
    """

    def __init__(
        self,
        fields: Mapping[str, Rule],
        messages: Mapping[str, Rule],
        otherwise: Callable[[FieldDescriptor], Rule],
    ) -> None:
        self._fields = fields
        self._messages = messages
        self._otherwise = otherwise
        self._known: dict[Any, MessageRules] = {}

    def of(self, descriptor: Any) -> MessageRules:
        """The rules of a message type, put together when it is first met."""
        found = self._known.get(descriptor)
        if found is None:
            found = self._known[descriptor] = self._put_together(descriptor)
        return found

    def _put_together(self, descriptor: Any) -> MessageRules:
        package = descriptor.file.package
        # The same name for a message and its view, which are of different packages.
        name = descriptor.full_name.removeprefix(f"{package}.")
        fields = tuple(
            (field.name, self._fields.get(f"{name}.{field.name}") or self._otherwise(field))
            for field in descriptor.fields
        )
        return MessageRules(self._messages.get(name), fields, package == shallow.PACKAGE)


class Comparison:
    """One comparison of two messages: its options, its rules, and what it has found.

    Args:
        options: how to compare.
        rules: the rules.
        from_text: one side came from a text file, which does not keep the payload of a NaN.

    Attributes:
        options: how to compare.
        differences: what differs, in the order found.
        notes: what is told but makes no difference.
        composites: the values of the first few differences that can be explained by their parts, by the
            position of the difference.
        leeway: how far two numbers may be apart.
        used_patterns: the patterns of the options that matched something, each as option and pattern.
    """

    def __init__(self, options: CompareOptions, rules: RuleBook, *, from_text: bool = False) -> None:
        self.options = options
        self.differences: list[Difference] = []
        self.notes: list[Difference] = []
        self.composites: dict[int, Composite] = {}
        self.leeway = Leeway(options.rtol, options.atol, any_nan=from_text)
        self.used_patterns: set[tuple[str, str]] = set()
        self._rules = rules

    def differ(
        self,
        code: DifferenceCode,
        where: Location,
        expected: str | None = None,
        actual: str | None = None,
        *,
        composite: Composite | None = None,
    ) -> None:
        """Report a difference.

        Args:
            code: its kind.
            where: where it stands.
            expected: what the expected side says, as short text; None where it says nothing.
            actual: the same for the actual side.
            composite: the values themselves, where they have parts of which only some differ.
        """
        if composite is not None and len(self.composites) < MOST_EXPLAINED:
            self.composites[len(self.differences)] = composite
        self.differences.append(Difference(code, *where, expected, actual))

    def note(
        self, code: DifferenceCode, where: Location, expected: str | None = None, actual: str | None = None
    ) -> None:
        """Report something that is told but is no difference, unless the options say otherwise."""
        target = self.differences if self.options.fail_on_notes else self.notes
        target.append(Difference(code, *where, expected, actual))

    def agree(self, expected: Any, actual: Any) -> bool:
        """Whether two messages of one type say the same, field by field; nothing is reported."""
        trial = Comparison(self.options, self._rules, from_text=self.leeway.any_nan)
        trial.fields(Location(""), expected, actual)
        return not trial.differences

    def messages(self, where: Location, expected: Any, actual: Any) -> None:
        """Compare two messages of one type that are both present."""
        rules = self._rules.of(expected.DESCRIPTOR)
        # Bits are compared, so that NaN equals NaN and -0.0 does not equal 0.0.
        if not rules.is_view and expected.SerializeToString(deterministic=True) == actual.SerializeToString(
            deterministic=True
        ):
            return
        if rules.whole:
            rules.whole(self, where, expected, actual)
        else:
            self._fields(rules.fields, where, expected, actual)

    def fields(self, where: Location, expected: Any, actual: Any) -> None:
        """Compare two messages of one type field by field, each with its rule or generically."""
        self._fields(self._rules.of(expected.DESCRIPTOR).fields, where, expected, actual)

    def values(self, where: Location, field: FieldDescriptor, expected: Any, actual: Any) -> None:
        """Compare one value of a field's type: a message, or a scalar."""
        if field.message_type is not None:
            self.messages(where, expected, actual)
        elif not self.leeway.same(expected, actual):
            texts = describe.describe(field, expected), describe.describe(field, actual)
            self.differ(DifferenceCode.FIELD_CHANGED, where, *texts)

    def unknown_fields(self, where: Location, expected: Any, actual: Any) -> None:
        """Compare the fields of two messages that the schema does not know."""
        if not self.options.ignore_unknown_fields:
            for number, left, right in shallow.differing(expected, actual):
                self.differ(
                    DifferenceCode.UNKNOWN_FIELD, where.inside(f"<unknown field {number}>"), left, right
                )

    def matches(self, option: str, name: str) -> bool:
        """Whether a name matches one of an option's patterns; those that do are remembered as used."""
        matched = options.matching(getattr(self.options, option), name)
        self.used_patterns.update((option, pattern) for pattern in matched)
        return bool(matched)

    def _fields(self, rules: FieldRules, where: Location, expected: Any, actual: Any) -> None:
        ignored = self.options.ignore_sections
        for name, rule in rules:
            if not (ignored and where.section_of(name) in ignored):
                rule(self, where, expected, actual)
        self.unknown_fields(where, expected, actual)


def rule(field: FieldDescriptor) -> Rule:
    """The generic rule of a field."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return _map(field)
    if is_repeated(field):
        return _repeated(field)
    if field.has_presence:
        return _optional(field)
    return _scalar(field)


def _scalar(field: FieldDescriptor) -> Rule:
    name = field.name

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, name), getattr(actual, name)
        if not run.leeway.same(left, right):  # before a location is made, which costs more than this
            run.values(where.inside(name), field, left, right)

    return rule


def _optional(field: FieldDescriptor) -> Rule:
    """A field that knows whether it is set: a sub-message, or a member of a oneof."""
    name = field.name

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        if expected.HasField(name):
            left = getattr(expected, name)
            if actual.HasField(name):
                run.values(where.inside(name), field, left, getattr(actual, name))
            else:
                run.differ(
                    DifferenceCode.FIELD_MISSING, where.inside(name), describe.describe(field, left), None
                )
        elif actual.HasField(name):
            text = describe.describe(field, getattr(actual, name))
            run.differ(DifferenceCode.FIELD_EXTRA, where.inside(name), None, text)

    return rule


def _repeated(field: FieldDescriptor) -> Rule:
    name = field.name

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, name), getattr(actual, name)
        if len(left) == len(right):
            for index, (one, other) in enumerate(zip(left, right, strict=True)):
                run.values(where.inside(name).at(index), field, one, other)
        else:
            texts = describe.describe_list(field, left), describe.describe_list(field, right)
            composite = Composite(field, left, right)
            run.differ(DifferenceCode.LIST_CHANGED, where.inside(name), *texts, composite=composite)

    return rule


def _map(field: FieldDescriptor) -> Rule:
    name = field.name
    value = describe.map_value(field)

    def rule(run: Comparison, where: Location, expected: Any, actual: Any) -> None:
        left, right = getattr(expected, name), getattr(actual, name)
        for key in sorted({*left, *right}):
            at = where.entry(name, key if isinstance(key, str) else repr(key))
            if key not in right:
                run.differ(DifferenceCode.ITEM_MISSING, at, describe.describe(value, left[key]), None)
            elif key not in left:
                run.differ(DifferenceCode.ITEM_EXTRA, at, None, describe.describe(value, right[key]))
            else:
                run.values(at, value, left[key], right[key])

    return rule
