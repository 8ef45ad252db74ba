"""The carriers: ways to bring a request to an exporter and its answer back.

It imports nothing, because the options of every pytest session read the time limit in it.
"""
