"""Release requests as frozen values: status, reviews, decision, and who may do what to them. Pure."""
