"""The trainers' commands: `python -m trainer …`; what each does is in docs/trainers.md."""
