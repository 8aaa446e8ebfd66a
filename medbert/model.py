"""transformers' BERT and ModernBERT on flat buffers: attention within documents, loss on masked tokens only.

Packed attention is registered with transformers under the name `packed`; the modules and their weights
are the library's own, so what is trained here is loaded anywhere with `AutoModel`. Packed rows under
plain attention without a mask would let documents see each other silently: tests hold this one equal to
documents run alone, in hidden states and gradients.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from transformers import (
    AttentionInterface,
    AttentionMaskInterface,
    BertConfig,
    BertForMaskedLM,
    ModernBertConfig,
    ModernBertForMaskedLM,
)

from medbert.config import GLOBAL_EVERY, Architecture
from medbert.tokenizer import SPECIAL_TOKENS

PACKED = "packed"
PAD, CLS, SEP = (SPECIAL_TOKENS.index(name) for name in ("[PAD]", "[CLS]", "[SEP]"))


def packed_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    boundaries: torch.Tensor,
    longest: int,
    lengths: list[int] | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attend within sequences of a flat row; query, key and value are [1, heads, tokens, head size].

    `boundaries`, int32 [sequences + 1], are where sequences begin and the end, `longest` bounds their
    lengths. On a GPU this is PyTorch's variable-length attention; elsewhere, given `lengths`, exact
    attention sequence by sequence. `sliding_window` - 1 tokens to each side are seen where it is given.
    Returns [1, tokens, heads, head size].
    """
    if dropout:
        raise ValueError("packed attention has no dropout")
    if lengths is not None:
        window = None if sliding_window is None else sliding_window - 1
        return _attend_each(query, key, value, lengths, scaling, window), None
    from torch.nn.attention.varlen import varlen_attn  # needs a CUDA build at import in some versions

    q, k, v = (states.squeeze(0).transpose(0, 1) for states in (query, key, value))
    # releases differ in the options' names, so only those are given that are not the default
    options: dict[str, Any] = {}
    if scaling is not None and not math.isclose(scaling, query.shape[-1] ** -0.5):
        options["scale"] = scaling
    if sliding_window is not None:
        options["window_size"] = (sliding_window - 1, sliding_window - 1)
    out = varlen_attn(q, k, v, boundaries, boundaries, longest, longest, **options)
    return torch.as_tensor(out).unsqueeze(0), None


def _attend_each(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    lengths: list[int],
    scaling: float | None,
    window: int | None,
) -> torch.Tensor:
    rows = []
    for q, k, v in zip(*(states.split(lengths, dim=2) for states in (query, key, value)), strict=True):
        mask = None
        if window is not None and q.shape[2] > window + 1:
            place = torch.arange(q.shape[2], device=q.device)
            mask = (place[:, None] - place[None, :]).abs() <= window
        rows.append(F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scaling))
    return torch.cat(rows, dim=2).transpose(1, 2)


def _no_mask(*arguments: Any, **kwargs: Any) -> None:
    """Build no mask: boundaries say it all."""


AttentionInterface.register(PACKED, packed_attention)
AttentionMaskInterface.register(PACKED, _no_mask)


def new_model(architecture: Architecture, vocabulary_size: int) -> nn.Module:
    """Return an untrained model that reads flat buffers, seeded by torch's generator.

    Raises ValueError for an unknown kind of architecture.
    """
    shared: dict[str, Any] = {
        "vocab_size": vocabulary_size,
        "hidden_size": architecture.hidden,
        "num_hidden_layers": architecture.layers,
        "num_attention_heads": architecture.heads,
        "intermediate_size": architecture.feed_forward,
        "max_position_embeddings": architecture.positions,
        "pad_token_id": PAD,
        "bos_token_id": CLS,
        "eos_token_id": SEP,
        "cls_token_id": CLS,
        "sep_token_id": SEP,
        "attn_implementation": PACKED,
    }
    if architecture.kind == "bert":
        dropout: dict[str, Any] = {"hidden_dropout_prob": architecture.dropout, "attention_probs_dropout_prob": 0.0}
        model: nn.Module = BertForMaskedLM(BertConfig(**shared, **dropout))
        model.bert.pooler = None  # no next-sentence loss trains it
    elif architecture.kind == "modernbert":
        model = ModernBertForMaskedLM(ModernBertConfig(**shared, **long_settings(architecture)))
    else:
        raise ValueError(f"architecture {architecture.kind}: one of bert, modernbert")
    return model


def long_settings(architecture: Architecture) -> dict[str, Any]:
    """Return what only ModernBERT has: rotary positions, local attention but for every third layer."""
    return {
        "local_attention": architecture.local_attention,
        "global_attn_every_n_layers": GLOBAL_EVERY,
        "embedding_dropout": architecture.dropout,
        "mlp_dropout": architecture.dropout,
        "attention_dropout": 0.0,
    }


@torch.no_grad()
def start_from_frequencies(model: nn.Module, counts: np.ndarray) -> None:
    """Set the decoder's bias to the log of the tokens' frequencies, `counts` int64 [vocabulary], one added to each.

    An untrained model then guesses by frequency alone, and its loss is the unigram entropy.
    """
    share = (counts + 1) / (counts + 1).sum()
    output: Any = model.get_output_embeddings()  # pyright: ignore[reportCallIssue]
    output.bias.copy_(torch.from_numpy(np.log(share)))


class PackedMaskedLM(nn.Module):
    """The loss of a masked language model on flat buffers.

    `forward` takes `inputs` and `positions`, int64 [tokens], `boundaries`, int32 [sequences + 1, padded
    with the end], `where` and `labels`, int64 [masked]; `longest` bounds the sequences' lengths; `lengths`
    lists them where there is no GPU. Returns the mean cross-entropy, a float32 scalar in nats, and the
    number of right guesses. The decoder, a quarter of the work, runs on the masked tokens alone.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def encode(
        self,
        inputs: torch.Tensor,
        positions: torch.Tensor,
        boundaries: torch.Tensor,
        longest: int,
        lengths: list[int] | None = None,
    ) -> torch.Tensor:
        """Return the hidden states, [tokens, hidden]."""
        base: Any = self.model.base_model
        states = base(
            input_ids=inputs.unsqueeze(0),
            position_ids=positions.unsqueeze(0),
            boundaries=boundaries,
            longest=longest,
            lengths=lengths,
        )
        return states.last_hidden_state.squeeze(0)

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Return [states, vocabulary] of hidden states [states, hidden]."""
        model: Any = self.model
        return model.cls(states) if hasattr(model, "cls") else model.decoder(model.head(states))

    def forward(
        self,
        inputs: torch.Tensor,
        positions: torch.Tensor,
        boundaries: torch.Tensor,
        where: torch.Tensor,
        labels: torch.Tensor,
        longest: int,
        lengths: list[int] | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        states = self.encode(inputs, positions, boundaries, longest, lengths)
        logits = self.logits(states.index_select(0, where)).float()
        return F.cross_entropy(logits, labels), (logits.argmax(-1) == labels).sum()
