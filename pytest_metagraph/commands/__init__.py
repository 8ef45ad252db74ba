"""The sub-commands of `metagraph`, one module each; a new module here is a new sub-command.

A module has `add_parser(subparsers)`, which describes the sub-command, and `run(arguments)`, which returns
its exit status: 0 good, 1 different or failed, 2 unusable input.
"""
