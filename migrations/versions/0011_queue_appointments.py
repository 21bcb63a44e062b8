"""places in slots of coming days"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_STANDING = sa.text("state IN ('booked', 'arrived')")
_BOOKED = sa.text("state = 'booked' AND holder IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "queue_appointments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hall", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("item_code", sa.String(length=60), nullable=True),
        sa.Column("priority", sa.String(length=64), nullable=True),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("citizen_id", sa.String(length=32), nullable=True),
        sa.Column("application_id", sa.String(length=32), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_appointments")),
    )
    op.create_index("ix_queue_appointments_number", "queue_appointments", ["number"])
    op.create_index("ix_queue_appointments_slot_at", "queue_appointments", ["slot_at"])
    op.create_index(
        "uq_queue_appointments_holder",
        "queue_appointments",
        ["hall", "business", "holder"],
        unique=True,
        sqlite_where=_BOOKED,
        postgresql_where=_BOOKED,
    )
    op.create_index(
        "uq_queue_appointments_place",
        "queue_appointments",
        ["hall", "slot_at", "business", "place"],
        unique=True,
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    )


def downgrade() -> None:
    op.drop_table("queue_appointments")
