"""who stands at the window, and what is asked for that the hall does not have; the work list's order"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("queue_tickets", sa.Column("topic", sa.String(length=40), nullable=True))
    op.add_column("queue_tickets", sa.Column("person", sa.String(length=64), nullable=True))
    op.create_index("ix_applications_updated", "applications", ["updated_at"])


def downgrade() -> None:
    op.drop_index("ix_applications_updated", "applications")
    with op.batch_alter_table("queue_tickets") as table:
        table.drop_column("person")
        table.drop_column("topic")
