"""docs/models/vision-language/diagram.svg: three ways of an image into a text network, with the example's numbers."""

from importlib import import_module

from scripts.figures import diagram, style

model = import_module("docs.models.vision-language.vision_language")
PLAIN = 1e9  # cells without a wash: by sign, the red patch would be blue and the blue one red


def numbers() -> style.Table:
    """Image vectors, their tokens, and the chance of "red" in three ways."""
    red = float(model.as_tokens(model.SEEN, model.LEFT)[0, 0])
    tokens = model.project(model.SEEN, model.W, model.B)
    return {
        "z left": model.SEEN[0].tolist(),
        "z right": model.SEEN[1].tolist(),
        "h left": tokens[0, :4].tolist(),
        "h right": tokens[1, :4].tolist(),
        "red": [red, float(model.across(model.SEEN, model.LEFT, 5 / 6)[0, 0])],
        "loss": [float(-model.as_tokens(model.SEEN, model.LEFT)[0, 0].log())],
        "codes": [float(code) for code in model.codes(model.SEEN, model.BOOK)],
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Three bands, one a way."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the left to the right."""
    z = [table["z left"], table["z right"]]
    first, second = (f"red {value:.2f}" for value in table["red"])
    ends = []
    for k, (title, gloss) in enumerate(
        (
            ("Projected tokens", "first stage of training; in use the loss is absent"),
            ("Cross-attention", "in use; image vectors stay beside the text"),
            ("Native tokens", "in use; image codes are words of the vocabulary"),
        )
    ):
        y = 178 * k
        sheet.band(y, 166, title, gloss)
        seen = sheet.box(46, y + 70, 76, 46, "picture", gloss="red, blue")
        eye = sheet.encoder(142, y + 70, 76, 44, "Encoder", frozen=True)
        sheet.label(142, y + 104, "frozen")
        vectors = sheet.matrix(
            228, y + 70, z, cell=(26, 22), digits=0, top=PLAIN, label=r"$\mathbf{z}_i$"
        )
        sheet.chain([seen, eye, vectors])
        asked = sheet.box(46, y + 138, 76, 30, "“left?”")
        ends.append((y, vectors, asked))
    y, vectors, asked = ends[0]
    project = sheet.network(322, y + 70, 92, 44, "Projection", r"$W, \mathbf{b}$")
    row = sheet.box(424, y + 70, 68, 34, r"$\mathbf{h}_1, \mathbf{h}_2$")
    text = sheet.network(530, y + 96, 96, 56, "Text net", frozen=True)
    sheet.label(530, y + 142, "frozen;", "stage 2: learns too")
    loss = sheet.loss(642, y + 96, 100, 44, first, f"loss {table['loss'][0]:.3f}")
    table1 = sheet.network(322, y + 138, 92, 30, "Word table", frozen=True)
    sheet.chain([vectors, project, row])
    sheet.chain([asked, table1])
    sheet.arrow(row.right(), text.left(-10), via=470)
    sheet.arrow(table1.right(), text.left(10), via=470)
    sheet.arrow(text, loss)
    sheet.gradient(loss.top(), text.top(24), "gradient", via=y + 40)
    sheet.gradient(text.top(-24), row.top(14), via=y + 40)
    sheet.gradient(row.top(-14), project.top(), via=y + 36)
    y, vectors, asked = ends[1]
    look = sheet.network(380, y + 70, 124, 44, "Gated look", r"$W, \mathbf{b}, \tanh a$")
    text = sheet.network(530, y + 110, 96, 56, "Text net", frozen=True)
    end = sheet.box(642, y + 110, 84, 34, second)
    table2 = sheet.network(322, y + 138, 92, 30, "Word table", frozen=True)
    sheet.arrow(vectors, look)
    sheet.chain([asked, table2])
    sheet.arrow(table2.right(), text.left(), via=440)
    sheet.arrow(table2.top(20), look.bottom(-38))
    sheet.arrow(look.right(), text.top(), via=[(530, y + 70)])
    sheet.arrow(text, end)
    sheet.label(530, y + 154, "frozen")
    y, vectors, asked = ends[2]
    near = sheet.pill(322, y + 70, 112, 34, "nearest entry")
    code = sheet.box(
        424, y + 70, 60, 46, "codes", f"{table['codes'][0]:.0f}, {table['codes'][1]:.0f}"
    )
    table3 = sheet.network(424, y + 138, 100, 30, "Joint table")
    text = sheet.network(540, y + 110, 84, 56, "Text net")
    end = sheet.box(646, y + 110, 84, 44, "words", "or codes")
    sheet.chain([vectors, near, code])
    sheet.arrow(code, table3)
    sheet.arrow(asked, table3)
    sheet.arrow(table3.right(), text.left(), via=486)
    sheet.arrow(text, end)


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the top to the bottom."""
    z = [table["z left"], table["z right"]]
    first, second = (f"red {value:.2f}" for value in table["red"])
    y = 0
    starts = []
    for title, gloss, height in (
        ("Projected tokens", "first stage of training", 346),
        ("Cross-attention", "in use", 314),
        ("Native tokens", "in use", 314),
    ):
        sheet.band(y, height, title, gloss)
        seen = sheet.box(54, y + 62, 80, 46, "picture", gloss="red, blue")
        eye = sheet.encoder(156, y + 62, 76, 44, "Encoder", frozen=True)
        sheet.label(156, y + 96, "frozen")
        vectors = sheet.matrix(258, y + 62, z, cell=(26, 22), digits=0, top=PLAIN)
        sheet.label(302, y + 66, r"$\mathbf{z}_i$", muted=False)
        sheet.chain([seen, eye, vectors])
        asked = sheet.box(70, y + 138, 76, 30, "“left?”")
        starts.append((y, vectors, asked))
        y += height + 12
    y, vectors, asked = starts[0]
    project = sheet.network(258, y + 138, 100, 44, "Projection", r"$W, \mathbf{b}$")
    words = sheet.network(70, y + 200, 92, 30, "Word table", frozen=True)
    row = sheet.box(258, y + 200, 80, 32, r"$\mathbf{h}_1, \mathbf{h}_2$")
    text = sheet.network(164, y + 258, 110, 48, "Text net", frozen=True)
    sheet.label(96, y + 288, "frozen;", "stage 2:", "learns too", anchor="end")
    loss = sheet.loss(164, y + 318, 120, 44, first, f"loss {table['loss'][0]:.3f}")
    sheet.arrow(vectors, project)
    sheet.arrow(project, row)
    sheet.arrow(asked, words)
    sheet.arrow(words.bottom(), text.left(), via=[(70, y + 258)])
    sheet.arrow(row.bottom(), text.right(), via=[(258, y + 258)])
    sheet.arrow(text, loss)
    sheet.gradient(loss.right(), text.right(14), via=246)
    sheet.gradient(text.right(-14), row.bottom(-20), via=[(238, y + 244)])
    sheet.gradient(row.right(), project.right(), via=332)
    sheet.label(254, y + 306, "gradient", anchor="start", colour=diagram.LOSS)
    y, vectors, asked = starts[1]
    look = sheet.network(258, y + 138, 124, 44, "Gated look", r"$W, \mathbf{b}, \tanh a$")
    words = sheet.network(70, y + 200, 92, 30, "Word table", frozen=True)
    text = sheet.network(164, y + 246, 100, 40, "Text net", frozen=True)
    end = sheet.box(164, y + 292, 84, 30, second)
    sheet.arrow(vectors, look)
    sheet.arrow(asked, words)
    sheet.arrow(words.bottom(), text.left(), via=[(70, y + 246)])
    sheet.arrow(words.right(), look.bottom(-40), via=[(218, y + 200)])
    sheet.arrow(look.bottom(), text.right(), via=[(258, y + 246)])
    sheet.arrow(text, end)
    sheet.label(220, y + 262, "frozen", anchor="start")
    y, vectors, asked = starts[2]
    near = sheet.pill(258, y + 138, 110, 32, "nearest entry")
    code = sheet.box(
        258, y + 192, 90, 34, f"codes {table['codes'][0]:.0f}, {table['codes'][1]:.0f}"
    )
    words = sheet.network(70, y + 192, 96, 30, "Joint table")
    text = sheet.network(70, y + 246, 96, 40, "Text net")
    end = sheet.box(230, y + 246, 120, 34, "words or codes")
    sheet.arrow(vectors, near)
    sheet.arrow(near, code)
    sheet.arrow(code, words)
    sheet.arrow(asked, words)
    sheet.arrow(words, text)
    sheet.arrow(text, end)


FIGURES = [diagram.Recipe("models/vision-language/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
