"""where a visit came from, as a keyed hash: one address cannot send codes to a list of strangers"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("origin", sa.String(length=64), nullable=True))
    op.create_index("ix_conversations_origin", "conversations", ["origin"])


def downgrade() -> None:
    op.drop_index("ix_conversations_origin", "conversations")
    op.drop_column("conversations", "origin")
