"""The second factor: codes of an authenticator app, or a security key, after the password and before any session."""
