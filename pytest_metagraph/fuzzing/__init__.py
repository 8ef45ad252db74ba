"""Differential fuzzing: random exports, judged by one that is right, and made small where they differ.

`strategies` holds the hypothesis strategies for one's own tests; it is the only module here that needs
hypothesis, which `pip install 'pytest-metagraph[fuzz]'` brings.
"""
