"""devices at kiosks: their keys, used signatures, short-lived readings; where a visit takes place"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("pairing_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("card_reader_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
    )
    op.create_table(
        "device_nonces",
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["devices.id"],
            name="fk_device_nonces_device_id_devices",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("device_id", "nonce", name="pk_device_nonces"),
    )
    op.create_index("ix_device_nonces_used_at", "device_nonces", ["used_at"])
    op.create_table(
        "device_readings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("widget_id", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["devices.id"],
            name="fk_device_readings_device_id_devices",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_device_readings_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_device_readings"),
        sa.UniqueConstraint("widget_id", name="uq_device_readings_widget_id"),
    )
    op.create_index("ix_device_readings_conversation_id", "device_readings", ["conversation_id"])
    op.create_index("ix_device_readings_expires_at", "device_readings", ["expires_at"])
    op.add_column("conversations", sa.Column("device_id", sa.String(length=32), nullable=True))
    op.create_index("ix_conversations_device_id", "conversations", ["device_id"])


def downgrade() -> None:
    op.drop_index("ix_conversations_device_id", "conversations")
    op.drop_column("conversations", "device_id")
    op.drop_table("device_readings")
    op.drop_table("device_nonces")
    op.drop_table("devices")
