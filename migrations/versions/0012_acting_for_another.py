"""who acts for whom in an application, by what proof, until when; signatures bound to what was signed"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "representations",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("application_id", sa.String(length=32), nullable=False),
        sa.Column("citizen_id", sa.String(length=32), nullable=True),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("agent_hash", sa.String(length=64), nullable=False),
        sa.Column("principal_hash", sa.String(length=64), nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("rules_version", sa.String(length=20), nullable=False),
        sa.Column("proved", sa.String(length=12), nullable=True),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.String(length=12), nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name="fk_representations_application_id_applications",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_representations"),
        sa.UniqueConstraint("id", name="uq_representations_id"),
    )
    op.create_index("ix_representations_application", "representations", ["application_id"])
    op.create_index(
        "ix_representations_people", "representations", ["agent_hash", "principal_hash"]
    )
    op.create_index("ix_representations_principal", "representations", ["principal_hash"])
    op.create_table(
        "signatures",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("application_id", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("upload_id", sa.String(length=32), nullable=False),
        sa.Column("signer_hash", sa.String(length=64), nullable=True),
        sa.Column("for_other", sa.Boolean(), nullable=False),
        sa.Column("form_version", sa.String(length=20), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("picture_digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("strokes", sa.LargeBinary(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name="fk_signatures_application_id_applications",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_signatures"),
        sa.UniqueConstraint("id", name="uq_signatures_id"),
    )
    op.create_index("ix_signatures_application", "signatures", ["application_id", "field"])
    op.create_table(
        "identity_alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identity_alarms"),
    )
    op.create_index("ix_identity_alarms_at", "identity_alarms", ["at", "kind"])
    op.add_column(
        "liveness_challenges", sa.Column("subject_hash", sa.String(length=64), nullable=True)
    )
    op.create_index("ix_liveness_challenges_subject_hash", "liveness_challenges", ["subject_hash"])
    op.create_table(
        "live_frames",
        sa.Column("challenge_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["challenge_id"],
            ["liveness_challenges.id"],
            name="fk_live_frames_challenge_id_liveness_challenges",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("challenge_id", "digest", name="pk_live_frames"),
    )
    op.create_index("ix_live_frames_digest", "live_frames", ["digest"])
    op.create_table(
        "video_calls",
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("desk_subject", sa.String(length=128), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name="fk_video_calls_application_id_applications",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name="pk_video_calls"),
    )
    op.create_index("ix_video_calls_application_id", "video_calls", ["application_id"])


def downgrade() -> None:
    op.drop_table("video_calls")
    op.drop_table("live_frames")
    op.drop_index("ix_liveness_challenges_subject_hash", "liveness_challenges")
    op.drop_column("liveness_challenges", "subject_hash")
    op.drop_table("identity_alarms")
    op.drop_table("signatures")
    op.drop_table("representations")
