"""the queue of the hall: tickets, their timed periods, running numbers, who sits where"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('waiting', 'called', 'serving', 'held') AND holder IS NOT NULL")
_AT_WINDOW = sa.text("state IN ('called', 'serving')")
_RUNNING = sa.text("ended_at IS NULL")
_SITTING = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "queue_counters",
        sa.Column("hall", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("series", sa.String(length=2), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hall", "day", "series", name=op.f("pk_queue_counters")),
    )
    op.create_table(
        "queue_desks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hall", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_desks")),
    )
    op.create_index(
        "uq_queue_desks_staff",
        "queue_desks",
        ["hall", "day", "staff_id"],
        unique=True,
        sqlite_where=_SITTING,
        postgresql_where=_SITTING,
    )
    op.create_index(
        "uq_queue_desks_window",
        "queue_desks",
        ["hall", "day", "window"],
        unique=True,
        sqlite_where=_SITTING,
        postgresql_where=_SITTING,
    )

    op.create_table(
        "queue_tickets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hall", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("series", sa.String(length=2), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("business", sa.String(length=64), nullable=False),
        sa.Column("item_code", sa.String(length=60), nullable=True),
        sa.Column("priority", sa.String(length=64), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("citizen_id", sa.String(length=32), nullable=True),
        sa.Column("application_id", sa.String(length=32), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("order_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window", sa.Integer(), nullable=True),
        sa.Column("only_window", sa.Integer(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("estimate_s", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_tickets")),
        sa.UniqueConstraint(
            "hall", "day", "series", "number", name=op.f("uq_queue_tickets_hall_day_series_number")
        ),
    )
    op.create_index("ix_queue_tickets_application_id", "queue_tickets", ["application_id"])
    op.create_index("ix_queue_tickets_citizen_id", "queue_tickets", ["citizen_id"])
    op.create_index("ix_queue_tickets_conversation_id", "queue_tickets", ["conversation_id"])
    op.create_index("ix_queue_tickets_holder", "queue_tickets", ["holder"])
    op.create_index(
        "ix_queue_tickets_order", "queue_tickets", ["hall", "day", "state", "order_at", "id"]
    )
    op.create_index(
        "uq_queue_tickets_holder",
        "queue_tickets",
        ["hall", "day", "business", "holder"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "uq_queue_tickets_window",
        "queue_tickets",
        ["hall", "day", "window"],
        unique=True,
        sqlite_where=_AT_WINDOW,
        postgresql_where=_AT_WINDOW,
    )

    op.create_table(
        "queue_periods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("window", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.String(length=32), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["queue_tickets.id"],
            name=op.f("fk_queue_periods_ticket_id_queue_tickets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_periods")),
    )
    op.create_index("ix_queue_periods_ended", "queue_periods", ["kind", "ended_at"])
    op.create_index("ix_queue_periods_ticket_id", "queue_periods", ["ticket_id"])
    op.create_index(
        "uq_queue_periods_running",
        "queue_periods",
        ["ticket_id"],
        unique=True,
        sqlite_where=_RUNNING,
        postgresql_where=_RUNNING,
    )


def downgrade() -> None:
    op.drop_table("queue_periods")
    op.drop_table("queue_tickets")
    op.drop_table("queue_desks")
    op.drop_table("queue_counters")
