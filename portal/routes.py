"""Every route and who may call it: the one table, which the guard applies and the tests walk.

A route that is not here answers nobody. A role here is the name of one of
``portal.accounts.rules``; what belongs to another organisation is 404, which
is for the view to see to.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ADMINISTRATOR, SIGNATORY, BILLING, TECHNICAL = "administrator", "signatory", "billing", "technical"
ADVISER, SALES, PRIVACY = "adviser", "sales", "privacy"
EVERY_CLIENT = frozenset({ADMINISTRATOR, SIGNATORY, BILLING, TECHNICAL})
EVERY_STAFF = frozenset({ADMINISTRATOR, ADVISER, SALES, BILLING, PRIVACY})

READ_TICKETS = (ADVISER, SALES, BILLING, ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route: anonymous visitors, people by one of these roles, staff by one of these."""

    anonymous: bool = False
    client: frozenset[str] = frozenset()
    staff: frozenset[str] = frozenset()

    def admits(self, *, signed_in: bool, staff: bool, roles: frozenset[str]) -> bool:
        """Whether somebody is let in."""
        if not signed_in:
            return self.anonymous
        return bool(roles & (self.staff if staff else self.client)) or self.anonymous


ANYONE = Access(anonymous=True, client=EVERY_CLIENT, staff=EVERY_STAFF)
SIGNED_IN = Access(client=EVERY_CLIENT, staff=EVERY_STAFF)


def clients(*roles: str) -> Access:
    """People of an organisation: with one of these roles, or all of them."""
    return Access(client=frozenset(roles) or EVERY_CLIENT)


def staff(*roles: str) -> Access:
    """Staff: with one of these roles, or all of them."""
    return Access(staff=frozenset(roles) or EVERY_STAFF)


QUOTE_WRITERS = staff(SALES, ADMINISTRATOR)
QUOTE_READERS = staff(SALES, ADMINISTRATOR, ADVISER, BILLING)

