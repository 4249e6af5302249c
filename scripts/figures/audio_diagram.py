"""docs/models/audio/diagram.svg: a reader in training and in use, a codec, and speech by codes, with the example."""

import torch

from docs.models.audio import audio, codec
from scripts.figures import diagram, style

NAMES = ("–", "a", "b")
ROWS = ("1", "2", "3")


def numbers() -> style.Table:
    """Powers and probabilities of the example by frame, the loss, the path; codes, error and decibels of a frame."""
    x = torch.tensor([audio.SOUND], dtype=torch.float64)
    power = audio.spectrogram(x, torch.ones(4, dtype=torch.float64), 4)[0]
    p = torch.tensor(audio.FRAMES, dtype=torch.float64)
    books = [torch.tensor(codec.COARSE), torch.tensor(codec.FINE)]
    frame = torch.tensor([codec.FRAME])
    k = codec.encode(frame, books)
    made = codec.decode(k, books)
    return {
        "power": power.round().flatten().tolist(),
        "p": p.flatten().tolist(),
        "loss": [-float(audio.log_probability(p.log(), [1, 2]))],
        "path": [float(n) for n in p.argmax(-1)],
        "x": frame.flatten().tolist(),
        "k": [float(n) + 1 for n in k.flatten()],
        "made": made.flatten().tolist(),
        "error": [float((frame - made).square().sum())],
        "db": [float(codec.snr(frame, made))],
    }


def table_of(table: style.Table, name: str) -> list[list[float]]:
    """Nine numbers as three rows."""
    return [table[name][3 * t : 3 * t + 3] for t in range(3)]


def draw(table: style.Table, sheet: diagram.Sheet) -> None:
    """Reading, coding, speaking."""
    (narrow if sheet.narrow else wide)(table, sheet)


def quality(table: style.Table) -> tuple[str, str]:
    """The squared error of the restored frame, and its signal-to-noise ratio."""
    return f"error {table['error'][0]:.2f}", f"SNR {table['db'][0]:.1f} dB"


def words(table: style.Table) -> tuple[str, str, str, list[str]]:
    """A frame, its codes, the restored frame, and the likeliest letters."""
    frame, codes, made = (diagram.vector(table[name]) for name in ("x", "k", "made"))
    path = [NAMES[int(n)] for n in table["path"][:3]]
    return frame, codes, made, path


def wide(table: style.Table, sheet: diagram.Sheet) -> None:
    """From left to right."""
    frame, codes, made, path = words(table)
    sheet.band(0, 186, "Recognition, training", "the reader learns; rows of tables are frames")
    y = 104
    x = sheet.box(60, y, 96, 46, "1, 0, −1, …", gloss="12 samples")
    spectrum = sheet.pill(176, y, 104, 34, "spectrogram")
    power = sheet.matrix(
        304,
        y,
        table_of(table, "power"),
        cell=(28, 24),
        digits=0,
        columns=("0", "1", "2"),
    )
    reader = sheet.network(412, y, 84, 46, "Reader")
    p = sheet.matrix(528, y, table_of(table, "p"), cell=(30, 24), digits=1, columns=NAMES)
    loss = sheet.loss(646, y, 108, 50, rf"$-\log p$ = {table['loss'][0]:.2f}")
    right = sheet.box(646, 44, 60, 28, "ab")
    sheet.chain([x, spectrum, power])
    sheet.arrow(power, reader)
    sheet.arrow(reader, p)
    sheet.arrow(p, loss)
    sheet.arrow(right, loss)
    sheet.label(600, 48, "the text", anchor="end")
    sheet.label(304, 160, "0, 1, 2 Hz")
    sheet.gradient(loss.bottom(), reader.bottom(), "gradient", via=172)
    sheet.band(196, 90, "Recognition, in use", "nothing learns")
    sound = sheet.box(60, 244, 80, 36, "sound")
    reader = sheet.network(184, 244, 84, 42, "Reader", frozen=True)
    best = sheet.pill(310, 244, 100, 34, "likeliest")
    row = sheet.tokens(430, 244, path, gap=0, width=28)
    fold = sheet.pill(544, 244, 96, 34, "collapse")
    text = sheet.box(652, 244, 60, 34, "ab")
    sheet.chain([sound, reader, best])
    sheet.arrow(best, row[0])
    sheet.arrow(row[-1], fold)
    sheet.arrow(fold, text)
    sheet.band(296, 206, "Codec, training", "encoder, codebooks and decoder learn")
    y = 380
    x = sheet.box(76, y, 120, 46, frame, gloss=r"$\mathbf{x}$, one frame")
    encoder = sheet.encoder(212, y, 92, 60)
    near = sheet.pill(324, y, 92, 40, "nearest,", "twice")
    k = sheet.box(424, y, 70, 46, codes, gloss="codes")
    decoder = sheet.decoder(520, y, 92, 60)
    out = sheet.box(638, y, 116, 46, made, gloss=r"$\hat{\mathbf{x}}$")
    error, ratio = quality(table)
    loss = sheet.loss(638, 458, 116, 46, error, gloss=ratio)
    book = sheet.network(374, 458, 116, 40, "2 codebooks")
    sheet.chain([x, encoder, near, k, decoder, out, loss])
    sheet.arrow(book.top(-50), near.bottom())
    sheet.arrow(book.right(), decoder.bottom(-20), via=[(500, 458)])
    sheet.arrow(x.bottom(), loss.bottom(), via=492)
    sheet.gradient(loss.left(), decoder.bottom(16), via=[(536, 458)])
    sheet.gradient(
        decoder.top(), encoder.top(), "gradient, straight through", via=336, side="below"
    )
    sheet.band(512, 128, "Speech, in use", "a language model trained on codes; nothing learns")
    y = 580
    text = sheet.box(56, y, 80, 40, "ab", gloss="text")
    model = sheet.network(192, y, 144, 46, "Language model", frozen=True)
    pill = sheet.pill(308, y, 64, 34, "draw")
    k = sheet.box(408, y, 92, 44, codes, gloss="of each frame", random=True)
    decoder = sheet.decoder(530, y, 92, 56, frozen=True)
    sound = sheet.box(648, y, 84, 40, "sound")
    sheet.chain([text, model, pill, k, decoder, sound])
    sheet.arrow(k.bottom(), model.bottom(), "codes drawn before", via=628, side="above")
    sheet.label(530, 626, "with the codebooks")


