"""The fixture `metagraph_snapshot`: an export beside the one that a test kept earlier.

It imports nothing, because every session registers its summary.
"""
