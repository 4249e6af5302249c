"""docs/inference/security/diagram.svg: who writes what, one row of tokens, and what the program lets out."""

from importlib import import_module

from scripts.figures import diagram, style

security = import_module("docs.inference.security.security")


def numbers() -> style.Table:
    """The example: of 100,000 mails the hostile ones, and what the filter stops of them and of the honest ones."""
    mails = 100_000
    hostile = mails * security.BASE
    return {
        "hostile": [hostile],
        "stopped": [hostile * security.RECALL],
        "honest stopped": [(mails - hostile) * security.FALSE_ALARMS],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Trusted and untrusted writers, one row of tokens, checks, and what can be done."""
    hostile, stopped = table["hostile"][0], table["stopped"][0]
    said = f"{hostile - stopped:.0f} of {hostile:.0f} passes"
    (narrow if sheet.narrow else wide)(said, sheet)


def wide(said: str, sheet: diagram.Sheet) -> None:
    """Who writes at the left, the one channel above at the right, what decides below it."""
    sheet.band(0, 100, "Trusted", "operator and user write", width=262)
    sheet.band(108, 116, "Untrusted", "anybody writes", width=262)
    sheet.band(0, 100, "One channel", "nothing marks who wrote what", x=270)
    sheet.band(108, 116, "Trusted code", "decides", x=372)
    system = sheet.box(68, 62, 112, 42, "system prompt", gloss="operator")
    user = sheet.box(196, 62, 96, 42, "request", gloss="user")
    outside = sheet.box(68, 168, 112, 62, "mail, page,", "tool result", gloss="a stranger")
    filter_ = sheet.pill(196, 160, 84, 40, "filter")
    sheet.label(196, 196, said, size=12.5)
    tokens = sheet.box(340, 62, 92, 42, "tokens", gloss="one row")
    model = sheet.network(474, 62, 112, 46, "Model", frozen=True, gloss="from a file")
    text = sheet.box(624, 62, 120, 42, "text", gloss="untrusted, too")
    check = sheet.pill(624, 172, 104, 50, "allowed?", "encoded?")
    act = sheet.box(462, 172, 120, 46, "send, show", gloss="or refuse, ask")
    sheet.chain([system, user, tokens, model, text, check, act])
    sheet.arrow(outside.right(-8), filter_.left())
    sheet.arrow(filter_.right(), tokens.bottom())
    sheet.label(317, 180, "trust boundary", size=12.5)
    sheet.label(662, 118, "trust", size=12.5)
    sheet.label(662, 133, "boundary", size=12.5)


def narrow(said: str, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    sheet.band(0, 92, "Trusted", "operator and user write")
    system = sheet.box(84, 58, 120, 42, "system prompt", gloss="operator")
    user = sheet.box(240, 58, 116, 42, "request", gloss="user")
    sheet.band(100, 112, "Untrusted", "anybody writes")
    outside = sheet.box(84, 168, 120, 62, "mail, page,", "tool result", gloss="a stranger")
    filter_ = sheet.pill(212, 154, 84, 34, "filter")
    sheet.label(212, 186, said, size=12.5)
    sheet.band(220, 190, "One channel")
    tokens = sheet.box(226, 272, 116, 42, "tokens", gloss="one row")
    model = sheet.network(226, 328, 116, 42, "Model", frozen=True, gloss="from a file")
    text = sheet.box(226, 384, 116, 42, "text", gloss="untrusted, too")
    sheet.band(418, 90, "Trusted code", "decides")
    check = sheet.pill(226, 474, 100, 46, "allowed?", "encoded?")
    act = sheet.box(90, 474, 118, 46, "send, show", gloss="or refuse, ask")
    sheet.chain([system, user])
    sheet.arrow(user.right(), tokens.right(), via=[(338, 58), (338, 272)])
    sheet.arrow(outside.right(-14), filter_.left())
    sheet.arrow(filter_.right(), tokens.top(), via=[(304, 154), (304, 236), (226, 236)])
    sheet.chain([tokens, model, text, check, act])
    sheet.label(264, 231, "boundary", size=12.5)
    sheet.label(284, 436, "trust boundary", size=12.5)


FIGURES = [diagram.Recipe("inference/security/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
