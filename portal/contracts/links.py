"""Addresses of this room: the views are bound to the same words."""

CLIENT = "/espace-client/contrats"
DESK = "/espace-client/bureau/contrats"
#: The public form of a quote request, which knows what to do with a contract's reference.
ASK = "/espace-client/demande-de-devis"
#: Where, below CLIENT, one chooses which mails about points one wants.
CHOICE = "#courriels"
