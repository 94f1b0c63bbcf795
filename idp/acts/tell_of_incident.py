"""Have apps told that a signing key leaked, once for each incident, whoever comes to it.

A security event names the key, so that apps can look up what they accepted by it; the back channel
(`tell_apps_of_key`) names sessions. Every client in service that listens hears the event, whatever the algorithm of
its own tokens: it may verify others.

It is a transaction of its own, right after the containment and never a part of it, so that nothing about an app can
hold up what stops a thief. If the process dies between them, the housekeeper does it.
"""

from __future__ import annotations

from collections.abc import Sequence

from idp.acts.tell_apps_of_key import tell_apps_of_key
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.clients.directory import ClientDirectory
from idp.delivery.app_events import tell_of_incident
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.incident_rows import Incident, begin_telling, untold_incidents
from idp.storage.key_rows import read_ring


def tell_of_incidents(database: Database, *, clock: Clock, entropy: Entropy) -> int:
    """Write down whom to tell of every incident of which nobody was told; gives how many incidents that were.

    Raises:
        StorageUnavailable: nothing is written of the incident in hand.
    """
    with database.reading() as connection:
        untold = untold_incidents(connection)
    if not untold:
        return 0
    directory = ClientDirectory(database)
    directory.reload()
    listening = [
        client.client_id
        for client in directory.all()
        if client.disabled_at is None and client.security_event_uri is not None
    ]
    return sum(_told(database, incident, listening, clock=clock, entropy=entropy) for incident in untold)


def _told(database: Database, incident: Incident, listening: Sequence[str], *, clock: Clock, entropy: Entropy) -> bool:
    with database.writing() as connection:
        now = clock()
        if not begin_telling(connection, incident, now=now):
            return False
        tell_of_incident(connection, incident_id=incident.id, client_ids=listening, entropy=entropy, now=now)
        keys = [key for key in read_ring(connection).records if key.kid == incident.kid]
        leaked_at = incident.opened_at
        logouts = [tell_apps_of_key(connection, key, leaked_at=leaked_at, entropy=entropy, now=now) for key in keys]
        details = {"incident": incident.id, "kid": incident.kid, "apps": len(listening), "app_logouts": sum(logouts)}
        event = Event(type=EventType.INCIDENT_TOLD, at=now, actor="worker", details=details)
        record(connection, event, entropy=entropy)
    return True
