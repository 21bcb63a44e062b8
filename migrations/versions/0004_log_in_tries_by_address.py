"""wrong passwords are counted for account and address, so that nobody locks out a clerk from afar"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_log_in_tries",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["staff_users.id"],
            name=op.f("fk_staff_log_in_tries_user_id_staff_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "origin", name=op.f("pk_staff_log_in_tries")),
    )
    op.create_index(op.f("ix_staff_log_in_tries_last_at"), "staff_log_in_tries", ["last_at"])
    op.drop_column("staff_users", "failed_tries")
    op.drop_column("staff_users", "locked_until")


def downgrade() -> None:
    op.add_column(
        "staff_users", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "staff_users", sa.Column("failed_tries", sa.Integer(), server_default="0", nullable=False)
    )
    op.drop_index(op.f("ix_staff_log_in_tries_last_at"), "staff_log_in_tries")
    op.drop_table("staff_log_in_tries")
