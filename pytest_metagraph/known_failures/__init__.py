"""Lists of known failures: which cases fail, and why; checked strictly, so that a list stays true.

A list is a TOML file (`load`) of entries (`model`). Each case is looked up when it has been judged, and the
whole list is checked at the end of the run (`lookup`) or updated from its results (`edit`). The pytest plugin
that does this is in `plugin.known_failures`.
"""
