"""The made scenes of the page on CLIP: captions say what the pictures hold."""

import torch

from docs.models.clip import clip, scenes


def test_scenes_hold_what_their_captions_say() -> None:
    x = (
        torch.arange(1.0, 11).repeat_interleave(64).reshape(10, 64)
    )  # each pixel is the digit plus 1
    world = scenes.World(scenes.Digits(x, torch.arange(10)), 0.3, 0.5, rising=False)
    pictures, texts = world.batch(400, torch.Generator().manual_seed(0))
    seen = (pictures.reshape(400, 2, 64).mean(2).round() - 1).long().tolist()
    kinds = set()
    for places, text in zip(seen, texts.tolist(), strict=True):
        if text[1] == scenes.THEN:
            assert places == [text[0], text[2]]
        elif text[1] == scenes.NO:
            assert text[0] in places
            assert text[2] not in places
        else:
            digit = text[0] if text[1] == -1 else text[1]
            assert set(places) <= {digit, -1}
            if text[1] != -1:
                assert (text[0] == scenes.PAIR) == (places == [digit, digit])
        kinds.add(text[1] if text[1] in (scenes.THEN, scenes.NO) else text[0] >= scenes.SINGLE)
    assert kinds == {scenes.THEN, scenes.NO, True, False}
    rising = scenes.World(world.digits, swapped=True).batch(50, torch.Generator().manual_seed(1))[1]
    assert len(rising) == 100
    assert all(row[0] < row[2] for row in rising[:50].tolist() if row[1] == scenes.THEN)


def test_a_bag_of_words_cannot_tell_the_order() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        readers = [clip.Reader(len(scenes.KNOWN), 3, 8, 4, ordered) for ordered in (False, True)]
    text = scenes.in_order(torch.tensor([[3, 8], [1, 5]]))
    same = [torch.allclose(reader(text), reader(text.flip(1)), atol=1e-6) for reader in readers]
    assert same == [True, False]
