"""What every service with pages has: the login at the hub, sessions, forms, headers, languages, refusals."""
