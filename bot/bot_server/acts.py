"""The acts of the dialogue, as this side of the border knows them.

They are the intents of domain.yml; a test keeps the two equal.
"""

#: Acts that may name an item of business. The others never carry the entity `item`.
ACTS_WITH_ITEM = frozenset(
    "apply_item ask_what ask_conditions ask_materials ask_fee ask_time ask_process ask_place"
    " ask_amount ask_validity ask_progress describe_need take_ticket".split()
)

#: Answers: inside the form they go to the form, not to an action of their own.
ANSWERS = frozenset({"inform", "affirm", "deny"})

ACTS = ACTS_WITH_ITEM | ANSWERS | frozenset(
    "ask_queue ask_human correct pause resume cancel withdraw my_records repeat greet goodbye"
    " thank complain ask_bot out_of_scope".split()
)

#: Item labels that are not catalogue codes: no business named; one that is not in the catalogue.
NO_ITEM = "none"
OTHER_ITEM = "other"
