"""Exporters that come with the kit."""
