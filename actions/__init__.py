"""rasa-sdk actions: translators between the engine and the back office, one module per capability."""
