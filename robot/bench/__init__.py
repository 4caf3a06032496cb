"""Benchmarks: apart from tests, on data a stranger can bring, never failing a build."""
