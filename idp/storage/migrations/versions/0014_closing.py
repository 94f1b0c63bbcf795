"""When an account is closed for good."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("closes_at", sa.Double(), nullable=True))
    op.create_index("ix_accounts_closes_at", "accounts", ["closes_at"])
