"""Python-Markdown extensions: what an author may write beyond plain Markdown.

They know nothing of the builder: MkDocs, ProperDocs and Zensical all render pages with Python-Markdown.
`page` finds out which page is rendered; the others each give one thing, told at the top of the module.
"""
