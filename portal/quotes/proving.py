"""The file of proof of a final order: everything that was shown and done, sealed so that anybody can check it without us."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.evidence.models import Entry
from portal.files.actions import read
from portal.files.models import StoredFile
from portal.files.store import Store
from portal.french import weekday_date
from portal.proof.documents import ProofAct, ProofDocument
from portal.proof.making import make_proof
from portal.proof.seal import Seal
from portal.quotes.links import QUOTES
from portal.quotes.paper import quote_pdf
from portal.quotes.quote_models import Quote, QuoteAct
from portal.quotes.shown import as_sent
from portal.quotes.threads import TEMPLATES
from portal.terms import Library
from portal.terms.citing import cites


def proof_of(
    session: Session, quote: Quote, *, library: Library, store: Store, seal: Seal, base_url: str, at: datetime
) -> bytes:
    """The file of proof of a quote that both sides accepted; its bytes.

    Raises:
        PdfUnavailable: this machine makes no PDF.
        FileGone, FileWaiting, StoreAway: a file of the quote cannot be read (now).
    """
    if quote.terms_slug is None:
        raise ValueError(f"{quote.reference} was not sent")
    return make_proof(
        reference=quote.order_reference or quote.reference,
        title=f"Commande {quote.order_reference}, devis {quote.reference}\u00a0: {quote.subject}",
        documents=_documents(session, quote, library=library, store=store, base_url=base_url),
        acts=[_act(act) for act in quote.acts],
        terms=library.version(quote.terms_slug),
        entries=session.scalars(select(Entry).where(Entry.seq.in_(quote.evidence)).order_by(Entry.seq)).all(),
        seal=seal,
        at=at,
    )


def _documents(session: Session, quote: Quote, *, library: Library, store: Store, base_url: str) -> list[ProofDocument]:
    shown = as_sent(quote, library)
    paper = quote_pdf(quote, shown, company=library.company, base_url=base_url)
    found = [ProofDocument(f"Devis {quote.reference}.pdf", "application/pdf", paper)]
    numbers = [each["id"] for each in quote.attached]
    numbers += [act.scan_id for act in quote.acts if act.scan_id] + [
        each.proof_id for each in quote.receptions if each.proof_id
    ]
    for number in dict.fromkeys(numbers):
        file = session.get_one(StoredFile, number)
        found.append(ProofDocument(file.name, file.media_type, read(store, file)))
    found.append(ProofDocument("Confirmation.txt", "text/plain", _acknowledgement(quote, library, base_url).encode()))
    return found


def _acknowledgement(quote: Quote, library: Library, base_url: str) -> str:
    """The mail that both sides got; the link in it is the one that needs a sign-in, never somebody's own."""
    letter = TEMPLATES.write(
        "quote_final", quote=quote, company=library.company, act=quote.acceptance, confirmed=quote.confirmation,
        link=f"{base_url}{QUOTES}/{quote.reference}", version=as_sent(quote, library).version, cites=cites,
    )  # fmt: skip
    return f"{letter.subject}\n\n{letter.text}"


def _act(act: QuoteAct) -> ProofAct:
    words = act.act.label
    if act.scan_id:
        words = f"{words} sur papier, le {weekday_date(act.on)}"
    if act.words:
        words = f"{words}\u00a0: {act.words}"
    return ProofAct(
        words=words, who=act.name, capacity=act.capacity, mail=act.mail, identified_by=act.identified_by,
        consent=tuple(act.consents), at=act.at, ip=act.ip, user_agent=act.user_agent,
    )  # fmt: skip
