"""The lines of docs/architectures/vision-transformer.md that one writes today, against the page's own code."""

import importlib

import torch
from torch import nn

vit = importlib.import_module("docs.architectures.vision-transformer.vision_transformer")
backbone = importlib.import_module("docs.architectures.vision-transformer.backbone")


def like(block: nn.Module, layer: nn.TransformerEncoderLayer) -> None:
    """The weights of PyTorch's layer into a block of the page."""
    names = {
        "qkv.weight": "self_attn.in_proj_weight", "qkv.bias": "self_attn.in_proj_bias",
        "out": "self_attn.out_proj", "up": "linear1", "down": "linear2", "norm1": "norm1", "norm2": "norm2",
    }  # fmt: skip
    given = layer.state_dict()
    block.load_state_dict(
        {key: given[names.get(key) or names[key.split(".")[0]] + "." + key.split(".")[1]]
         for key in block.state_dict()}
    )  # fmt: skip


def test_the_network_is_the_backbone_of_pytorchs_parts() -> None:
    torch.manual_seed(0)
    ready = backbone.Backbone(8, 2, 24, 4, 2)
    nn.init.normal_(ready.places)
    ours = vit.ViT(channels=3)
    given = ready.state_dict()
    for n, block in enumerate(ours.blocks):
        like(block, ready.blocks.layers[n])
    with torch.no_grad():
        ours.embed.weight.copy_(given["embed.weight"].flatten(1))
        ours.embed.bias.copy_(given["embed.bias"])
        ours.token.copy_(given["token"] + given["places"][:, :1])
        ours.places.copy_(given["places"][0, 1:])
        x = torch.randn(2, 3, 8, 8)
        torch.testing.assert_close(ours(x), ours.head(ready.train()(x)), atol=1e-4, rtol=1e-3)
