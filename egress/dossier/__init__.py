"""The reproduction dossier: all that an approved request was made from. It stays inside."""
