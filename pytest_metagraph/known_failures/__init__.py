"""Lists of known failures: what is known to fail, and why, checked so strictly that it cannot rot.

A list is a TOML file (`loading`) of entries (`entries`). Each case is looked up while it is judged
(`lookup`); the list as a whole is checked when the run ends (`problems`), or brought up to date with what
the run has seen (`changes`, `editing`). `session` is the pytest plugin that does this.
"""
