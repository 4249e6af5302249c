"""docs/models/vae/diagram.svg: training and generation of a VAE, with digits of the page's own network."""

import torch

from docs.models.vae import vae
from scripts.figures import diagram, style
from scripts.weights import vae as weights

Q, P = r"$q(\mathbf{z} \mid \mathbf{x})$", r"$p(\mathbf{x} \mid \mathbf{z})$"
X, Z, MEAN = r"$\mathbf{x}$", r"$\mathbf{z}$", r"$f(\mathbf{z})$"
MOMENTS, NOISE = r"$\boldsymbol{\mu}, \boldsymbol{\sigma}$", r"$\boldsymbol{\varepsilon}$"
SAMPLE = r"$\mathbf{z} = \boldsymbol{\mu} + \boldsymbol{\sigma} \odot \boldsymbol{\varepsilon}$"
PRIOR = r"$p(\mathbf{z})$"


def numbers() -> style.Table:
    """The first test digit, its reconstruction, the mean of a new code; codes; both terms in nats."""
    model = weights.load()[1.0]
    x = weights.digits()[2][:1]
    with torch.no_grad():
        mean, log_var = model.encode(x)
        z = vae.sample(mean, log_var, torch.Generator().manual_seed(0))
        drawn = torch.randn(1, 2, generator=torch.Generator().manual_seed(0)).double()
        pictures = {"x": x, "reconstruction": model.decoder(z), "sample": model.decoder(drawn)}
        likelihood = model.log_likelihood(x, z)
        values = {"mean": mean, "deviation": (0.5 * log_var).exp(), "code": z, "prior": drawn}
    return {
        **{name: [round(v, 3) for v in p[0].tolist()] for name, p in pictures.items()},
        **{name: [round(v, 4) for v in p[0].tolist()] for name, p in values.items()},
        "kl": [float(vae.kl_to_prior(mean, log_var).sum())],
        "likelihood": [float(likelihood)],
    }


def pair(values: list[float]) -> str:
    """A vector of two numbers, to a tenth."""
    return f"({values[0]:.1f}, {values[1]:.1f})"


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Both phases."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    sheet.band(0, 278, "Training", "both networks, one example")
    y = 112
    x = sheet.picture(50, y, table["x"], cell=7, label=X, gloss="data")
    encoder = sheet.encoder(152, y, 96, 88, "Encoder", Q)
    moments = sheet.box(254, y, 56, 50, MOMENTS)
    code = sheet.pill(379, y, 132, 36, SAMPLE)
    noise = sheet.box(379, 178, 40, 32, NOISE, random=True)
    sheet.label(408, 182, "noise", anchor="start")
    decoder = sheet.decoder(528, y, 96, 88, "Decoder", P)
    again = sheet.picture(648, y, table["reconstruction"], cell=7, label=MEAN, above=True)
    divergence = sheet.loss(
        254,
        228,
        190,
        44,
        f"KL from the prior {PRIOR}",
        gloss=f"small: here {table['kl'][0]:.1f} nats",
    )
    error = sheet.loss(
        584,
        228,
        218,
        44,
        f"reconstruction, $\\log$ {P}",
        gloss=f"large: here {table['likelihood'][0]:.1f} nats",
    )
    sheet.chain([x, encoder, moments, code])
    sheet.arrow(noise, code)
    sheet.arrow(code, decoder, Z)
    sheet.arrow(decoder, again)
    sheet.arrow(moments, divergence)
    sheet.arrow(again, error)
    sheet.arrow(x.bottom(-24), error.left(), via=[(26, 266), (452, 266), (452, 228)])
    sheet.gradient(divergence.left(), encoder.bottom(-16))
    sheet.gradient(error.top(528 - 584), decoder.bottom())
    through = f"gradient, through {Z}, to the encoder"
    sheet.gradient(decoder.top(), encoder.top(), through, via=48)
    sheet.band(286, 118, "Generation", "the decoder alone")
    y = 346
    prior = sheet.box(379, y, 132, 40, rf"$\mathbf{{z}} = {pair(table['prior'])}$", random=True)
    sheet.label(304, y + 4, f"drawn from the prior {PRIOR}", anchor="end")
    decoder = sheet.decoder(528, y, 96, 88, "Decoder", P)
    new = sheet.picture(648, y, table["sample"], cell=7, gloss="new mean")
    sheet.chain([prior, decoder, new])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """Training from top to bottom, the losses at the right; generation from left to right."""
    sheet.band(0, 522, "Training", "both networks")
    column, right = 104, 252
    x = sheet.picture(column, 70, table["x"], cell=7)
    sheet.label(column + 40, 68, X, anchor="start", muted=False, size=13)
    sheet.label(column + 40, 84, "data", anchor="start")
    encoder = sheet.encoder(column, 156, 116, 64, "Encoder", Q, flow="down")
    moments = sheet.box(column, 230, 64, 36, MOMENTS)
    code = sheet.pill(column, 298, 130, 36, SAMPLE)
    noise = sheet.box(220, 298, 36, 32, NOISE, random=True)
    sheet.label(246, 302, "noise", anchor="start")
    decoder = sheet.decoder(column, 380, 116, 64, "Decoder", P, flow="down")
    again = sheet.picture(column, 468, table["reconstruction"], cell=7)
    sheet.label(column - 36, 472, MEAN, anchor="end", muted=False, size=13)
    divergence = sheet.loss(
        right,
        230,
        172,
        44,
        f"KL from the prior {PRIOR}",
        gloss=f"small: here {table['kl'][0]:.1f} nats",
    )
    error = sheet.loss(
        right, 468, 160, 48, f"$\\log$ {P}", gloss=f"large: here {table['likelihood'][0]:.1f} nats"
    )
    sheet.chain([x, encoder, moments, code])
    sheet.arrow(noise, code)
    sheet.arrow(code, decoder, Z)
    sheet.arrow(decoder, again)
    sheet.arrow(moments, divergence)
    sheet.arrow(again, error)
    sheet.arrow(x.left(), error.bottom(), via=[(14, 70), (14, 510), (right, 510)])
    sheet.gradient(divergence.top(), encoder.right())
    sheet.gradient(error.top(), decoder.right(), "gradient")
    sheet.gradient(decoder.left(), encoder.left(), via=28)
    sheet.band(530, 126, "Generation", "the decoder alone")
    y = 604
    prior = sheet.box(62, y, 104, 36, pair(table["prior"]).replace("-", "−"), random=True)
    sheet.label(66, y + 36, f"{Z} from the prior {PRIOR}")
    decoder = sheet.decoder(198, y, 90, 84, "Decoder", P)
    new = sheet.picture(302, y, table["sample"], cell=7, gloss="new mean")
    sheet.chain([prior, decoder, new])


FIGURES = [diagram.Recipe("models/vae/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
