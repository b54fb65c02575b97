"""Invoices from before lists were asked of the database are found by their client's name too"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

INVOICES = (
    "SELECT invoice.id, invoice.searched, organisation.legal_name FROM invoice"
    " JOIN organisation ON organisation.id = invoice.organisation_id"
)


def upgrade() -> None:
    """Towards the new schema."""
    connection = op.get_bind()
    for number, searched, name in connection.execute(sa.text(INVOICES)).all():
        plain = unicodedata.normalize("NFKD", name.casefold())
        folded = "".join(letter for letter in plain if not unicodedata.combining(letter))
        if folded not in searched:
            connection.execute(
                sa.text("UPDATE invoice SET searched = :searched WHERE id = :id"),
                {"id": number, "searched": f"{searched}\n{folded}"},
            )


def downgrade() -> None:
    """Back to the old one, which finds an invoice by what it does not ask for as well: nothing is taken away."""
