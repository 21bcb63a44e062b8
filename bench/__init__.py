"""Benchmarks: what a turn costs, beside a stock Rasa project on the same machine."""
