"""What one rank computes of a micro-batch: whole local sequences first, then its shards of the sharded ones."""
from dataclasses import dataclass
from typing import List

import torch

from .service import SHARDED
from .shards import zig_zag_shards

IGNORED = -100
"""Label of a token without a target; torch's cross_entropy ignores it."""


@dataclass
class RankBatch:
    """A micro-batch of one rank; T tokens, of which the first local_tokens are whole sequences of this rank.

    Attention is block-diagonal and causal: a query sees the keys of its own segment with positions up to its own. For local
    tokens those are on this rank; for the others they are the keys gathered from all ranks of the group, rank after rank, which
    gathered_segments and gathered_positions describe (gathered_sizes: how many are from each rank). A rank without tokens
    still has to join the exchange if gathered_sizes are not all 0.
    """

    tokens: torch.Tensor  # [T] int64
    positions: torch.Tensor  # [T] int64, from 0 in every sequence
    labels: torch.Tensor  # [T] int64, the next token of the sequence wherever it is computed, or IGNORED
    weights: torch.Tensor  # [T] float32, of each label in the loss
    segments: torch.Tensor  # [T] int64, the sequence within the micro-batch
    local_tokens: int
    local_lengths: List[int]  # of the local sequences in order, for variable-length attention kernels
    gathered_sizes: List[int]  # [N]
    gathered_segments: torch.Tensor  # [sum of gathered_sizes] int64
    gathered_positions: torch.Tensor  # [sum of gathered_sizes] int64
    normaliser: float  # W: the weight of all labels of the global batch
    step: int
    is_last: bool  # of its step: now reduce the gradients


def make_rank_batch(samples, plan, rank, ranks):
    """Cuts what `rank` of `ranks` computes out of a planned micro-batch.

    samples: for each sequence of the plan its tokens [S] and the loss weights [S] of them as targets (the weight of a token
    counts where the token before it is computed; the first one is nobody's target).
    """
    parts, segments, local_lengths = [], [], []
    sharded = [s for s, place in enumerate(plan.placements) if place == SHARDED]
    runs = [(s, [(0, len(samples[s][0]))]) for s, place in enumerate(plan.placements) if place == rank]
    local_lengths = [len(samples[s][0]) for s, _ in runs]
    runs += [(s, zig_zag_shards(len(samples[s][0]), ranks, rank)) for s in sharded]
    for s, shards in runs:
        columns = _shifted(*samples[s])
        for start, end in shards:
            parts.append([column[start:end] for column in columns])
            segments.append(torch.full((end - start,), s))
    tokens, positions, labels, weights = _concatenate(parts)
    sizes, gathered_segments, gathered_positions = _gathered(samples, sharded, ranks)
    return RankBatch(
        tokens=tokens,
        positions=positions,
        labels=labels,
        weights=weights,
        segments=torch.cat([torch.empty(0, dtype=torch.int64), *segments]),
        local_tokens=sum(local_lengths),
        local_lengths=local_lengths,
        gathered_sizes=sizes,
        gathered_segments=gathered_segments,
        gathered_positions=gathered_positions,
        normaliser=plan.normaliser,
        step=plan.step,
        is_last=plan.is_last,
    )


def _shifted(tokens, weights):
    """Tokens, positions, labels and their weights of a whole sequence.

    Labels are shifted before anything is cut: the one of a shard's last token may be on another rank.
    """
    tokens = torch.as_tensor(tokens, dtype=torch.int64)
    labels = torch.cat([tokens[1:], torch.tensor([IGNORED])])
    shifted = torch.cat([torch.as_tensor(weights, dtype=torch.float32)[1:], torch.zeros(1)])
    return tokens, torch.arange(len(tokens)), torch.where(shifted > 0, labels, torch.tensor(IGNORED)), shifted


def _concatenate(parts):
    empty = [torch.empty(0, dtype=dtype) for dtype in (torch.int64, torch.int64, torch.int64, torch.float32)]
    return [torch.cat([first, *columns]) for first, *columns in zip(empty, *parts)]


def _gathered(samples, sharded, ranks):
    sizes, segments, positions = [], [], []
    for rank in range(ranks):
        runs = [(s, start, end) for s in sharded for start, end in zig_zag_shards(len(samples[s][0]), ranks, rank)]
        sizes.append(sum(end - start for _, start, end in runs))
        segments += [torch.full((end - start,), s) for s, start, end in runs]
        positions += [torch.arange(start, end) for _, start, end in runs]
    empty = torch.empty(0, dtype=torch.int64)
    return sizes, torch.cat([empty, *segments]), torch.cat([empty, *positions])
