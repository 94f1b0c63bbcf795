"""The parts of the pages, put together: half of the composition root.

What people do needs verifiers, desks, words and a place for journeys; settings become objects here and nowhere else.
"""

from __future__ import annotations

from idp.acts.ask_recovery import RecoveryDesk
from idp.acts.call_code import CallDesk
from idp.acts.change_email import EmailChanger
from idp.acts.enrol_passkey import PasskeyEnrolment
from idp.acts.enrol_sms import SmsEnrolment
from idp.acts.enrol_totp import TotpEnrolment
from idp.acts.key_desk import KeyDesk
from idp.acts.lock_down import LockDownLinks
from idp.acts.new_password import NewPasswords
from idp.acts.prove_recovery import RecoveryProver
from idp.acts.send_text import TextDesk
from idp.acts.verify_factor import FactorVerifier
from idp.cores import usable_cores
from idp.delivery.mail_folder import MailFolder
from idp.flows.journey import Journeys
from idp.flows.parts import Parts
from idp.flows.proofs import Prover
from idp.metrics.metered import MeteredGate, MeteredPasskeys, MeteredPasswords, MeteredRangeSource, MeteredSlowDown
from idp.metrics.meters import Meters
from idp.mfa.passkey import RelyingParty
from idp.mfa.passkey_challenge import Challenges
from idp.mfa.pending_seeds import PendingSeeds
from idp.mfa.phone_numbers import SmsPolicy
from idp.oidc.end_session import EndSession
from idp.oidc.issuer import Issuer
from idp.passwords.breached import NO_SOURCE, PATIENCE_SECONDS, BreachSource
from idp.passwords.gate import running_hashes
from idp.passwords.hasher import CHEAP_FOR_TESTS, PRODUCTION, Hasher
from idp.passwords.policy import Profile
from idp.resources import resource_directory
from idp.settings import Mode, Settings
from idp.storage.ephemeral import EphemeralStore
from idp.storage.fallback_store import FallbackStore
from idp.storage.handles import Entropy
from idp.storage.redis_store import RedisStore
from idp.storage.revisions import bump
from idp.storage.sql_store import SqlStore
from idp.web.cookies import CookieJar
from idp.web.form_tokens import FormTokens
from idp.web.render import PageFacts, Pages
from idp.wire.outbound import Outbound
from idp.wording import Wording
from keys.kek import Kek
from keys.secrets import ServiceSecrets


def build_page_parts(
    settings: Settings, issuer: Issuer, opened: ServiceSecrets, meters: Meters, kek: Kek, *, workers: int
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
        call_desk=CallDesk(issuer.database, opened.mac_key("proof"), clock=issuer.clock, entropy=issuer.entropy),
        lock_down_links=LockDownLinks(opened.mac_key("proof"), issuer=settings.issuer),
        end_session=EndSession(issuer),
        cookies=CookieJar(secure=settings.secure),
        form_tokens=FormTokens(opened.mac_key("csrf"), lifetime=issuer.lifetimes.journey),
        pages=Pages(resource_directory("templates"), wording, page_facts(settings)),
        wording=wording,
        key_desk=build_key_desk(settings, issuer, kek),
        two_person_acts=settings.two_person_acts,
        mailbox=MailFolder(settings.mail_folder) if settings.mail_folder else None,
    )


def build_key_desk(settings: Settings, issuer: Issuer, kek: Kek) -> KeyDesk:
    """Collect what the security console's acts on keys need."""
    return KeyDesk(
        database=issuer.database,
        kek=kek,
        directory=issuer.directory,
        timetable=settings.timetable,
        algorithms=settings.signing_algs,
        pick_up_seconds=settings.pick_up_seconds,
        clock=issuer.clock,
        entropy=issuer.entropy,
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
