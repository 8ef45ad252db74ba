"""The rules of TensorFlow's importer, one module for each part of a graph; `importer_rules` names them."""
