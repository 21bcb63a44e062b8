"""Telling the citizen what happened to an application: in the chat, and by SMS."""
