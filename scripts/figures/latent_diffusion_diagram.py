"""docs/models/latent-diffusion/diagram.svg: two trainings and the use, with the numbers of the example."""

from importlib import import_module

import torch

from scripts.figures import diagram, style

latent = import_module("docs.models.latent-diffusion.latent_diffusion")


def numbers() -> style.Table:
    """The picture, its code, its rebuilding; the noisy code and the velocity of the path."""
    x = torch.tensor(list(latent.PICTURES.values()), dtype=torch.float64)
    codes = latent.pair_means(x)
    s = 1 / codes.std(correction=0)
    eps = torch.tensor([[latent.NOISE]], dtype=torch.float64)
    z_t, v = latent.noisy(s * codes[:1, None], eps, torch.tensor([latent.TIME]).double())
    return {
        "x": x[0].tolist(),
        "code": codes[0].tolist(),
        "s": [float(s)],
        "z": (s * codes[0]).tolist(),
        "noise": latent.NOISE,
        "time": [latent.TIME],
        "z_t": z_t.flatten().tolist(),
        "v": v.flatten().tolist(),
        "rebuilt": codes[0].repeat_interleave(2).tolist(),
    }


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """The autoencoder above, the denoiser in the middle, the way from a prompt to a picture below."""
    (narrow if sheet.narrow else wide)(table, sheet)


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the left to the right."""
    sheet.band(0, 118, "1 Autoencoder", "trained first, on pictures alone")
    x = sheet.box(84, 70, 152, 40, "picture $x$", diagram.vector(table["x"], ".1f"))
    encoder = sheet.encoder(214, 70, 78, 50, "Encoder")
    code = sheet.box(310, 70, 88, 40, "code", diagram.vector(table["code"], ".1f"))
    decoder = sheet.decoder(406, 70, 78, 50, "Decoder")
    again = sheet.box(542, 70, 156, 40, "rebuilt", diagram.vector(table["rebuilt"], ".1f"))
    loss = sheet.loss(662, 70, 60, 40, "error")
    sheet.chain([x, encoder, code, decoder, again, loss])
    sheet.gradient(loss.bottom(), decoder.bottom(), "gradient", via=108, side="above", at=0.3)
    sheet.gradient(loss.bottom(), encoder.bottom(), via=108)
    sheet.band(130, 196, "2 Denoiser", "trained on codes and captions, the autoencoder frozen")
    z = sheet.box(84, 198, 112, 40, "$z = s$ · code", diagram.vector(table["z"], ".1f"))
    noise = sheet.box(
        84, 258, 112, 40, r"noise $\varepsilon$", diagram.vector(table["noise"], ".1f"), random=True
    )
    mix = sheet.pill(204, 228, 62, 34, "mix")
    time = sheet.box(204, 176, 76, 28, f"$t = {table['time'][0]:g}$", random=True)
    z_t = sheet.box(308, 228, 104, 40, "$z_t$", diagram.vector(table["z_t"], ".1f"))
    net = sheet.network(456, 228, 112, 60, "Denoiser", r"$v_\theta$")
    words = sheet.box(308, 296, 104, 34, "prompt: left")
    text = sheet.network(456, 300, 112, 34, "Text encoder", frozen=True)
    path = sheet.box(
        600, 184, 130, 40, r"path: $\varepsilon - z$", diagram.vector(table["v"], ".1f")
    )
    error = sheet.loss(636, 254, 84, 40, "error")
    sheet.arrow(z.right(), mix.left(-6), via=156)
    sheet.arrow(noise.right(), mix.left(6), via=156)
    sheet.arrow(time, mix)
    sheet.chain([mix, z_t, net])
    sheet.arrow(time.right(), net.top(), via=[(456, 176)])
    sheet.arrow(words.right(), text.left(), via=[(380, 296), (380, 300)])
    sheet.arrow(text, net)
    sheet.arrow(net.right(), error.left(), via=564)
    sheet.arrow(path.bottom(), error.top(), via=220)
    sheet.gradient(error.bottom(), net.right(20), via=[(636, 288), (532, 288), (532, 248)])
    sheet.label(524, 305, "frozen", anchor="start")
    sheet.band(338, 128, "3 Use", "from a prompt to pixels: all frozen")
    prompt = sheet.box(64, 428, 100, 34, "prompt: left")
    read = sheet.network(182, 428, 112, 40, "Text encoder", frozen=True)
    start = sheet.box(306, 382, 100, 28, "noise, $t = 1$", random=True)
    steps = sheet.network(306, 434, 100, 44, "Denoiser", "some steps", frozen=True)
    out = sheet.box(412, 434, 78, 40, "$z$", "(1, −1)")
    divide = sheet.pill(484, 434, 42, 32, "$/ s$")
    back = sheet.decoder(560, 434, 78, 46, "Decoder", frozen=True)
    end = sheet.box(652, 434, 66, 40, "picture")
    sheet.chain([prompt, read])
    sheet.arrow(read.right(), steps.left(), via=247)
    sheet.arrow(start, steps)
    sheet.chain([steps, out, divide, back, end])


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From the top to the bottom."""
    sheet.band(0, 236, "1 Autoencoder", "on pictures alone")
    x = sheet.box(90, 58, 150, 42, "picture $x$", diagram.vector(table["x"], ".1f"))
    encoder = sheet.encoder(90, 124, 116, 48, "Encoder", flow="down")
    code = sheet.box(90, 196, 110, 42, "code", diagram.vector(table["code"], ".1f"))
    decoder = sheet.decoder(266, 196, 116, 48, "Decoder", flow="up")
    again = sheet.box(266, 124, 146, 42, "rebuilt", diagram.vector(table["rebuilt"], ".1f"))
    loss = sheet.loss(266, 58, 70, 38, "error")
    sheet.chain([x, encoder, code])
    sheet.arrow(code, decoder)
    sheet.arrow(decoder, again)
    sheet.arrow(again, loss)
    sheet.gradient(loss.right(), decoder.right(), via=346)
    sheet.gradient(loss.left(), encoder.right(), via=179)
    sheet.band(248, 400, "2 Denoiser", "autoencoder frozen")
    z = sheet.box(90, 308, 120, 42, "$z = s$ · code", diagram.vector(table["z"], ".1f"))
    noise = sheet.box(
        256,
        308,
        120,
        42,
        r"noise $\varepsilon$",
        diagram.vector(table["noise"], ".1f"),
        random=True,
    )
    mix = sheet.pill(190, 372, 62, 32, "mix")
    time = sheet.box(290, 372, 80, 28, f"$t = {table['time'][0]:g}$", random=True)
    z_t = sheet.box(190, 428, 104, 40, "$z_t$", diagram.vector(table["z_t"], ".1f"))
    net = sheet.network(190, 506, 108, 52, "Denoiser", r"$v_\theta$")
    words = sheet.box(62, 438, 96, 34, "prompt: left")
    text = sheet.network(62, 506, 116, 34, "Text encoder", frozen=True)
    error = sheet.loss(190, 606, 84, 38, "error")
    path = sheet.box(
        296, 606, 104, 42, r"path: $\varepsilon - z$", diagram.vector(table["v"], ".1f")
    )
    sheet.arrow(z.bottom(), mix.left(), via=[(90, 372)])
    sheet.arrow(noise.bottom(-40), mix.top(), via=344)
    sheet.arrow(time, mix)
    sheet.chain([mix, z_t, net, error])
    sheet.arrow(time.bottom(), net.right(), via=[(290, 506)])
    sheet.arrow(words, text)
    sheet.arrow(text, net)
    sheet.arrow(path, error)
    sheet.gradient(error.top(-24), net.bottom(-24))
    sheet.label(58, 540, "frozen")
    sheet.band(660, 240, "3 Use", "all frozen")
    prompt = sheet.box(70, 716, 110, 34, "prompt: left")
    read = sheet.network(70, 784, 110, 36, "Text encoder", frozen=True)
    start = sheet.box(232, 716, 120, 34, "noise, $t = 1$", random=True)
    steps = sheet.network(232, 784, 120, 42, "Denoiser", "some steps", frozen=True)
    out = sheet.box(300, 862, 80, 40, "$z$", "(1, −1)")
    divide = sheet.pill(218, 862, 48, 32, "$/ s$")
    back = sheet.decoder(136, 862, 84, 44, "Decoder", flow="left", frozen=True)
    end = sheet.box(48, 862, 60, 34, "picture")
    sheet.arrow(prompt, read)
    sheet.arrow(read, steps)
    sheet.arrow(start, steps)
    sheet.arrow(steps.bottom(), out.top(), via=826)
    sheet.chain([out, divide, back, end])


FIGURES = [diagram.Recipe("models/latent-diffusion/diagram", numbers, draw, absolute=1e-6)]

if __name__ == "__main__":
    style.main(FIGURES)