ROUTES: Mapping[str, Access] = {
    "assets.serve": ANYONE,
    "health.healthz": ANYONE,
    "health.readyz": ANYONE,
    # In a demo only: there it is everybody's telephone and mailbox.
    "mailbox.show": ANYONE,
    "mailbox.read": ANYONE,
    # Signing in: the library's views (portal/accounts/library_views.py).
    "security.us_signin": ANYONE,
    "security.us_signin_send_code": ANYONE,
    "security.us_verify_link": ANYONE,
    "security.wan_signin": ANYONE,
    "security.wan_signin_response": ANYONE,
    "security.two_factor_token_validation": ANYONE,  # the library holds who passed the first factor
    "security.two_factor_rescue": ANYONE,  # always 404
    "security.two_factor_setup": ANYONE,  # at a first sign-in nobody is signed in yet
    "security.logout": ANYONE,
    "security.us_verify": SIGNED_IN,
    "security.us_verify_send_code": SIGNED_IN,
    "security.wan_verify": SIGNED_IN,
    "security.wan_verify_response": SIGNED_IN,
    "security.two_factor_setup_validate": SIGNED_IN,
    "security.change_password": SIGNED_IN,
    "security.wan_register": SIGNED_IN,
    "security.wan_register_response": SIGNED_IN,
    "security.wan_delete": SIGNED_IN,
    # Accounts.
    "accounts.ask_access": ANYONE,
    "accounts.access_asked": ANYONE,
    "accounts.invitation": ANYONE,
    "accounts.safety": SIGNED_IN,
    "accounts.devices": SIGNED_IN,
    "accounts.end_device": SIGNED_IN,
    "accounts.end_everywhere": SIGNED_IN,
    "accounts.colleagues": clients(),
    "accounts.invite": clients(ADMINISTRATOR),
    "accounts.withdraw": clients(ADMINISTRATOR),
    "accounts.roles": clients(ADMINISTRATOR),
    "accounts.remove": clients(ADMINISTRATOR),
    "accounts_desk.show": staff(SALES, ADMINISTRATOR),
    "accounts_desk.grant": staff(SALES, ADMINISTRATOR),
    "accounts_desk.set_aside": staff(SALES, ADMINISTRATOR),
    # Clients, as staff keep them.
    "clients_desk.index": staff(),
    "clients_desk.show": staff(),
    "clients_desk.create": staff(SALES, BILLING, ADMINISTRATOR),
    "clients_desk.edit": staff(SALES, BILLING, ADMINISTRATOR),
    "clients_desk.invite": staff(SALES, ADMINISTRATOR),
    "clients_desk.withdraw": staff(SALES, ADMINISTRATOR),
    "clients_desk.remove": staff(SALES, ADMINISTRATOR),
    # Quote requests: public pages, then the desk's.
    "quotes.ask": ANYONE,
    "quotes.received": ANYONE,  # by an unguessable link, as is the follow-up
    "quotes.follow": ANYONE,
    "quotes_desk.show": staff(SALES, ADVISER, ADMINISTRATOR),
    "quotes_desk.reply": staff(SALES, ADVISER, ADMINISTRATOR),
    "quotes_desk.accept": staff(SALES, ADMINISTRATOR),
    "quotes_desk.decline": staff(SALES, ADMINISTRATOR),
    # Invoices: the client's pages, disputes, then the desk's.
    "invoices.index": clients(BILLING, ADMINISTRATOR),
    "invoices.export": clients(BILLING, ADMINISTRATOR),
    "invoices.show": clients(BILLING, ADMINISTRATOR),
    "invoices.original": clients(BILLING, ADMINISTRATOR),
    "invoices.extract": clients(BILLING, ADMINISTRATOR),
    "disputes.write": clients(BILLING),
    "disputes.recap": clients(BILLING),
    "disputes.file": clients(BILLING),
    "disputes.drop": clients(BILLING),
    "disputes.show": clients(BILLING, ADMINISTRATOR),
    "disputes.proof": clients(BILLING, ADMINISTRATOR),
    "disputes.letter": clients(BILLING, ADMINISTRATOR),
    "disputes.attached": clients(BILLING, ADMINISTRATOR),
    "disputes.answer": clients(BILLING),
    "disputes.accept": clients(BILLING),
    "disputes.uphold": clients(BILLING),
    "disputes.withdraw": clients(BILLING),
    "invoices_desk.index": staff(BILLING, ADMINISTRATOR),
    "invoices_desk.export": staff(BILLING, ADMINISTRATOR),
    "invoices_desk.unmatched": staff(BILLING, ADMINISTRATOR),
    "invoices_desk.show": staff(BILLING, ADMINISTRATOR),
    "invoices_desk.original": staff(BILLING, ADMINISTRATOR),
    "invoices_desk.match": staff(BILLING, ADMINISTRATOR),
    "invoices_desk.seen": staff(BILLING, ADMINISTRATOR),
    "invoice_payments.pay": staff(BILLING, ADMINISTRATOR),
    "invoice_payments.credit": staff(BILLING, ADMINISTRATOR),
    "invoice_payments.defer": staff(BILLING, ADMINISTRATOR),
    "invoice_payments.claim": staff(BILLING, ADMINISTRATOR),
    "invoice_payments.cancel_entry": staff(BILLING, ADMINISTRATOR),
    "invoice_payments.stop": staff(BILLING, ADMINISTRATOR),
    "invoice_work.show": staff(BILLING, ADMINISTRATOR),
    "invoice_work.add": staff(BILLING, ADMINISTRATOR),
    "invoice_work.remove": staff(BILLING, ADMINISTRATOR),
    # Invoices brought in, on the desk.
    "invoice_imports.upload": staff(BILLING, ADMINISTRATOR),
    "invoice_imports.take": staff(BILLING, ADMINISTRATOR),
    "invoice_imports.index": staff(BILLING, ADMINISTRATOR),
    "invoice_imports.show": staff(BILLING, ADMINISTRATOR),
    "invoice_imports.aside": staff(BILLING, ADMINISTRATOR),
    "invoice_imports.file": staff(BILLING, ADMINISTRATOR),
    "invoice_imports.other_file": staff(BILLING, ADMINISTRATOR),
    "disputes_desk.index": staff(BILLING, ADMINISTRATOR),
    "disputes_desk.show": staff(BILLING, ADMINISTRATOR),
    "disputes_desk.answer": staff(BILLING, ADMINISTRATOR),
    "disputes_desk.export": staff(BILLING, ADMINISTRATOR),
    "disputes_desk.proof": staff(BILLING, ADMINISTRATOR),
    "disputes_desk.attached": staff(BILLING, ADMINISTRATOR),
    "disputes_desk.from_ticket": staff(BILLING, ADMINISTRATOR),
    "disputes_desk.record": staff(BILLING, ADMINISTRATOR),
    "invoice_reminders.show": staff(BILLING, ADMINISTRATOR),
    "invoice_reminders.begin": staff(BILLING, ADMINISTRATOR),
    "invoice_reminders.remove": staff(BILLING, ADMINISTRATOR),
    "invoice_reminders.proposal": staff(BILLING, ADMINISTRATOR),
    # Contracts: a client's own, then every client's on the desk.
    "contracts.index": clients(),
    "contracts.show": clients(),
    "contracts.mails": clients(),
    "contracts.alert": clients(),
    "contracts.drop": clients(),
    "contracts.serve": clients(),  # who may sign is the action's to say, so that the try is kept
    "contracts.file": clients(),
    "contracts.statement_csv": clients(),
    "contracts.statement_pdf": clients(),
    "contracts_desk.index": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "contracts_desk.show": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "contracts_desk.file": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "contracts_desk.statement_csv": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "contracts_desk.statement_pdf": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "contracts_desk.new": staff(SALES, ADMINISTRATOR),
    "contracts_desk.add": staff(SALES, ADMINISTRATOR),
    "contracts_desk.rule": staff(SALES, ADMINISTRATOR),
    "contracts_desk.amend": staff(SALES, ADMINISTRATOR),
    "contracts_desk.notice": staff(SALES, ADMINISTRATOR),
    "contracts_desk.settled": staff(SALES, ADMINISTRATOR),
    "contracts_desk.end": staff(SALES, ADMINISTRATOR),
    # Tickets: a client's pages, the pages of a mail's link, then the desk's.
    "tickets.index": clients(),
    "tickets.new": clients(),
    "tickets.show": clients(),
    "tickets.reply": clients(),
    "tickets.shut": clients(),
    "tickets.open_again": clients(),
    "tickets.accept": clients(),
    "tickets.backup": clients(),
    "tickets.calendar": clients(),
    "tickets.file": clients(),
    "tickets.formatted": clients(),
    "ticket_follow.show": ANYONE,  # by an unguessable link, as are the acts of its creator
    "ticket_follow.reply": ANYONE,
    "ticket_follow.shut": ANYONE,
    "ticket_follow.open_again": ANYONE,
    "ticket_follow.accept": ANYONE,
    "ticket_follow.file": ANYONE,
    "ticket_follow.formatted": ANYONE,
    "ticket_follow.backup": ANYONE,
    "ticket_follow.calendar": ANYONE,
    "tickets_desk.index": staff(*READ_TICKETS),
    "tickets_desk.show": staff(*READ_TICKETS),
    "tickets_desk.file": staff(*READ_TICKETS),
    "tickets_desk.formatted": staff(*READ_TICKETS),
    "tickets_received.index": staff(*READ_TICKETS),
    "tickets_desk.original": staff(*READ_TICKETS),
    "tickets_desk.call": staff(ADVISER, SALES, ADMINISTRATOR),
    "tickets_desk.people": staff(ADVISER, SALES, ADMINISTRATOR),
    "tickets_desk.decide": staff(ADVISER, ADMINISTRATOR),
    "tickets_desk.mine": staff(ADVISER, ADMINISTRATOR),
    "tickets_desk.write": staff(ADVISER, ADMINISTRATOR),
    "tickets_desk.called": staff(ADVISER, ADMINISTRATOR),
    "tickets_desk.release": staff(ADVISER, ADMINISTRATOR),
    "tickets_desk.shut": staff(ADVISER),  # 6.4: a technician
    "tickets_desk.open_again": staff(ADVISER),
    "tickets_canned.index": staff(ADVISER, ADMINISTRATOR),
    "tickets_canned.remove": staff(ADVISER, ADMINISTRATOR),
    "tickets_work.planned": staff(ADVISER, ADMINISTRATOR),
    "tickets_work.moved": staff(ADVISER, ADMINISTRATOR),
    "tickets_work.cancelled": staff(ADVISER, ADMINISTRATOR),
    "tickets_work.merged": staff(ADVISER),  # it closes a ticket
    "tickets_work.parted": staff(ADVISER, ADMINISTRATOR),
    "tickets_work.tied": staff(ADVISER, ADMINISTRATOR),
    "tickets_work.untied": staff(ADVISER, ADMINISTRATOR),
    "tickets_work.attached": staff(ADVISER, ADMINISTRATOR),
    # Quotes: written by staff, then followed by them.
    "quotes_writing.start": QUOTE_WRITERS,
    "quotes_writing.write": QUOTE_WRITERS,
    "quotes_writing.file": QUOTE_WRITERS,
    "quotes_writing.preview": QUOTE_WRITERS,
    "quotes_writing.send": QUOTE_WRITERS,
    "quotes_writing.discard": QUOTE_WRITERS,
    "quotes_writing.resume": QUOTE_WRITERS,
    "quotes_writing.templates": QUOTE_WRITERS,
    "quotes_writing.delete_template": QUOTE_WRITERS,
    "quotes_following.index": QUOTE_READERS,
    "quotes_following.show": QUOTE_READERS,
    "quotes_following.reply": QUOTE_READERS,
    "quotes_following.paper": QUOTE_READERS,
    "quotes_following.piece": QUOTE_READERS,
    "quotes_following.withdraw": QUOTE_WRITERS,
    "quotes_following.correct": QUOTE_WRITERS,
    "quotes_following.renew": QUOTE_WRITERS,
    "quotes_following.supplement": QUOTE_WRITERS,
    "quotes_following.reception": QUOTE_WRITERS,
    "quotes_following.signed_paper": QUOTE_WRITERS,
    "quotes_following.confirm": QUOTE_WRITERS,
    "quotes_following.decline": QUOTE_WRITERS,
    # The client's pages: signed in (who may sign is the view's to say, so that the try is kept), or by the link of a mail.
    "quotes_client.index": clients(),
    "quotes_client.show": clients(),
    "quotes_client.read": clients(),
    "quotes_client.question": clients(),
    "quotes_client.forward": clients(),
    "quotes_client.renewal": clients(),
    "quotes_client.paper": clients(),
    "quotes_client.attached": clients(),
    "quotes_client.proof": clients(),
    "quotes_client.accept": clients(),
    "quotes_client.confirm": clients(),
    "quotes_client.code": clients(),
    "quotes_client.refuse": clients(),
    "quotes_client.take_back": clients(),
    "quotes_link.show": ANYONE,
    "quotes_link.read": ANYONE,
    "quotes_link.question": ANYONE,
    "quotes_link.forward": ANYONE,
    "quotes_link.renewal": ANYONE,
    "quotes_link.paper": ANYONE,
    "quotes_link.attached": ANYONE,
    "quotes_link.proof": ANYONE,
    "quotes_link.accept": ANYONE,
    "quotes_link.confirm": ANYONE,
    "quotes_link.code": ANYONE,
    "quotes_link.refuse": ANYONE,
    "quotes_link.take_back": ANYONE,
    # Time on tickets.
    "tickets_time.show": clients(),
    "tickets_time.dispute": clients(),
    "tickets_time_desk.show": staff(ADVISER, SALES, BILLING, ADMINISTRATOR),
    "tickets_time_desk.preview": staff(ADVISER, ADMINISTRATOR),
    "tickets_time_desk.note": staff(ADVISER, ADMINISTRATOR),
    "tickets_time_desk.remove": staff(ADVISER, ADMINISTRATOR),
    "tickets_time_desk.timer": staff(ADVISER, ADMINISTRATOR),
    "tickets_time_desk.count": staff(ADVISER, ADMINISTRATOR),
    "tickets_time_desk.bill": staff(ADVISER, ADMINISTRATOR),
    "tickets_time_desk.correct": staff(ADVISER, ADMINISTRATOR),
    "tickets_time_desk.reply": staff(ADVISER, ADMINISTRATOR),
    "tickets_time_desk.hours": staff(BILLING, ADVISER, ADMINISTRATOR),
    # Personal data: everybody's own, a stranger's by a link, the staff's register.
    "privacy.start": SIGNED_IN,
    "privacy.ask_right": SIGNED_IN,
    "privacy.show": SIGNED_IN,
    "privacy.give_up": SIGNED_IN,
    "privacy.progress": SIGNED_IN,
    "privacy.fetch": SIGNED_IN,
    "privacy.erase": SIGNED_IN,
    "privacy.rectify": SIGNED_IN,
    "privacy.change_address": SIGNED_IN,
    "privacy.restrict": SIGNED_IN,
    "privacy.lift": SIGNED_IN,
    "privacy.object_to": SIGNED_IN,
    "privacy.take_back": SIGNED_IN,
    "privacy.for_somebody": SIGNED_IN,
    "privacy.choose_reference": clients(ADMINISTRATOR, SIGNATORY),
    "privacy.ask_publicly": ANYONE,
    "privacy.asked": ANYONE,
    "privacy.follow": ANYONE,
    "privacy.confirm": ANYONE,
    "privacy.fetch_followed": ANYONE,
    "privacy.new_address": ANYONE,
    "privacy.send_own_proof": SIGNED_IN,
    "privacy.send_followed_proof": ANYONE,
    "privacy.take_address": ANYONE,
    "privacy.former_address": ANYONE,
    "privacy.keep_address": ANYONE,
    "privacy_desk.register": staff(PRIVACY, ADMINISTRATOR),
    "privacy_desk.register_csv": staff(PRIVACY, ADMINISTRATOR),
    "privacy_desk.processing": staff(PRIVACY, ADMINISTRATOR),
    "privacy_desk.archive": staff(PRIVACY),
    "privacy_desk.archived": staff(PRIVACY),
    "privacy_desk.archived_file": staff(PRIVACY),
    "privacy_desk.note": staff(PRIVACY, ADMINISTRATOR),
    "privacy_desk.show": staff(PRIVACY, ADMINISTRATOR),
    "privacy_desk.mandate": staff(PRIVACY, ADMINISTRATOR),
    "privacy_desk.proof": staff(PRIVACY),
    "privacy_desk.add_recipient": staff(PRIVACY, ADMINISTRATOR),
    "privacy_desk.settle_recipient": staff(PRIVACY, ADMINISTRATOR),
    "privacy_desk.decide": staff(PRIVACY, ADMINISTRATOR),
    # Orders and their amendments.
    "orders.index": clients(),
    "orders.show": clients(),
    "orders.proof": clients(),
    "orders.amendment": clients(),
    "orders.amendment_proof": clients(),
    "orders.new_amendment": clients(SIGNATORY),
    "orders.accept": clients(SIGNATORY),
    "orders.refuse": clients(SIGNATORY),
    "orders.withdraw": clients(SIGNATORY),
    "orders.end": clients(SIGNATORY),
    "orders.serve": clients(SIGNATORY),
    "orders_desk.index": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "orders_desk.show": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "orders_desk.proof": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "orders_desk.amendment": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "orders_desk.amendment_proof": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "orders_desk.event_file": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "orders_desk.letter": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "orders_desk.note": staff(SALES, ADVISER, BILLING, ADMINISTRATOR),
    "orders_desk.new_amendment": staff(SALES, ADMINISTRATOR),
    "orders_desk.accept": staff(SALES, ADMINISTRATOR),
    "orders_desk.refuse": staff(SALES, ADMINISTRATOR),
    "orders_desk.withdraw": staff(SALES, ADMINISTRATOR),
    "orders_desk.end": staff(SALES, ADMINISTRATOR),
    # Checking a file of proof.
    "verifier.show": ANYONE,
    "verifier.check": ANYONE,
    # Start pages.
    "desk.start": SIGNED_IN,
    "desk.queue": staff(),
    "desk_mails.show": staff(ADMINISTRATOR, ADVISER, SALES, BILLING, PRIVACY),
    "desk_mails.seen": staff(ADMINISTRATOR, ADVISER, SALES, BILLING),
    "desk_mails.received": staff(ADMINISTRATOR, ADVISER, SALES, BILLING),
    "desk_mails.again": staff(ADMINISTRATOR),
    "desk_files.show": staff(ADMINISTRATOR, ADVISER, SALES, BILLING),
    "desk_files.seen": staff(ADMINISTRATOR, ADVISER, SALES, BILLING),
    # By the unguessable link of a mail that one may stop.
    "mail_stops.show": ANYONE,
    "mail_stops.stop": ANYONE,
}

