"""What this room prints: an amendment as it is accepted, and the formal notice of article 10, ready to post."""

from datetime import date
from pathlib import Path

from portal.orders.models import Order
from portal.orders.progress_models import Amendment, OrderEvent
from portal.paper import Papers, pdf_of
from portal.terms import Version
from portal.terms.company import Company

PAPERS = Papers(Path(__file__).resolve().parent / "templates")


def amendment_pdf(order: Order, amendment: Amendment, *, company: Company, terms: Version) -> bytes:
    """An amendment on paper.

    Raises:
        PdfUnavailable: no PDF can be made on this machine.
    """
    html = PAPERS.html(
        "orders/paper/amendment.html", company=company, order=order, amendment=amendment, terms=terms,
        final=terms.figures.get("order_final"),
    )  # fmt: skip
    return pdf_of(html, title=f"Avenant {amendment.reference} à la commande {order.reference}")


def notice_pdf(order: Order, notice: OrderEvent, *, company: Company, terms: Version, today: date) -> bytes:
    """The formal notice as a registered letter in a window envelope.

    Raises:
        PdfUnavailable: no PDF can be made on this machine.
    """
    html = PAPERS.html(
        "orders/paper/notice.html", company=company, order=order, notice=notice, terms=terms, today=today,
        figure=terms.figure("formal_notice"),
    )  # fmt: skip
    return pdf_of(html, title=f"Mise en demeure, commande {order.reference}")
