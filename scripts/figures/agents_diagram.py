"""docs/inference/agents/diagram.svg: question and schemas become tokens, the model writes a call, the tool answers."""

from docs.inference.agents import agents
from scripts.figures import diagram, style


def numbers() -> style.Table:
    """The example: tokens that each call reads, the result of the first tool, the answer."""
    tools = [agents.price(agents.PRICES), agents.calculator()]
    run = agents.loop(agents.flawless(agents.ORDER), tools, agents.task(agents.ORDER))
    read = [float(len(agents.tokens(agents.render(tools, prompt)))) for prompt in run.prompts]
    return {"read": read, "price": [3.0], "answer": [float(run.answer)]}


def words(table: style.Table) -> dict[str, str]:
    """What the boxes say."""
    return {
        "read": ", ".join(f"{n:.0f}" for n in table["read"]),
        "price": f"{table['price'][0]:.0f}",
        "answer": f"{table['answer'][0]:.0f}",
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """A loop: history to model to call to tool to result, and back; the answer leaves it."""
    (narrow if sheet.narrow else wide)(words(table), sheet)


def wide(said: dict[str, str], sheet: diagram.Sheet) -> None:
    """The model's way above, the program's way back below."""
    sheet.band(0, 150, "The model", "reads all, writes a call or a text")
    schemas = sheet.box(68, 70, 108, 34, "schemas")
    question = sheet.box(68, 116, 108, 34, "question")
    template = sheet.pill(204, 93, 96, 50, "template,", "tokenizer")
    text = sheet.box(330, 93, 124, 46, "tokens", gloss=said["read"])
    model = sheet.network(470, 93, 84, 46, "Model", frozen=True)
    chance = sheet.box(470, 34, 84, 30, "sampling", random=True)
    action = sheet.pill(575, 93, 78, 50, "call or", "answer?")
    answer = sheet.box(664, 93, 60, 46, said["answer"], gloss="answer")
    sheet.arrow(schemas.right(), template.left(-10))
    sheet.arrow(question.right(), template.left(10))
    sheet.chain([template, text, model, action, answer])
    sheet.arrow(chance, model)
    sheet.band(160, 170, "The program")
    call = sheet.box(575, 236, 92, 46, "price", gloss="item: pen")
    check = sheet.pill(466, 236, 76, 50, "within", "limits?")
    tool = sheet.pill(371, 236, 84, 50, "tool runs", "if allowed")
    result = sheet.box(272, 236, 82, 46, said["price"], gloss="or an error")
    history = sheet.box(138, 236, 152, 46, "history", gloss="calls, results, notes")
    stopped = sheet.box(466, 306, 76, 30, "no: stop")
    sheet.arrow(action, call)
    sheet.chain([call, check, tool, result, history])
    sheet.arrow(check, stopped)
    sheet.arrow(history.top(66), template.bottom())


def narrow(said: dict[str, str], sheet: diagram.Sheet) -> None:
    """From top to bottom, and back at the right."""
    sheet.band(0, 350, "The model", "reads, then writes")
    schemas = sheet.box(110, 72, 100, 32, "schemas")
    question = sheet.box(240, 72, 100, 32, "question")
    template = sheet.pill(170, 130, 150, 34, "template, tokenizer")
    text = sheet.box(170, 190, 136, 46, "tokens", gloss=said["read"])
    model = sheet.network(170, 254, 136, 40, "Model", frozen=True)
    chance = sheet.box(284, 254, 72, 30, "sampling", random=True)
    action = sheet.pill(170, 316, 128, 34, "call or answer?")
    answer = sheet.box(292, 316, 56, 46, said["answer"], gloss="answer")
    sheet.arrow(schemas.bottom(), template.top(-30), via=100)
    sheet.arrow(question.bottom(), template.top(30), via=100)
    sheet.chain([template, text, model, action, answer])
    sheet.arrow(chance, model)
    sheet.band(360, 370, "The program")
    call = sheet.box(170, 436, 100, 46, "price", gloss="item: pen")
    check = sheet.pill(170, 504, 120, 34, "within limits?")
    stopped = sheet.box(290, 504, 76, 30, "no: stop")
    tool = sheet.pill(170, 562, 148, 34, "tool runs if allowed")
    result = sheet.box(170, 626, 90, 46, said["price"], gloss="or an error")
    history = sheet.box(170, 694, 160, 46, "history", gloss="calls, results, notes")
    sheet.chain([action, call, check, tool, result, history])
    sheet.arrow(check, stopped)
    sheet.arrow(history.right(), template.right(), via=[(338, 694), (338, 130)])


FIGURES = [diagram.Recipe("inference/agents/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
