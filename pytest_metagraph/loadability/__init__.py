"""Whether a graph loads in a given TensorFlow, and how to make it load, without that TensorFlow."""
