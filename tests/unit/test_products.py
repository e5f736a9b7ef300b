"""Products that lie in memory key by key are the same numbers."""

import pytest
import torch

from prism_core.models.products import products, products_by_key


@pytest.mark.parametrize("num_queries", [1, 5, 16])
def test_the_order_in_memory_changes_no_value(num_queries: int) -> None:
    generator = torch.Generator().manual_seed(0)
    queries = torch.randn(num_queries, 8, generator=generator).double()
    keys = torch.randn(40, 8, generator=generator).double()
    by_key = products_by_key(queries, keys)
    assert by_key.T.is_contiguous()
    torch.testing.assert_close(by_key, products(queries, keys))


def test_products_keep_their_precision_under_autocast() -> None:
    queries, keys = torch.ones(2, 8), torch.ones(3, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = products_by_key(queries, keys), products(queries, keys)
    assert [scores.dtype for scores in found] == [torch.float32] * 2
