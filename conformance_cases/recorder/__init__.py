"""The recorder: makes input graphs with TensorFlow and records what TensorFlow exports.

Everything in this package runs only where TensorFlow is installed, and takes it from `oracle`, the
single module that imports it.
"""
