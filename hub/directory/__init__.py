"""The site's LDAP directory: which password is whose, over verified TLS only, on whichever of its servers answers."""
