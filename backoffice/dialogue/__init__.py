"""The conversation: what an utterance does to the draft, what is asked next, what is answered.

`prepare` reads a turn before the engine sees it; one function per action answers it;
`agenda` says what to ask next. Texts are in data/messages/, facts in the catalogue.
"""
