"""Exporters, and the clients that call them: a Python function, a worker process, a folder of exports."""
