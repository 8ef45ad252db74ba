"""Check if a graph loads in a given TensorFlow, and make it load, without that TensorFlow."""
