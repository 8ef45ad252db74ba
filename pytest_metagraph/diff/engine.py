"""The engine: walk two messages by their descriptors and apply the rule of each message and field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.unknown_fields import UnknownFieldSet

from pytest_metagraph._util import shallow
from pytest_metagraph.diff.composite_values import MAX_EXPLAINED, Composite
from pytest_metagraph.diff.describe import describe, shorten
from pytest_metagraph.diff.differences import Difference, DifferenceCode, Location
from pytest_metagraph.diff.options import CompareOptions
from pytest_metagraph.diff.patterns import matching_patterns
from pytest_metagraph.diff.tolerance import Tolerance

Rule = Callable[["Differ", Location, Any, Any], None]
"""Compares two values at one location and reports differences to the differ.

A field rule gets the two messages that contain the field; a message rule gets two messages of its type.
"""


class _MessageRules(NamedTuple):
    """The rules for one message type.

    Attributes:
        whole: the rule for the message; None if it is compared field by field.
        fields: the name and the rule of each field.
        is_view: the type is a shallow view. Views are walked even if both sides are identical, because
            two identical graphs may both be invalid.
    """

    whole: Rule | None
    fields: tuple[tuple[str, Rule], ...]
    is_view: bool


class RuleBook:
    """The rules of a comparison.

    Args:
        fields: rules for fields, by `Message.field`.
        messages: rules for messages, by name.
        default: returns the rule for a field that is not in `fields`, from its descriptor.
    """

    def __init__(
        self,
        fields: Mapping[str, Rule],
        messages: Mapping[str, Rule],
        default: Callable[[FieldDescriptor], Rule],
    ) -> None:
        self._fields = fields
        self._messages = messages
        self._default = default
        self._cache: dict[Any, _MessageRules] = {}

    def rules_for(self, descriptor: Any) -> _MessageRules:
        """Return the rules for a message type; they are put together when first needed."""
        rules = self._cache.get(descriptor)
        if rules is None:
            rules = self._cache[descriptor] = self._put_together(descriptor)
        return rules

    def _put_together(self, descriptor: Any) -> _MessageRules:
        package = descriptor.file.package
        # A message and its view are in different packages and have the same name without the package.
        name = descriptor.full_name.removeprefix(f"{package}.")
        fields = tuple(
            (field.name, self._fields.get(f"{name}.{field.name}") or self._default(field))
            for field in descriptor.fields
        )
        return _MessageRules(self._messages.get(name), fields, package == shallow.PACKAGE)


class Differ:
    """One comparison of two messages: its options and rules, and the differences found so far.

    Args:
        options: how to compare.
        rules: the rules.
        from_text: one side was read from a text file, which does not keep the payload of a NaN.

    Attributes:
        options: how to compare.
        tolerance: how much two numbers may differ.
        differences: the differences, in the order in which they were found.
        notes: what is reported without being a difference.
        composites: the values of the first differences that can be explained by their parts, by the
            position of the difference.
        used_patterns: the patterns of the options that matched something, as pairs of option and pattern.
    """

    def __init__(self, options: CompareOptions, rules: RuleBook, *, from_text: bool = False) -> None:
        self.options = options
        self.tolerance = Tolerance(options.rtol, options.atol, any_nan=from_text)
        self.differences: list[Difference] = []
        self.notes: list[Difference] = []
        self.composites: dict[int, Composite] = {}
        self.used_patterns: set[tuple[str, str]] = set()
        self._rules = rules

    def report(
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
            code: the kind of difference.
            where: its location.
            expected: the value on the expected side as a short text; None if that side has none.
            actual: the value on the actual side, in the same form.
            composite: both values, if they have parts and only some of the parts differ.
        """
        if composite is not None and len(self.composites) < MAX_EXPLAINED:
            self.composites[len(self.differences)] = composite
        self.differences.append(Difference(code, *where, expected, actual))

    def note(
        self, code: DifferenceCode, where: Location, expected: str | None = None, actual: str | None = None
    ) -> None:
        """Report a note, or a difference if the option `fail_on_notes` is set."""
        target = self.differences if self.options.fail_on_notes else self.notes
        target.append(Difference(code, *where, expected, actual))

    def are_equal(self, expected: Any, actual: Any) -> bool:
        """Return whether two messages of one type are equal field by field, without reporting anything."""
        trial = Differ(self.options, self._rules, from_text=self.tolerance.any_nan)
        trial.compare_fields(Location(""), expected, actual)
        return not trial.differences

    def compare_messages(self, where: Location, expected: Any, actual: Any) -> None:
        """Compare two messages of one type, both of which are present."""
        rules = self._rules.rules_for(expected.DESCRIPTOR)
        # The comparison is by bits: a NaN equals itself and -0.0 differs from 0.0.
        if not rules.is_view and expected.SerializeToString(deterministic=True) == actual.SerializeToString(
            deterministic=True
        ):
            return
        if rules.whole:
            rules.whole(self, where, expected, actual)
        else:
            self.compare_fields(where, expected, actual)

    def compare_fields(self, where: Location, expected: Any, actual: Any) -> None:
        """Compare two messages of one type field by field, whether or not the type has a rule."""
        ignored = self.options.ignore_sections
        for name, rule in self._rules.rules_for(expected.DESCRIPTOR).fields:
            if not (ignored and where.section_of(name) in ignored):
                rule(self, where, expected, actual)
        self.compare_unknown_fields(where, expected, actual)

    def compare_values(self, where: Location, field: FieldDescriptor, expected: Any, actual: Any) -> None:
        """Compare two values of a field's type: messages or scalars."""
        if field.message_type is not None:
            self.compare_messages(where, expected, actual)
        elif not self.tolerance.equal(expected, actual):
            texts = describe(field, expected), describe(field, actual)
            self.report(DifferenceCode.FIELD_CHANGED, where, *texts)

    def compare_unknown_fields(self, where: Location, expected: Any, actual: Any) -> None:
        """Compare the fields of two messages that are not in the schema, unless the options ignore them."""
        if not self.options.ignore_unknown_fields:
            for number, left, right in _differing_unknown_fields(expected, actual):
                at = where.inside(f"<unknown field {number}>")
                self.report(DifferenceCode.UNKNOWN_FIELD, at, left, right)

    def option_matches(self, option: str, name: str) -> bool:
        """Return whether a pattern of the option matches the name, and record the pattern as used."""
        matched = matching_patterns(getattr(self.options, option), name)
        self.used_patterns.update((option, pattern) for pattern in matched)
        return bool(matched)


def _differing_unknown_fields(expected: Any, actual: Any) -> Iterator[tuple[int, str | None, str | None]]:
    """Yield the number and both values of each unknown field that differs, sub-messages not included."""
    left, right = UnknownFieldSet(expected), UnknownFieldSet(actual)
    if not (len(left) or len(right)):
        return
    left_texts, right_texts = _unknown_by_number(left), _unknown_by_number(right)
    for number in sorted({*left_texts, *right_texts}):
        one, other = left_texts.get(number), right_texts.get(number)
        if one != other:
            yield number, one and shorten(one), other and shorten(other)


def _unknown_by_number(fields: Any) -> dict[int, str]:
    """Return the values of each field number of an UnknownFieldSet, in their order."""
    texts: dict[int, list[str]] = {}
    for field in fields:
        is_group = not isinstance(field.data, int | bytes)
        text = repr(_unknown_by_number(field.data)) if is_group else repr(field.data)
        texts.setdefault(field.field_number, []).append(text)
    return {number: ", ".join(found) for number, found in texts.items()}
