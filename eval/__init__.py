"""Measures the rest, on data files. LOG.md keeps every experiment, also the failed ones."""
