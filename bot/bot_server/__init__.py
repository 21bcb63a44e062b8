"""小政's dialogue engine: Rasa 3.6 behind one loopback channel.

Only YAML files and HTTP cross the border to the rest of the project.
"""
