"""uploads are found by their digest: a picture that was sent before is looked for with every selfie"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_uploads_digest", "uploads", ["digest"])


def downgrade() -> None:
    op.drop_index("ix_uploads_digest", "uploads")
