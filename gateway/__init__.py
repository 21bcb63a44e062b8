"""The public server: chat interface, citizen's pages, staff pages, verification.

Handlers are thin: they check the form of a request, open the transaction, call the back office.
"""
