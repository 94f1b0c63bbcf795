"""The composition root: the only place where parts meet, time and randomness are made, and settings become objects.

`build` reads from top to bottom as the list of parts; `Service` is what the servers, the worker and the tests hold.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from wsgiref.types import WSGIApplication

import flask
from flask_sqlalchemy import SQLAlchemy

from idp.acts.ask_recovery import RecoveryDesk
from idp.acts.change_email import EmailChanger
from idp.acts.enrol_passkey import PasskeyEnrolment
from idp.acts.enrol_sms import SmsEnrolment
from idp.acts.enrol_totp import TotpEnrolment
from idp.acts.lock_down import LockDownLinks
from idp.acts.new_password import NewPasswords
from idp.acts.prove_recovery import RecoveryProver
from idp.acts.send_text import TextDesk
from idp.acts.verify_factor import FactorVerifier
from idp.acts.write_logout_token import LogoutTokenWriter
from idp.acts.write_mail import MailWriter
from idp.acts.write_message import MessageWriter
from idp.acts.write_text import TextWriter
from idp.audit.batch import TrailWriter
from idp.clients.directory import ClientDirectory
from idp.cores import usable_cores
from idp.delivery.back_channel import BackChannel
from idp.delivery.console import ConsoleTransport
from idp.delivery.courier import Courier
from idp.delivery.letters import LetterFacts, Letters
from idp.delivery.mail import Sender
from idp.delivery.mail_folder import MailFolder
from idp.delivery.sms import TextTransport
from idp.delivery.sms_as_mail import SmsAsMail
from idp.delivery.sms_webhook import SmsWebhook
from idp.delivery.smtp import SmtpServer, SmtpTransport
from idp.delivery.transport import Transport
from idp.demo.one_name import OneName
from idp.demo.pages import demo_pages
from idp.edge import build_front, build_pages_app
from idp.entropy import Handfuls
from idp.flows.built_in import BUILT_IN
from idp.flows.journey import Journeys
from idp.flows.parts import Parts
from idp.flows.proofs import Prover
from idp.issuance.current_ring import CurrentRing
from idp.issuance.ended import EndedView
from idp.issuance.lifetimes import Lifetimes
from idp.metrics.measures import measure_health
from idp.metrics.metered import MeteredGate, MeteredPasskeys, MeteredPasswords, MeteredRangeSource, MeteredSlowDown
from idp.metrics.meters import Meters
from idp.mfa.passkey import RelyingParty
from idp.mfa.passkey_challenge import Challenges
from idp.mfa.pending_seeds import PendingSeeds
from idp.mfa.phone_numbers import SmsPolicy
from idp.oidc.client_keys import ClientKeys
from idp.oidc.end_session import EndSession
from idp.oidc.issuer import Issuer
from idp.oidc.refusals import Refusals
from idp.passwords.breached import NO_SOURCE, PATIENCE_SECONDS, BreachSource
from idp.passwords.gate import running_hashes
from idp.passwords.hasher import CHEAP_FOR_TESTS, PRODUCTION, Hasher
from idp.passwords.policy import Profile
from idp.resources import resource_directory
from idp.settings import Mode, Settings
from idp.storage.database import Database
from idp.storage.engine import database_url, engine_options, prepare
from idp.storage.ephemeral import EphemeralStore
from idp.storage.fallback_store import FallbackStore
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import load_secrets
from idp.storage.models import Base
from idp.storage.redis_store import RedisStore
from idp.storage.revisions import bump
from idp.storage.schema import check_schema
from idp.storage.skew import PRODUCTION_CLOCK, ClockLimits
from idp.storage.sql_store import SqlStore
from idp.storage.watch import Watch
from idp.web.cookies import CookieJar
from idp.web.form_tokens import FormTokens
from idp.web.render import PageFacts, Pages
from idp.wire.outbound import Outbound
from idp.wording import Wording
from keys.kek import FileKek, Kek
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
    back_channel: BackChannel

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
    kek = FileKek.load(settings.kek_file)
    with database.reading() as connection:
        service_secrets = load_secrets(connection, kek, entropy=entropy)

    watch = Watch(database, clock, period=watch_period, limits=clock_limits)
    database.before_writing(watch.require_writing_time)
    issuer = build_issuer(settings, database, watch, kek, clock=clock, entropy=entropy)
    parts = build_page_parts(settings, issuer, service_secrets, meters, workers=workers)
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
    )


def build_issuer(
    settings: Settings, database: Database, watch: Watch, kek: Kek, *, clock: Clock, entropy: Entropy
) -> Issuer:
    """Put the parts together that every endpoint works with, and let the watch keep their views fresh."""
    ended, trail = EndedView(), TrailWriter(database, entropy)
    directory = ClientDirectory(database, BUILT_IN)
    ring = CurrentRing(database, kek, watch, clock)
    watch.on_marks(ended.apply)
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


def build_page_parts(
    settings: Settings, issuer: Issuer, opened: ServiceSecrets, meters: Meters, *, workers: int
) -> Parts:
    """Put the parts of the pages together."""
    hasher = build_hasher(settings, opened, issuer.entropy, meters, workers=workers)
    store = build_ephemeral_store(settings, issuer)
    prover = Prover(opened.mac_key("proof"))
    wording = Wording.open(zone=settings.time_zone)
    lookup = opened.mac_key("lookup")
    relying_party = RelyingParty(settings.issuer, name=settings.product)
    challenges = Challenges(opened.mac_key("proof.passkey"), entropy=issuer.entropy)
    seeds, codes = opened.sealer("totp seed"), opened.mac_key("lookup.factors")
    sms = SmsPolicy(enabled=settings.sms, regions=frozenset(settings.sms_regions))
    return Parts(
        issuer=issuer,
        store=store,
        journeys=Journeys(store, prover, clock=issuer.clock, entropy=issuer.entropy, lifetime=issuer.lifetimes.journey),
        prover=prover,
        passwords=MeteredPasswords(
            issuer.database, hasher, lookup, clock=issuer.clock, entropy=issuer.entropy, meters=meters
        ),
        slow_down=MeteredSlowDown(issuer.database, lookup, clock=issuer.clock, entropy=issuer.entropy, meters=meters),
        passkeys=MeteredPasskeys(
            issuer.database,
            relying_party,
            challenges,
            clock=issuer.clock,
            entropy=issuer.entropy,
            meters=meters,
        ),
        passkey_enrolment=PasskeyEnrolment(
            relying_party,
            challenges,
            opened.mac_key("lookup.passkey"),
            clock=issuer.clock,
            entropy=issuer.entropy,
        ),
        factors=FactorVerifier(issuer.database, seeds, codes, sms, clock=issuer.clock, entropy=issuer.entropy),
        totp_enrolment=TotpEnrolment(
            issuer.database,
            PendingSeeds(store, seeds, entropy=issuer.entropy),
            seeds,
            product=settings.product,
            clock=issuer.clock,
            entropy=issuer.entropy,
        ),
        sms_enrolment=SmsEnrolment(issuer.database, codes, sms, clock=issuer.clock, entropy=issuer.entropy),
        text_desk=TextDesk(issuer.database, lookup, sms, clock=issuer.clock, entropy=issuer.entropy),
        factor_codes=codes,
        hasher=hasher,
        new_passwords=NewPasswords(
            issuer.database,
            hasher,
            product=settings.product,
            clock=issuer.clock,
            profile=Profile(settings.password_profile),
            breached=build_breach_source(settings, meters),
        ),
        recovery_desk=RecoveryDesk(issuer.database, lookup, clock=issuer.clock, entropy=issuer.entropy),
        recovery_prover=RecoveryProver(
            issuer.database, opened.mac_key("proof"), clock=issuer.clock, entropy=issuer.entropy
        ),
        email_changes=EmailChanger(
            issuer.database, opened.mac_key("proof"), clock=issuer.clock, entropy=issuer.entropy
        ),
        lock_down_links=LockDownLinks(opened.mac_key("proof"), issuer=settings.issuer),
        end_session=EndSession(issuer),
        cookies=CookieJar(secure=settings.secure),
        form_tokens=FormTokens(opened.mac_key("csrf"), lifetime=issuer.lifetimes.journey),
        pages=Pages(resource_directory("templates"), wording, page_facts(settings)),
        wording=wording,
        mailbox=MailFolder(settings.mail_folder) if settings.mail_folder else None,
    )


def build_courier(settings: Settings, issuer: Issuer, parts: Parts, opened: ServiceSecrets) -> Courier:
    """Put the delivery of mails and texts together; `courier.run` is the worker's loop."""
    letters = Letters(resource_directory("templates") / "email", parts.wording, letter_facts(settings))
    mails = MailWriter(
        issuer.database,
        letters,
        opened.mac_key("proof"),
        issuer=settings.issuer,
        clock=issuer.clock,
        entropy=issuer.entropy,
    )
    texts = TextWriter(
        issuer.database,
        parts.wording,
        parts.factor_codes,
        issuer=settings.issuer,
        product=settings.product,
        clock=issuer.clock,
        entropy=issuer.entropy,
    )
    sender = Sender(name=settings.product, address=settings.mail_sender)
    transport = build_transport(settings, parts)
    return Courier(
        issuer.database,
        transport,
        MessageWriter(mails, texts),
        sender,
        texts=build_text_transport(settings, transport, sender, clock=issuer.clock),
        clock=issuer.clock,
        entropy=issuer.entropy,
    )


