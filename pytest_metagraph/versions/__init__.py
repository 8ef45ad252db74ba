"""Releases of TensorFlow side by side: their environments, their exports, and the reports about them."""