def narrow(table: style.Table, sheet: diagram.Sheet) -> None:
    """From top to bottom."""
    frame, codes, made, path = words(table)
    sheet.band(0, 434, "Recognition, training", "the reader learns")
    at = 110
    x = sheet.box(at, 58, 130, 42, "1, 0, −1, …", gloss="12 samples")
    spectrum = sheet.pill(at, 114, 116, 32, "spectrogram")
    power = sheet.matrix(
        at,
        196,
        table_of(table, "power"),
        cell=(30, 24),
        digits=0,
        rows=ROWS,
        columns=("0", "1", "2"),
    )
    reader = sheet.network(at, 268, 96, 36, "Reader")
    p = sheet.matrix(
        at, 356, table_of(table, "p"), cell=(32, 24), digits=1, rows=ROWS, columns=NAMES
    )
    loss = sheet.loss(274, 356, 120, 48, rf"$-\log p$ = {table['loss'][0]:.2f}")
    right = sheet.box(274, 410, 60, 26, "ab")
    sheet.arrow(x, spectrum)
    sheet.arrow(spectrum, diagram.Port(at, 142, 0, -1))
    sheet.arrow(power, reader)
    sheet.arrow(reader, diagram.Port(at, 302, 0, -1))
    sheet.arrow(p, loss)
    sheet.arrow(right, loss)
    sheet.label(172, 200, "frame by Hz", anchor="start")
    sheet.label(at, 412, "frame by letter")
    sheet.label(234, 414, "text", anchor="end")
    sheet.gradient(loss.top(), reader.right(), "gradient", via=[(274, 268)], side="above")
    sheet.band(444, 236, "Recognition, in use", "nothing learns")
    sound = sheet.box(at, 496, 80, 30, "sound")
    reader = sheet.network(at, 544, 96, 36, "Reader", frozen=True)
    best = sheet.pill(at, 594, 100, 30, "likeliest")
    row = sheet.tokens(at, 646, path, gap=0, width=30)
    fold = sheet.pill(222, 646, 92, 32, "collapse")
    text = sheet.box(310, 646, 46, 32, "ab")
    sheet.chain([sound, reader, best, row[1]])
    sheet.arrow(row[-1], fold)
    sheet.arrow(fold, text)
    sheet.band(690, 470, "Codec, training", "all three learn")
    x = sheet.box(at, 748, 130, 42, frame, gloss=r"$\mathbf{x}$, one frame")
    encoder = sheet.encoder(at, 818, 104, 50, flow="down")
    near = sheet.pill(at, 886, 110, 32, "nearest, twice")
    k = sheet.box(at, 944, 90, 42, codes, gloss="codes")
    decoder = sheet.decoder(at, 1016, 104, 52, flow="down")
    out = sheet.box(at, 1080, 140, 36, rf"$\hat{{\mathbf{{x}}}}$ = {made}")
    error, ratio = quality(table)
    loss = sheet.loss(at, 1132, 170, 42, error, gloss=ratio)
    book = sheet.network(276, 886, 116, 40, "2 codebooks")
    sheet.chain([x, encoder, near, k, decoder, out, loss])
    sheet.arrow(book, near)
    sheet.arrow(book.bottom(), decoder.right(), via=[(276, 1016)])
    sheet.arrow(x.right(), loss.right(), via=[(340, 748), (340, 1132)])
    sheet.gradient(loss.left(), decoder.left(12), via=[(12, 1132), (12, 1028)])
    sheet.gradient(decoder.left(-12), encoder.left(), via=26)
    sheet.label(176, 812, "dashed at the left:", anchor="start")
    sheet.label(176, 828, "gradients", anchor="start")
    sheet.band(1170, 334, "Speech, in use", "nothing learns")
    text = sheet.box(at, 1224, 80, 40, "ab", gloss="text")
    model = sheet.network(at, 1286, 134, 42, "Language model", frozen=True)
    pill = sheet.pill(at, 1340, 80, 30, "draw")
    k = sheet.box(at, 1396, 100, 42, codes, gloss="of each frame", random=True)
    decoder = sheet.decoder(at, 1464, 104, 46, flow="down", frozen=True)
    sound = sheet.box(276, 1464, 84, 36, "sound")
    sheet.chain([text, model, pill, k, decoder, sound])
    sheet.arrow(k.right(), model.right(), via=[(234, 1396), (234, 1286)])
    sheet.label(244, 1336, "codes drawn", anchor="start")
    sheet.label(244, 1352, "before", anchor="start")
    sheet.label(at, 1500, "with the codebooks")


FIGURES = [diagram.Recipe("models/audio/diagram", numbers, draw)]

if __name__ == "__main__":
    style.main(FIGURES)
