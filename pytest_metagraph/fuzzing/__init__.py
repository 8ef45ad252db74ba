"""Differential fuzzing: generate random exports, evaluate them against an oracle, and reduce what differs.

`strategies` has the hypothesis strategies for tests of your own. The modules `blocks`, `generate`,
`saver_blocks` and `strategies` need hypothesis, which `pip install 'pytest-metagraph[fuzz]'` installs.
"""
