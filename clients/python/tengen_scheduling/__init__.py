"""Long and short sequences scheduled by a Tengen server, for PyTorch training on data-parallel × context-parallel ranks.

    client = SchedulingClient("127.0.0.1:5050")
    cluster = Cluster(data_parallel=4, context_parallel=8, bucket_size=26_624, cost=client.fit_cost(samples, 8))
    grid = Grid(cluster, data_parallel_rank=rank // 8, context_parallel_rank=rank % 8)
    loader = scheduled_loader(dataset, lengths, grid, client, batch_size=256)
    for micro_batch in loader:
        ...forward and backward of micro_batch, whose loss is sum(weights * nll) / normaliser...
        if micro_batch.is_last:
            ...all-reduce the gradients (sum) over all ranks, step the optimizer...

Needs grpcio, grpcio-tools and torch, and the folder proto/ of the repository (or TENGEN_PROTO with its path). The whole loop,
with sharded attention, is scheduling.py beside this package.
"""
from .loader import GlobalBatches, Grid, ScheduledSampler, ScheduledSequences, scheduled_loader
from .rank_batch import IGNORED, RankBatch, make_rank_batch
from .service import SHARDED, Cluster, MicroBatch, SchedulingClient
from .shards import zig_zag_shards

__all__ = [
    "IGNORED",
    "SHARDED",
    "Cluster",
    "GlobalBatches",
    "Grid",
    "MicroBatch",
    "RankBatch",
    "ScheduledSampler",
    "ScheduledSequences",
    "SchedulingClient",
    "make_rank_batch",
    "scheduled_loader",
    "zig_zag_shards",
]
