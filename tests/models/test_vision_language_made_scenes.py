"""The made scenes of the page on vision-language models: pictures, words and questions say the same."""

from importlib import import_module

import torch

made = import_module("docs.models.vision-language.made_scenes")


def test_answers_say_what_the_picture_and_the_words_show() -> None:
    generator = torch.Generator().manual_seed(0)
    scene = made.scenes(300, generator)
    words, answer = made.asked(scene, generator)
    x = scene.paint(generator, noise=0.0).view(300, 2, made.CELL, made.CELL, 3)
    light = x.amax((2, 3))
    assert torch.equal(light, made.LIGHT[scene.colour])
    for b, ((first, second), right) in enumerate(zip(words.tolist(), answer.tolist(), strict=True)):
        told = scene.told()[b].tolist()
        if second < made.LEFT:
            assert told[told.index(second) - 1] == right
        else:
            place = told[2 * (second - made.LEFT) :][:2]
            assert right == place[first == made.SHAPE]


def test_bias_is_the_share_of_the_usual_colour() -> None:
    scene = made.scenes(4000, torch.Generator().manual_seed(1), 0.9)
    share = (scene.colour == scene.shape).double().mean()
    assert abs(float(share) - 0.9) < 0.02
    turned = made.scenes(500, torch.Generator().manual_seed(2), 1e-9)
    assert not (turned.colour == turned.shape).any()


def test_counted_scenes_hold_as_many_shapes() -> None:
    count = torch.arange(7)
    scene = made.counted(count, 9, torch.Generator().manual_seed(3))
    assert torch.equal((scene.colour >= 0).sum(1), count)
    x = scene.paint(torch.Generator().manual_seed(4), noise=0.0)
    assert torch.equal((x.sum(-1) > 0).sum(1), count)


def test_patches_and_smaller_pictures_keep_their_places() -> None:
    x = torch.arange(64.0).view(1, 8, 8)
    cut = made.patches(x, 4)
    assert torch.equal(cut[0, 1].view(4, 4), x[0, :4, 4:])
    assert made.smaller(x, 4)[0, 1, 0] == x[0, 4:, :4].mean()
