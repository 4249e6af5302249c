"""A checker of MkDocs projects that knows nothing of this site; what only this house wants is in scripts/house/."""
