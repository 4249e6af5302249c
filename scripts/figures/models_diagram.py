"""docs/models/index/diagram.svg: the six model classes, each with what it is trained against and how it is sampled.

index.diagram   six small pictures of one form: training above, sampling below
"""

from scripts.figures import diagram, style
from scripts.figures.diagram import Shape

HEIGHT, WIDTH = 196.0, 348.0
X, Z = r"$x$", r"$z$"
MADE, INVERSE, MAP = r"$x^{\prime}$", r"$f^{-1}$", r"$f$"


class Panel:
    """One of the six pictures; places are counted from its left edge."""

    def __init__(self, sheet: diagram.Sheet, place: int, title: str, gloss: str) -> None:
        self.sheet = sheet
        row, column = (place, 0) if sheet.narrow else divmod(place, 2)
        self.x, self.y = column * (WIDTH + 8), row * (HEIGHT + 8)
        self.above, self.between, self.below = self.y + 62, self.y + 104, self.y + 148
        sheet.band(self.y, HEIGHT, title, gloss, x=self.x, width=WIDTH)
        sheet.label(self.x + 12, self.y + 120, "sampling", anchor="start")

    def value(self, x: float, y: float, text: str, *, w: float = 30, random: bool = False) -> Shape:
        """A value."""
        return self.sheet.box(self.x + x, y, w, 30, text, random=random)

    def network(self, x: float, y: float, name: str, w: float = 80) -> Shape:
        """A network."""
        return self.sheet.network(self.x + x, y, w, 38, name)

    def loss(self, x: float, w: float, line: str, gloss: str, *networks: Shape) -> None:
        """The loss of the training above, behind the last network, and its gradient to each."""
        made = self.sheet.loss(self.x + x, self.above, w, 46, line, gloss=gloss)
        self.sheet.arrow(networks[0], made)
        start = made.top()
        for network in networks:
            self.sheet.gradient(start, network.top(), via=self.y + 33)
            start = network.top(-14)

    def again(self, start: Shape, end: Shape, words: str) -> None:
        """What is drawn goes back in, below."""
        low = self.y + HEIGHT - 7
        self.sheet.arrow(start.bottom(), end.bottom(), words, via=low, side="above")


def autoregressive(sheet: diagram.Sheet) -> None:
    """The element that follows, given those before."""
    p = Panel(sheet, 0, "Autoregressive", "one pass for each element")
    seen, network = p.value(50, p.above, "Ann saw", w=76), p.network(162, p.above, "network")
    sheet.arrow(seen, network)
    p.loss(286, 112, r"$-\log p($Tom$)$", "what follows", network)
    seen, network = p.value(50, p.below, "Ann saw", w=76), p.network(162, p.below, "network")
    drawn = p.value(286, p.below, "Tom", w=56, random=True)
    sheet.chain([seen, network, drawn])
    p.again(drawn, seen, "append")


def vae(sheet: diagram.Sheet) -> None:
    """Input to code to input."""
    p = Panel(sheet, 1, "Variational autoencoder", "one pass")
    x, z = p.value(20, p.above, X, w=26), p.value(146, p.above, Z, w=26, random=True)
    encoder, decoder = p.network(84, p.above, "encoder", 66), p.network(208, p.above, "decoder", 66)
    sheet.chain([x, encoder, z, decoder])
    p.loss(300, 84, f"against {X}", "and prior", decoder, encoder)
    z, decoder = p.value(87, p.below, Z, random=True), p.network(213, p.below, "decoder", 74)
    sheet.chain([z, decoder, p.value(304, p.below, X)])


def gan(sheet: diagram.Sheet) -> None:
    """Noise to sample to judgement."""
    p = Panel(sheet, 2, "Generative adversarial network", "one pass")
    z = p.value(22, p.above, Z, w=28, random=True)
    generator, judge = (
        p.network(97, p.above, "generator", 80),
        p.network(209, p.above, "discriminator", 108),
    )
    sheet.chain([z, generator, judge])
    sheet.arrow(p.value(99, p.between, X).right(), judge.bottom())
    p.loss(311, 60, "real?", "", judge, generator)
    z, generator = p.value(87, p.below, Z, random=True), p.network(213, p.below, "generator", 82)
    sheet.chain([z, generator, p.value(304, p.below, X)])


def diffusion(sheet: diagram.Sheet) -> None:
    """Noise is added, and guessed."""
    p = Panel(sheet, 3, "Diffusion model", "many denoising steps")
    x, add = p.value(24, p.above, X), sheet.pill(p.x + 92, p.above, 72, 34, "+ noise")
    network = p.network(186, p.above, "network")
    sheet.chain([x, add, network])
    p.loss(296, 96, "the noise", "as guessed", network)
    noise, network = (
        p.value(60, p.below, "noise", w=60, random=True),
        p.network(186, p.below, "network"),
    )
    cleaner = p.value(296, p.below, "less noise", w=88)
    sheet.chain([noise, network, cleaner])
    p.again(cleaner, noise, "again, until clean")


def flow(sheet: diagram.Sheet) -> None:
    """An invertible map, used both ways."""
    p = Panel(sheet, 4, "Normalising flow", "one inverse pass")
    x, network, z = (
        p.value(24, p.above, X),
        p.network(96, p.above, MAP, 56),
        p.value(168, p.above, Z),
    )
    sheet.chain([x, network, z])
    made = sheet.loss(p.x + 274, p.above, 132, 46, f"density of {Z}", gloss="and the stretch")
    sheet.arrow(z, made)
    sheet.gradient(made.top(), network.top(), via=p.y + 33)
    z, network = p.value(60, p.below, Z, random=True), p.network(168, p.below, INVERSE, 56)
    sheet.chain([z, network, p.value(274, p.below, X)])


def energy(sheet: diagram.Sheet) -> None:
    """Data lower the energy, samples raise it."""
    p = Panel(sheet, 5, "Energy-based model", "random walk")
    x, network = p.value(40, p.above, X), p.network(150, p.above, "energy")
    sheet.arrow(x, network)
    sheet.arrow(p.value(100, p.between, MADE, random=True).right(), network.bottom())
    p.loss(282, 122, "low at data", "high at samples", network)
    start, step = p.value(40, p.below, MADE, random=True), p.network(150, p.below, "energy")
    moved = sheet.pill(p.x + 282, p.below, 96, 34, "small step")
    sheet.chain([start, step, moved])
    p.again(moved, start, "again, many times")


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Six panels; there are no numbers to draw."""
    del table
    for panel in (autoregressive, vae, gan, diffusion, flow, energy):
        panel(sheet)


def nothing() -> style.Table:
    """No numbers."""
    return {}


FIGURES = [diagram.Recipe("models/index/diagram", nothing, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
