"""The column of persons' numbers. By itself, because the worker of DP releases loads nothing that it can do without."""

# It is no column of any catalogue, whose names have no spaces: no query can name it.
PERSON_NUMBER = "person number"
