"""${message}"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Towards the new schema."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Back to the old one."""
    ${downgrades if downgrades else "pass"}
