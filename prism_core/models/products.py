"""Products of all queries with all items, in the precision and the order in memory that suit."""

import torch
from torch import Tensor


def products(queries: Tensor, keys: Tensor) -> Tensor:
    """Multiply every query ``(T, V)`` with every key ``(C, V)`` as they are: ``(T, C)``."""
    with torch.autocast(queries.device.type, enabled=False):
        return queries @ keys.T


def products_by_key(queries: Tensor, keys: Tensor) -> Tensor:
    """Compute `products` such that, on a CPU, all that belong to one key lie side by side.

    With few queries and many keys that is a fifth faster, and so is what runs over each query's
    products; only sorting them is slower.
    """
    if queries.device.type != "cpu":
        return products(queries, keys)
    return products(keys, queries).T


def lowered(values: Tensor) -> Tensor:
    """Round to the precision that autocast computes products in, where it is on."""
    kind = values.device.type
    return values.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else values
