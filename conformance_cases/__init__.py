"""The corpus: input graphs, arguments, and the MetaGraphDefs that an export must return.

```python
from conformance_cases import Tier, load_corpus
from reference_impl.contracts import Contract

corpus = load_corpus()
for case in corpus.cases(Tier.SMOKE):
    expected = case.expectation(Contract.DOCUMENTED)
```
"""

from conformance_cases.capabilities import Capability
from conformance_cases.corpus import Corpus, load_corpus
from conformance_cases.model import (
    Case,
    Detail,
    Expectation,
    ExpectedError,
    ExpectedMessage,
    InputGraph,
    NotAsked,
    Tier,
    Variant,
)
from conformance_cases.requirements import Requirement

__all__ = [
    "Capability",
    "Case",
    "Corpus",
    "Detail",
    "Expectation",
    "ExpectedError",
    "ExpectedMessage",
    "InputGraph",
    "NotAsked",
    "Requirement",
    "Tier",
    "Variant",
    "load_corpus",
]
