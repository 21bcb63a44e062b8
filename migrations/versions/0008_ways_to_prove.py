"""proofs say whom they are about; citizens without a phone; how an application's person was proved"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proofs", sa.Column("subject_hash", sa.String(length=64), nullable=True))
    op.add_column("proofs", sa.Column("device", sa.String(length=32), nullable=True))
    # Only this table is made anew on SQLite: no other refers to it, so nothing cascades.
    with op.batch_alter_table("citizens") as table:
        table.alter_column("phone", existing_type=sa.LargeBinary(), nullable=True)
        table.alter_column("phone_index", existing_type=sa.String(length=64), nullable=True)
        table.add_column(sa.Column("id_hash", sa.String(length=64), nullable=True))
        table.create_unique_constraint("uq_citizens_id_hash", ["id_hash"])
    op.add_column("applications", sa.Column("identity_way", sa.String(length=64), nullable=True))
    op.add_column("applications", sa.Column("identity_then", sa.String(length=20), nullable=True))
    op.create_table(
        "liveness_challenges",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("application_id", sa.String(length=32), nullable=True),
        sa.Column("widget_id", sa.String(length=32), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_liveness_challenges"),
    )
    op.create_index(
        "ix_liveness_challenges_conversation", "liveness_challenges", ["conversation_id"]
    )


def downgrade() -> None:
    op.drop_table("liveness_challenges")
    op.drop_column("applications", "identity_then")
    op.drop_column("applications", "identity_way")
    with op.batch_alter_table("citizens") as table:
        table.drop_constraint("uq_citizens_id_hash", type_="unique")
        table.drop_column("id_hash")
        table.alter_column("phone_index", existing_type=sa.String(length=64), nullable=False)
        table.alter_column("phone", existing_type=sa.LargeBinary(), nullable=False)
    op.drop_column("proofs", "device")
    op.drop_column("proofs", "subject_hash")
