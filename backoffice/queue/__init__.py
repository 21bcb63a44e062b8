"""The queue of the hall (智能叫号): tickets, windows, calling, waiting times.

What the citizen and the clerk do is in `tickets` and `calling`; how long it takes in `waits` and
`estimating`; the hall's own rules are data, read by `rules`.
"""
