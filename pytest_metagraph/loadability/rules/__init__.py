"""The rules of TensorFlow's importer, one module for each part of a graph; `rule_catalogue` names them."""
