"""reason of a revocation, in the staff member's words"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("results", sa.Column("revoked_note", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("results", "revoked_note")
