"""The server for authors, in parts: its command is scripts/serve.py.

`sources` says which files the site is made from, `watching` when they change, `memory` what need not be
made again, `output` where a build is written, `faults` what went wrong, `site` puts these together, and
`server` answers the browser.
"""