def build_back_channel(settings: Settings, issuer: Issuer, meters: Meters) -> BackChannel:
    """Put together what tells apps that sessions ended; `back_channel.run` is another loop of the worker."""
    writer = LogoutTokenWriter(
        issuer.ring,
        issuer.directory,
        issuer=issuer.address,
        lifetimes=issuer.lifetimes,
        clock=issuer.clock,
        entropy=issuer.entropy,
    )
    return BackChannel(
        issuer.database,
        Outbound(settings.outbound_allow),
        writer.write,
        writer.record,
        observe=lambda result: meters.tally.count(meters.app_logouts, result),
        clock=issuer.clock,
        entropy=issuer.entropy,
    )


def build_transport(settings: Settings, parts: Parts) -> Transport:
    """Choose how mail leaves: through the mail server, else into the demo's mailbox, else onto the terminal."""
    if settings.smtp_url is not None:
        development = settings.mode is not Mode.PRODUCTION
        return SmtpTransport(SmtpServer.from_url(settings.smtp_url.get_secret_value(), development=development))
    return parts.mailbox or ConsoleTransport(sys.stderr)


def build_text_transport(
    settings: Settings, transport: Transport, sender: Sender, *, clock: Clock
) -> TextTransport | None:
    """Choose how texts leave: to the operator's gateway, else, outside production, beside the mails that stay here."""
    if settings.sms_webhook and settings.sms_webhook_secret is not None:
        outbound = Outbound(settings.outbound_allow)
        return SmsWebhook(outbound, settings.sms_webhook, settings.sms_webhook_secret, clock=clock)
    if settings.smtp_url is not None or settings.mode is Mode.PRODUCTION:
        return None
    return SmsAsMail(transport, sender, f"{settings.product}: SMS", clock=clock)


