"""The recorder: build input graphs with TensorFlow, and record what TensorFlow exports.

Everything in this package needs TensorFlow, which only the module `oracle` imports.
"""
