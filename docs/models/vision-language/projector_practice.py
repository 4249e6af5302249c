"""A projector of two layers and pixel shuffle with torch alone."""

from torch import Tensor, nn
from torch.nn.functional import pixel_unshuffle


# --8<-- [start:projector]
def merged(z: Tensor, r: int) -> Tensor:
    """Squares of r x r vectors become one: z (B, H, W, D) to (B, H / r, W / r, D * r * r). Source: definition."""
    return pixel_unshuffle(z.permute(0, 3, 1, 2), r).permute(0, 2, 3, 1)


projector = nn.Sequential(nn.Linear(4 * 1024, 4096), nn.GELU(), nn.Linear(4096, 4096))
# tokens = projector(merged(vectors, 2)).flatten(1, 2)   (B, 256, 4096) of (B, 32, 32, 1024)
# --8<-- [end:projector]
