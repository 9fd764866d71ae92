"""Permits from draft to end, and what would follow from one: what the admin's desk and the command line share."""
