"""The composition root: the only place where parts meet, time and randomness are made, and settings become objects.

`build` reads from top to bottom as the list of parts; `Service` is what the servers, the worker and the tests hold.
What pages are made of stands in app_pages.py, what leaves the house in app_delivery.py.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from wsgiref.types import WSGIApplication

import flask
from flask_sqlalchemy import SQLAlchemy

from idp.app_delivery import build_back_channel, build_courier, build_security_events
from idp.app_pages import build_page_parts
from idp.audit.batch import TrailWriter
from idp.clients.directory import ClientDirectory
from idp.custody import load_kek
from idp.delivery.app_events import AppEvent
from idp.delivery.app_logouts import AppLogout
from idp.delivery.back_channel import BackChannel
from idp.delivery.courier import Courier
from idp.demo.one_name import OneName
from idp.demo.pages import demo_pages
from idp.edge import build_front, build_pages_app
from idp.entropy import Handfuls
from idp.flows.built_in import BUILT_IN
from idp.flows.parts import Parts
from idp.issuance.ceiling import Ceiling
from idp.issuance.current_ring import CurrentRing
from idp.issuance.ended import EndedView
from idp.issuance.lifetimes import Lifetimes
from idp.metrics.measures import measure_health
from idp.metrics.meters import Meters
from idp.oidc.client_keys import ClientKeys
from idp.oidc.issuer import Issuer
from idp.oidc.refusals import Refusals
from idp.settings import Mode, Settings
from idp.storage.database import Database
from idp.storage.engine import database_url, engine_options, prepare
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import load_secrets
from idp.storage.models import Base
from idp.storage.schema import check_schema
from idp.storage.skew import PRODUCTION_CLOCK, ClockLimits
from idp.storage.watch import Watch
from idp.wire.outbound import Outbound
from keys.kek import Kek
from keys.secrets import ServiceSecrets

RANDOM = Handfuls()
"""The randomness of every service in this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service put together: `front` is its WSGI callable; `start` and `stop` run its threads."""

    settings: Settings
    database: Database
    kek: Kek
    secrets: ServiceSecrets
    parts: Parts
    watch: Watch
    trail: TrailWriter
    pages_app: flask.Flask
    front: WSGIApplication
    meters: Meters
    clock: Clock
    entropy: Entropy
    courier: Courier
    back_channel: BackChannel[AppLogout]
    security_events: BackChannel[AppEvent]

    def start(self) -> None:
        """Take in what has ended and which keys and clients there are, then go on watching.

        Raises:
            StorageUnavailable: the database cannot be reached.
        """
        self.parts.issuer.directory.reload()
        self.parts.issuer.ring.reload()
        self.watch.start()
        self.meters.tally.start()

    def stop(self) -> None:
        """End the threads, write what waits, and let go of the database."""
        self.watch.stop()
        self.trail.stop()
        self.meters.tally.stop()
        self.database.engine.dispose()


def build(
    settings: Settings,
    *,
    clock: Clock = time.time,
    entropy: Entropy = RANDOM,
    workers: int = 1,
    watch_period: float = 0.5,
    clock_limits: ClockLimits = PRODUCTION_CLOCK,
) -> Service:
    """Put a service together, without starting it; `workers` is how many processes share this machine.

    Raises:
        SchemaMismatch: the database is not this version's.
        KekRefused, WrongKek, SecretMissing: the keys cannot be opened.
        StorageUnavailable: the database cannot be reached.
    """
    meters = Meters()
    pages_app = flask.Flask("idp", static_folder=None, template_folder=None)
    database = open_database(settings, pages_app)
    check_schema(database.engine)
    kek = load_kek(settings)
    with database.reading() as connection:
        service_secrets = load_secrets(connection, kek, entropy=entropy)

    watch = Watch(database, clock, period=watch_period, limits=clock_limits)
    database.before_writing(watch.require_writing_time)
    issuer = build_issuer(settings, database, watch, kek, clock=clock, entropy=entropy)
    parts = build_page_parts(settings, issuer, service_secrets, meters, kek, workers=workers)
    measure_health(meters, watch=watch, trail=issuer.trail, store=parts.store, clock=clock)
    build_pages_app(pages_app, parts, meters)
    front: WSGIApplication = build_front(settings, issuer, pages_app, meters)
    if settings.mode is Mode.DEMO:
        pages_app.register_blueprint(demo_pages(parts))
        front = OneName(front, settings.issuer)
    return Service(
        settings=settings,
        database=database,
        kek=kek,
        secrets=service_secrets,
        parts=parts,
        watch=watch,
        trail=issuer.trail,
        pages_app=pages_app,
        front=front,
        meters=meters,
        clock=clock,
        entropy=entropy,
        courier=build_courier(settings, issuer, parts, service_secrets),
        back_channel=build_back_channel(settings, issuer, meters),
        security_events=build_security_events(settings, issuer, meters),
    )


def build_issuer(
    settings: Settings, database: Database, watch: Watch, kek: Kek, *, clock: Clock, entropy: Entropy
) -> Issuer:
    """Put the parts together that every endpoint works with, and let the watch keep their views fresh."""
    ended, trail = EndedView(), TrailWriter(database, entropy)
    directory = ClientDirectory(database, BUILT_IN)
    ring = CurrentRing(database, kek, watch, clock)
    watch.on_marks(ended.apply)
    watch.on_marks(ring.distrust)
    watch.on_revision("clients", directory.reload)
    watch.on_revision("keys", ring.reload)
    return Issuer(
        address=settings.issuer,
        database=database,
        directory=directory,
        ring=ring,
        ended=ended,
        watch=watch,
        trail=trail,
        refusals=Refusals(trail, clock),
        client_keys=ClientKeys(Outbound(settings.outbound_allow).fetch, clock),
        lifetimes=Lifetimes(),
        clock=clock,
        entropy=entropy,
        signing_algs=settings.signing_algs,
        ceiling=Ceiling(settings.scope_permissions),
    )


def open_database(settings: Settings, pages_app: flask.Flask) -> Database:
    """Open the one engine that pages, endpoints and acts share, with Flask-SQLAlchemy as its keeper at the edge."""
    url = settings.database_url.get_secret_value()
    pages_app.config["SQLALCHEMY_DATABASE_URI"] = database_url(url)
    pages_app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url, settings.database_pool)
    db = SQLAlchemy(metadata=Base.metadata)
    db.init_app(pages_app)
    with pages_app.app_context():
        return Database(prepare(db.engine))
