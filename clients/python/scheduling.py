"""Training in PyTorch with plans from a server: a whole loop over SchedulingService, on two processes with gloo and a tiny
model. Needs torch, grpcio, grpcio-tools and the folder proto/.

    python3 scheduling.py [HOST:PORT [TOKEN]]

It trains on each grid of two ranks by several policies and says how far the reduced gradients are from those of one process
that computes every sequence of the global batch whole.
"""
import datetime
import os
import random
import sys
import tempfile
from types import SimpleNamespace

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from torch import nn

from tengen_scheduling import IGNORED, Cluster, GlobalBatches, Grid, SchedulingClient, scheduled_loader

WORDS, HIDDEN, HEADS, LAYERS, LONGEST = 50, 16, 2, 2, 150
BATCH = 8


class GatherKeys(torch.autograd.Function):
    """All-gather of the shards' keys and values; backward every rank gets the sum of the gradients of its own."""

    @staticmethod
    def forward(ctx, mine, sizes, group):
        ctx.sizes, ctx.group = sizes, group
        # gloo gathers equal shapes only.
        padded = torch.zeros(max(sizes), mine.shape[1], dtype=mine.dtype)
        padded[: len(mine)] = mine.detach()
        gathered = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(gathered, padded, group=group)
        return torch.cat([part[:size] for part, size in zip(gathered, sizes)])

    @staticmethod
    def backward(ctx, gradient):
        total = gradient.clone()
        dist.all_reduce(total, group=ctx.group)
        return total.split(ctx.sizes)[dist.get_rank(ctx.group)], None, None