def letter_facts(settings: Settings) -> LetterFacts:
    """Collect what every mail says about this service."""
    return LetterFacts(
        product=settings.product,
        issuer=settings.issuer,
        support_phone=settings.support_phone,
        report_address=settings.report_address,
        imprint_uri=settings.imprint_uri,
        privacy_uri=settings.privacy_uri,
    )


def build_hasher(
    settings: Settings, opened: ServiceSecrets, entropy: Entropy, meters: Meters, *, workers: int
) -> Hasher:
    """Make the password hasher with one gate for this process."""
    parameters = PRODUCTION if settings.password_hashing == "owasp" else CHEAP_FOR_TESTS
    gate = MeteredGate(running_hashes(cores=usable_cores(), workers=workers), meters)
    return Hasher(parameters, opened.pepper, gate, entropy=entropy)


def build_breach_source(settings: Settings, meters: Meters) -> BreachSource:
    """Choose whom to ask about stolen passwords: the service that is set, else nobody."""
    if not settings.breached_passwords_url:
        return NO_SOURCE
    outbound = Outbound(settings.outbound_allow, seconds=PATIENCE_SECONDS)
    return MeteredRangeSource(settings.breached_passwords_url, outbound.fetch, meters)


def build_ephemeral_store(settings: Settings, issuer: Issuer) -> EphemeralStore:
    """Choose where journeys live: Redis or Valkey with the database to fall back to, else the database alone.

    A process that falls back tells the others, so that they look in the database for what it put there.
    """
    database = issuer.database
    embedded = SqlStore(database, issuer.clock)
    if settings.redis_url is None:
        return embedded

    def announce() -> None:
        with database.writing() as connection:
            bump(connection, "fallback")

    redis = RedisStore(settings.redis_url.get_secret_value())
    store = FallbackStore(redis, embedded, issuer.clock, announce=announce)
    issuer.watch.on_revision("fallback", store.look_around)
    return store


def page_facts(settings: Settings) -> PageFacts:
    """Collect what every page says about this service."""
    return PageFacts(
        product=settings.product,
        issuer=settings.issuer,
        imprint_uri=settings.imprint_uri,
        privacy_uri=settings.privacy_uri,
        accessibility_uri=settings.accessibility_uri,
        support_phone=settings.support_phone,
        report_address=settings.report_address,
        secure=settings.secure,
        demo=settings.mode is Mode.DEMO,
    )
