"""The day an access was last used"""

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from portal.clock import PARIS, now

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


PERSON = sa.table(
    "person", sa.column("id", sa.Integer), sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("last_used_on", sa.Date),
)  # fmt: skip
SIGNED_IN = sa.table(
    "signed_in", sa.column("person_id", sa.Integer), sa.column("began_at", sa.DateTime(timezone=True))
)  # fmt: skip


def _day(moment: datetime) -> date:
    """The day in Paris; SQLite gives the moment without its zone."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(PARIS).date()


def upgrade() -> None:
    """Towards the new schema.

    The traces of sign-ins are kept a year: an older access without one may have been used until then.
    """
    op.add_column("person", sa.Column("last_used_on", sa.Date(), nullable=True))
    base, today = op.get_bind(), _day(now())
    year_ago = today - timedelta(days=365)
    last = sa.select(SIGNED_IN.c.person_id, sa.func.max(SIGNED_IN.c.began_at)).group_by(SIGNED_IN.c.person_id)
    used = {number: _day(moment) for number, moment in base.execute(last)}
    for number, created in base.execute(sa.select(PERSON.c.id, PERSON.c.created_at)).all():
        day = used.get(number) or (year_ago if _day(created) < year_ago else None)
        if day is not None:
            base.execute(sa.update(PERSON).where(PERSON.c.id == number).values(last_used_on=day))


def downgrade() -> None:
    """Back to the old one."""
    op.drop_column("person", "last_used_on")