def attend(q, k, v, visible):
    """Attention [T, h] over the keys that are visible [T, keys]."""
    q, k, v = (x.view(len(x), HEADS, HIDDEN // HEADS).transpose(0, 1) for x in (q, k, v))
    scores = (q @ k.transpose(1, 2) / q.shape[-1] ** 0.5).masked_fill(~visible, -1e9)
    return (scores.softmax(-1) @ v).transpose(0, 1).reshape(-1, HIDDEN)


def visible(segments, positions, key_segments, key_positions):
    """Block-diagonal causal: keys of the own sequence, up to the own position."""
    return (segments[:, None] == key_segments) & (key_positions <= positions[:, None])


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(HIDDEN, 3 * HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.up, self.down = nn.Linear(HIDDEN, 4 * HIDDEN), nn.Linear(4 * HIDDEN, HIDDEN)

    def forward(self, x, batch, group):
        q, k, v = self.qkv(F.layer_norm(x, (HIDDEN,))).split(HIDDEN, dim=1)
        local, segments, positions = batch.local_tokens, batch.segments, batch.positions
        # A loop for speed starts the exchange asynchronously here, and waits for it after the local attention.
        see = visible(segments[:local], positions[:local], segments[:local], positions[:local])
        mixed = [attend(q[:local], k[:local], v[:local], see)]
        if sum(batch.gathered_sizes) > 0:
            both = torch.cat([k[local:], v[local:]], dim=1)
            keys, values = GatherKeys.apply(both, batch.gathered_sizes, group).split(HIDDEN, dim=1)
            see = visible(segments[local:], positions[local:], batch.gathered_segments, batch.gathered_positions)
            mixed.append(attend(q[local:], keys, values, see))
        x = x + self.out(torch.cat(mixed))
        return x + self.down(F.gelu(self.up(F.layer_norm(x, (HIDDEN,)))))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, HIDDEN), nn.Embedding(LONGEST, HIDDEN)
        self.layers, self.head = nn.ModuleList(Layer() for _ in range(LAYERS)), nn.Linear(HIDDEN, WORDS)

    def forward(self, batch, group=None):
        x = self.words(batch.tokens) + self.places(batch.positions)
        for layer in self.layers:
            x = layer(x, batch, group)
        nll = F.cross_entropy(self.head(x), batch.labels, ignore_index=IGNORED, reduction="none")
        return (batch.weights * nll).sum() / batch.normaliser


def make_data():
    """Many short sequences and a few long ones; prompts (the first third) have no weight in the loss."""
    source = random.Random(1)
    short, long = [5, 9, 14, 23, 37], range(80, LONGEST + 1)
    lengths = [source.choice(short if source.random() < 0.75 else long) for _ in range(32)]
    tokens = [torch.tensor([source.randrange(WORDS // 5) for _ in range(length)]) for length in lengths]
    return lengths, [(t, (torch.arange(len(t)) >= len(t) // 3).float()) for t in tokens]


def whole(tokens, weights, normaliser):
    """A sequence by itself, made without the package: each token predicts the next one."""
    nobody = torch.zeros(1)
    return SimpleNamespace(
        tokens=tokens,
        positions=torch.arange(len(tokens)),
        labels=torch.cat([tokens[1:], tokens[:1]]),
        weights=torch.cat([weights[1:], nobody]),
        segments=torch.zeros(len(tokens)),
        local_tokens=len(tokens),
        gathered_sizes=[0],
        normaliser=normaliser,
    )


def steps(loader):
    """The micro-batches of one step after another."""
    step = []
    for batch in loader:
        step.append(batch)
        if batch.is_last:
            yield step
            step = []


def gradients(model, step, group=None):
    """The gradients of the micro-batches of a step as one vector, with the loss at its end."""
    model.zero_grad()
    loss = 0.0
    for batch in step:
        part = model(batch, group)
        part.backward()
        loss += part.item()
    return torch.cat([*(p.grad.flatten() for p in model.parameters()), torch.tensor([loss])])


def train(rank, cluster, policy, client, group):
    """Trains an epoch, and computes each step's gradients from whole sequences as well; says how far apart they are."""
    torch.manual_seed(1)
    model, (lengths, samples) = Model(), make_data()
    target_weights = [weights[1:].sum().item() for _, weights in samples]
    grid = Grid(cluster, rank // cluster.context_parallel, rank % cluster.context_parallel)
    loader = scheduled_loader(samples, lengths, grid, client, BATCH, policy=policy, weights=target_weights)
    worst, micro_batches, sharded, losses = 0.0, 0, 0, []
    for mine, indices in zip(steps(loader), GlobalBatches(len(samples), BATCH)):
        reduced = gradients(model, mine, group)
        dist.all_reduce(reduced)
        normaliser = sum(target_weights[index] for index in indices)
        expected = gradients(model, [whole(*samples[index], normaliser) for index in indices])
        worst = max(worst, ((reduced - expected)[:-1].norm() / expected[:-1].norm()).item())
        micro_batches += len(mine)
        sharded += sum(len(batch.tokens) - batch.local_tokens for batch in mine)
        losses.append(reduced[-1].item())
        at = 0
        for p in model.parameters():
            p.data -= 0.5 * reduced[at : at + p.numel()].view_as(p)
            at += p.numel()
    if rank == 0:
        name = f"{cluster.data_parallel}x{cluster.context_parallel} {policy}"
        print(f"{name}: {len(losses)} steps, {micro_batches} micro-batches, {sharded} tokens of shards,", end=" ")
        print(f"losses {' '.join(f'{loss:.9f}' for loss in losses)}, gradient error {worst:.1e}", flush=True)


def run(rank, meeting, address, token):
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    limit = datetime.timedelta(seconds=60)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2, timeout=limit)
    together, apart = dist.new_group([0, 1]), [dist.new_group([0]), dist.new_group([1])]
    client = SchedulingClient(address, token)
    # A real loop measures these times once; here a token takes 0.01 ms, a squared one 0.1 µs, an exchange 0.2 ms and more.
    times = [(n, 0.05 + 0.01 * n + 1e-4 * n * n, 0.2 + 0.001 * n) for n in (8, 32, 128, 512)]
    samples = [s for n, local, exchange in times for s in (("local", [n], local), ("exchange", [n], exchange))]
    cost = client.fit_cost(samples, 2)
    for policy in ["shard-all", "token-packing", "dacp", "skrull", "skrull-refined"]:
        train(rank, Cluster(1, 2, 160, cost), policy, client, together)
        train(rank, Cluster(2, 1, 160, cost), policy, client, apart[rank])
    client.close()


if __name__ == "__main__":
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    server = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5050"
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(run, args=(os.path.join(folder, "meeting"), server, sys.argv[2] if len(sys.argv) > 2 else ""), nprocs=2)
