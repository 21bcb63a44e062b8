"""people who asked to be remembered; consents say on which channel and in which words"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consents", sa.Column("channel", sa.String(length=16), nullable=True))
    op.add_column("consents", sa.Column("words", sa.Text(), nullable=True))
    op.create_table(
        "remembered_people",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("citizen_id", sa.String(length=32), nullable=False),
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("face", sa.LargeBinary(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_remembered_people"),
        sa.UniqueConstraint("citizen_id", name="uq_remembered_people_citizen_id"),
    )
    op.create_index("ix_remembered_people_expires_at", "remembered_people", ["expires_at"])
    op.create_table(
        "remembered_fingers",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("template", sa.LargeBinary(), nullable=False),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["remembered_people.id"],
            name="fk_remembered_fingers_person_id_remembered_people",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", "number", name="pk_remembered_fingers"),
    )
    op.create_table(
        "face_looks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("widget_id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("citizen_id", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("fingers", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=12), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_face_looks"),
    )
    op.create_index("ix_face_looks_conversation", "face_looks", ["conversation_id"])
    op.create_index("ix_face_looks_citizen", "face_looks", ["citizen_id"])
    op.create_table(
        "finger_presses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("widget_id", sa.String(length=32), nullable=False),
        sa.Column("look_id", sa.String(length=32), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_finger_presses"),
    )
    op.create_index("ix_finger_presses_conversation", "finger_presses", ["conversation_id"])
    op.create_table(
        "remembered_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_remembered_changes"),
    )


def downgrade() -> None:
    for table in (
        "remembered_changes",
        "finger_presses",
        "face_looks",
        "remembered_fingers",
        "remembered_people",
    ):
        op.drop_table(table)
    op.drop_column("consents", "words")
    op.drop_column("consents", "channel")