#: POSTs that bind nobody: messages, drafts, previews, one's own settings, notes of the staff's for themselves. Any other
#: POST binds somebody, a new one too: it is refused to whom it must be, and the log of evidence tells that it was tried
#: (``portal.accounts.refusals``). A room has nothing to do for it; one that can tell more of a refusal records it itself.
BINDS_NOBODY: frozenset[str] = frozenset(
    {
        "accounts.ask_access",
        "accounts.end_device",
        "accounts.end_everywhere",
        "quotes.ask",
        "quotes.follow",
        "quotes_desk.reply",
        "quotes_client.question",
        "quotes_client.renewal",
        "quotes_client.code",
        "quotes_link.question",
        "quotes_link.renewal",
        "quotes_link.code",
        "quotes_following.reply",
        "quotes_writing.start",
        "quotes_writing.write",
        "quotes_writing.discard",
        "quotes_writing.resume",
        "quotes_writing.delete_template",
        "contracts.alert",
        "contracts.drop",
        "disputes.write",
        "disputes.drop",
        "invoice_reminders.proposal",
        "invoices_desk.seen",
        "tickets.new",
        "tickets.reply",
        "tickets.backup",
        "ticket_follow.reply",
        "tickets_canned.index",
        "tickets_canned.remove",
        "tickets_desk.call",
        "tickets_desk.called",
        "tickets_desk.mine",
        "tickets_desk.release",
        "tickets_desk.write",
        "tickets_time_desk.timer",
        "privacy.ask_publicly",
        "privacy.fetch",
        "desk_mails.seen",
        "desk_mails.again",
        "desk_files.seen",
        "mail_stops.stop",
        "verifier.check",
        "mailbox.read",
    }
)


def binds(endpoint: str | None) -> bool:
    """Whether what is sent to a route can bind somebody; signing in has counts of its own."""
    return endpoint in ROUTES and endpoint not in BINDS_NOBODY and not str(endpoint).startswith("security.")
