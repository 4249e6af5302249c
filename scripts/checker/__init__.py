"""A checker of MkDocs projects that knows nothing of this site; what only its house wants is handed to it."""
