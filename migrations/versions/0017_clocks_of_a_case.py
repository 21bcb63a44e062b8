"""the statutory last day, and the next day by which something has to be done"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What runs already has no next day yet: the worker works it out within a minute.
    op.add_column("applications", sa.Column("lawful_on", sa.Date(), nullable=True))
    op.add_column("applications", sa.Column("act_by", sa.Date(), nullable=True))
    op.create_index("ix_applications_act_by", "applications", ["state", "act_by"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_applications_act_by", table_name="applications")
    op.drop_column("applications", "act_by")
    op.drop_column("applications", "lawful_on")
