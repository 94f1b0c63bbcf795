"""Contracts, their vehicles and their parties."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("number_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("feed_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("number_key", name=op.f("uq_contracts_number_key")),
    )
    op.create_table(
        "vehicles",
        sa.Column("contract_id", sa.String(length=32), nullable=False),
        sa.Column("vin", sa.String(length=17), nullable=False),
        sa.Column("make", sa.String(length=64), nullable=True),
        sa.Column("model", sa.String(length=64), nullable=True),
        sa.Column("registration", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_vehicles_contract_id_contracts")),
        sa.PrimaryKeyConstraint("contract_id", "vin", name=op.f("pk_vehicles")),
    )
    op.create_index("ix_vehicles_vin", "vehicles", ["vin"])
    op.create_table(
        "parties",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contract_id", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_parties_contract_id_contracts")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_parties_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
    )
    op.create_index("ix_parties_account_id", "parties", ["account_id"])
    op.create_index("ix_parties_reference", "parties", ["reference"])
    op.create_index(
        "uq_parties_open",
        "parties",
        ["contract_id", "reference"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
