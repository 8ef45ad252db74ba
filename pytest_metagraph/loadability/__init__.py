"""Check if a graph loads in a given TensorFlow, which need not be installed, and make it load."""
