"""Packed rows equal documents run alone: hidden states, loss and gradients."""

import inspect
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn.attention import varlen
from transformers import PreTrainedModel

from medbert.config import Architecture, tiny, tiny_long
from medbert.model import PackedMaskedLM, new_model

LENGTHS = [7, 1, 90, 33, 2]
BERT = replace(tiny().architecture, layers=2, hidden=96, heads=2, positions=128)
MODERN = replace(tiny_long().architecture, hidden=64, heads=2, positions=256, local_attention=32)


def packed(architecture: Architecture) -> tuple[PackedMaskedLM, dict[str, Any]]:
    torch.manual_seed(0)
    model = PackedMaskedLM(new_model(architecture, 200)).eval()
    row = {
        "inputs": torch.randint(5, 200, (sum(LENGTHS),)),
        "positions": torch.cat([torch.arange(n) for n in LENGTHS]),
        "boundaries": torch.tensor([0, *torch.tensor(LENGTHS).cumsum(0).tolist()], dtype=torch.int32),
    }
    return model, row


@pytest.mark.parametrize("architecture", [BERT, MODERN], ids=["bert", "modernbert"])
def test_packed_equals_padded_in_states_and_gradients(architecture: Architecture) -> None:
    model, row = packed(architecture)
    states = model.encode(**row, longest=128, lengths=LENGTHS)
    weight = torch.randn_like(states)
    (states * weight).sum().backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()

    inner = model.model
    assert isinstance(inner, PreTrainedModel)
    inner.set_attn_implementation("sdpa")
    padded = torch.zeros(len(LENGTHS), max(LENGTHS), dtype=torch.long)
    mask = torch.zeros_like(padded)
    for i, ids in enumerate(row["inputs"].split(LENGTHS)):
        padded[i, : len(ids)], mask[i, : len(ids)] = ids, 1
    alone = inner.base_model(input_ids=padded, attention_mask=mask).last_hidden_state[mask.bool()]
    (alone * weight).sum().backward()

    torch.testing.assert_close(states, alone, atol=2e-5, rtol=1e-4)
    assert gradients
    for name, parameter in model.named_parameters():
        if name in gradients and parameter.grad is not None:
            torch.testing.assert_close(
                gradients[name], parameter.grad, atol=2e-3, rtol=1e-3, msg=lambda m, n=name: f"{n}: {m}"
            )


@pytest.mark.parametrize("architecture", [BERT, MODERN], ids=["bert", "modernbert"])
def test_documents_do_not_see_each_other(architecture: Architecture) -> None:
    model, row = packed(architecture)
    with torch.no_grad():
        before = model.encode(**row, longest=128, lengths=LENGTHS)
        row["inputs"][: LENGTHS[0]] = 9
        after = model.encode(**row, longest=128, lengths=LENGTHS)
    assert not torch.equal(before[: LENGTHS[0]], after[: LENGTHS[0]])
    torch.testing.assert_close(before[LENGTHS[0] :], after[LENGTHS[0] :], atol=0, rtol=0)


def test_the_loss_is_that_of_the_full_decoder() -> None:
    model, row = packed(BERT)
    where = torch.tensor([0, 9, 50, 100])
    labels = torch.tensor([11, 12, 13, 14])
    loss, right = model(**row, where=where, labels=labels, longest=128, lengths=LENGTHS)
    full = model.logits(model.encode(**row, longest=128, lengths=LENGTHS))
    expected = torch.nn.functional.cross_entropy(full[where], labels)
    torch.testing.assert_close(loss, expected)
    assert right == (full[where].argmax(-1) == labels).sum()


def test_varlen_attention_is_called_as_this_release_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    signature, seen = inspect.signature(varlen.varlen_attn), []

    def stand_in(*arguments: Any, **options: Any) -> torch.Tensor:
        seen.append(signature.bind(*arguments, **options).arguments.get("window_size"))
        return arguments[0]

    monkeypatch.setattr(varlen, "varlen_attn", stand_in)
    for architecture in (BERT, MODERN):
        model, row = packed(architecture)
        assert model.encode(**row, longest=128).shape == (sum(LENGTHS), architecture.hidden)
    assert seen == [None] * BERT.layers + [None, (16, 16), (16, 16)]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("architecture", [Architecture(layers=2, dropout=0.0), MODERN], ids=["head96", "modernbert"])
def test_varlen_equals_sequence_by_sequence(architecture: Architecture) -> None:
    model, row = packed(architecture)
    model, row = model.cuda(), {name: tensor.cuda() for name, tensor in row.items()}
    with torch.no_grad(), torch.autocast("cuda", torch.bfloat16):
        exact = model.encode(**row, longest=128, lengths=LENGTHS)
        varlen = model.encode(**row, longest=128)
    torch.testing.assert_close(varlen, exact, atol=6e-2, rtol=6e-2)
