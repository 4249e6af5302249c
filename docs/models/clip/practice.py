"""The loss of CLIP and the use of its embeddings with torch and scikit-learn alone."""

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


# --8<-- [start:loss]
def loss(images: Tensor, captions: Tensor, log_scale: nn.Parameter) -> Tensor:
    """images, captions (N, E), of length 1, to (). Source: radford2021learning, figure 3."""
    logits = log_scale.exp().clamp(max=100) * images @ captions.T
    own = torch.arange(len(logits), device=logits.device)
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2
    # --8<-- [end:loss]


# --8<-- [start:search]
def search(images: Tensor, query: Tensor, k: int) -> np.ndarray:
    """The k images nearest to each query: images (N, E), query (Q, E) to (Q, k). Source: definition."""
    index = NearestNeighbors(n_neighbors=k, metric="cosine").fit(images.numpy())
    return np.asarray(index.kneighbors(query.numpy(), return_distance=False))
    # --8<-- [end:search]
