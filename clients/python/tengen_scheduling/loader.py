"""Plans plugged into torch's DataLoader: a sampler of planned micro-batches, and a data set that cuts out a rank's part."""
from dataclasses import dataclass
from typing import Tuple

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from .rank_batch import make_rank_batch
from .service import Cluster


@dataclass(frozen=True)
class Grid:
    """A cluster and the place of this process in it."""

    cluster: Cluster
    data_parallel_rank: int
    context_parallel_rank: int


@dataclass(frozen=True)
class PlannedMicroBatch:
    """A micro-batch of this group: indices into the data set, and a rank or SHARDED for each."""

    sequences: Tuple[int, ...]
    placements: Tuple[int, ...]
    normaliser: float
    step: int
    is_last: bool


class GlobalBatches(Sampler):
    """Which sequences form which global batch: seeded, equal on every rank, and no matter of the policy.

    A last batch that would be smaller is dropped, as the learning rate is made for full ones. Call set_epoch before every
    epoch, as for torch's DistributedSampler.
    """

    def __init__(self, count, batch_size, seed=0):
        self.count, self.batch_size, self.seed, self.epoch = count, batch_size, seed, 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return self.count // self.batch_size

    def __iter__(self):
        order = torch.randperm(self.count, generator=torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch))
        for step in range(len(self)):
            yield order[step * self.batch_size : (step + 1) * self.batch_size].tolist()


class ScheduledSampler(Sampler):
    """The planned micro-batches of this group, step after step; the server is asked once a step.

    batches: yields global batches as lists of indices; a GlobalBatches, or any other that is equal on every rank.
    weights: for each sequence the loss weight of all its targets; its length less one if absent.
    pad: makes up with empty micro-batches for groups that have fewer, for loops that reduce gradients in each (ZeRO-2).
    """

    def __init__(self, batches, lengths, grid, client, policy="skrull-refined", weights=None, micro_batch=0, pad=False):
        self.batches, self.lengths, self.grid, self.client = batches, lengths, grid, client
        self.policy, self.micro_batch, self.pad = policy, micro_batch, pad
        self.weights = weights if weights is not None else [length - 1 for length in lengths]

    def __iter__(self):
        for step, batch in enumerate(self.batches):
            lengths = [int(self.lengths[index]) for index in batch]
            groups = self.client.plan(lengths, self.grid.cluster, self.policy, self.micro_batch)
            normaliser = float(sum(self.weights[index] for index in batch))
            planned = [
                ([batch[s] for s in micro_batch.sequences], micro_batch.placements)
                for micro_batch in groups[self.grid.data_parallel_rank]
            ]
            # A group without sequences still takes part in the reduction at the end of the step.
            count = max(map(len, groups)) if self.pad else max(1, len(planned))
            planned += [([], ())] * (count - len(planned))
            for i, (sequences, placements) in enumerate(planned):
                yield PlannedMicroBatch(tuple(sequences), tuple(placements), normaliser, step, i == count - 1)


class ScheduledSequences(Dataset):
    """A map-style data set seen through planned micro-batches.

    Its items are tokens [S], or a pair of tokens [S] and loss weights [S] of the tokens as targets.
    """

    def __init__(self, dataset, grid):
        self.dataset, self.grid = dataset, grid

    def __getitem__(self, planned):
        samples = [self._pair(self.dataset[index]) for index in planned.sequences]
        rank, ranks = self.grid.context_parallel_rank, self.grid.cluster.context_parallel
        return make_rank_batch(samples, planned, rank, ranks)

    @staticmethod
    def _pair(item):
        return item if isinstance(item, tuple) else (item, torch.ones(len(item)))


def scheduled_loader(dataset, lengths, grid, client, batch_size, seed=0, num_workers=0, **options):
    """A DataLoader of RankBatch. The options are those of ScheduledSampler; workers load data one or more batches ahead."""
    sampler = ScheduledSampler(GlobalBatches(len(lengths), batch_size, seed), lengths, grid, client, **options)
    # Without batch_size every item of the sampler is one index of the data set: a planned micro-batch.
    sequences = ScheduledSequences(dataset, grid)
    return DataLoader(sequences, sampler=sampler, batch_size=None, num_workers=num_workers, collate_fn=_as_it_is)


def _as_it_is(batch):
    return batch
