"""Messages to people: written in the transaction of what they tell about, sent by the worker, each by one worker.

Invariant: a message is in the outbox if and only if what it tells about was committed; no code and no link is in it.
Those are made, and their hashes stored, at each try, so that their time begins when they are sent. A message that the
server does not take is parked and told to the operators, never lost and never sent for ever (F16, F17).
"""
