"""Items looked up together are those looked up apart, and learn alike."""

import pytest
import torch
from torch import Tensor

from prism_core.models.part_tables import CodedParts, DenseParts, KnownCodes, PartTable, Term
from prism_core.models.tables import ItemTable

NUM_ITEMS, WIDTH, SIZE = 9, 4, 2


def leaves() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = [(NUM_ITEMS + 1, WIDTH), (NUM_ITEMS + 1, 2, SIZE), (3, SIZE)]
    return [torch.randn(shape, generator=generator).requires_grad_() for shape in shapes]


def table(kind: str, ids: Tensor, vectors: Tensor, to_part: Tensor) -> ItemTable:
    content: PartTable = DenseParts(vectors)
    if kind == "coded":
        rows = torch.randn(NUM_ITEMS + 1, 3, generator=torch.Generator().manual_seed(1))
        codes = KnownCodes(known=rows, terms=(Term(1, 3, to_part),))
        placed = KnownCodes(known=vectors[:, 0], terms=(Term(0, SIZE, None),))
        content = CodedParts([placed, codes], 2)
    return ItemTable(ids, content)


@pytest.mark.parametrize("kind", ["dense", "coded"])
def test_several_lookups_in_one(kind: str) -> None:
    asked = [torch.tensor([[0, 3, 3], [5, 9, 1]]), torch.tensor([3, 7]), torch.tensor([4])]
    gradients = []
    for together in (True, False):
        made = leaves()
        items = table(kind, *made)
        found = items.of_several(asked) if together else [items.of(some) for some in asked]
        for some, (ids, parts) in zip(asked, found, strict=True):
            assert ids.shape == (*some.shape, WIDTH)
            torch.testing.assert_close(ids, made[0][some])
            for part, expected in zip(parts, items.content.all, strict=True):
                torch.testing.assert_close(part, expected[some])
        total = sum(
            (place + 1) * vectors.square().sum()
            for place, (ids, parts) in enumerate(found)
            for vectors in (ids, *parts)
        )
        total.backward()
        gradients.append([leaf.grad for leaf in made if leaf.grad is not None])
    assert len(gradients[0]) == (3 if kind == "coded" else 2)
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)
