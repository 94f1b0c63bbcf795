"""What every server under measurement is told alike: one app, and people enough that no guess budget is touched."""

CLIENT_ID = "app"
CLIENT_SECRET = "benchmark-secret-0123456789-0123456789-abcdef"
CALLBACK = "https://app.example.com/callback"
PASSWORD = "correct horse battery staple 7"
PEOPLE = 64
SCOPE = "openid offline_access"
SCOPE_WITH_PROFILE = "openid profile offline_access"


def person_name(number: int) -> str:
    """Give the user ID of the so-manieth person, going round."""
    return f"person{number % PEOPLE}"
