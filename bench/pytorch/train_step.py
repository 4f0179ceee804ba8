"""The training step of bench/train-step.ts in PyTorch: the same network, losses, optimizer, clipping and average.

Reads lines "STEPS FORMAT" (FORMAT is contiguous or channels_last) and answers each with the mean milliseconds a step, by
the clock and of processor time, as one JSON line. Arguments: threads, size, blocks, channels, planes, globals, batch.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F

THREADS, SIZE, BLOCKS, CHANNELS, PLANES, GLOBALS, BATCH = (int(text) for text in sys.argv[1:8])
torch.set_num_threads(THREADS)
torch.manual_seed(1)


def pool(x):
    return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


class Block(torch.nn.Module):
    def __init__(self, index):
        super().__init__()
        self.first = torch.nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.second = torch.nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.pool = torch.nn.Linear(2 * CHANNELS + GLOBALS, CHANNELS, bias=False) if index % 3 == 1 else None

    def forward(self, x, globals_):
        hidden = self.first(x)
        if self.pool is not None:
            hidden = hidden + self.pool(torch.cat([pool(x), globals_], 1))[:, :, None, None]
        return F.relu(self.second(F.relu(hidden)) + x)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        policy = (CHANNELS + 1) // 2
        hidden = 2 * CHANNELS
        self.stem = torch.nn.Conv2d(PLANES, CHANNELS, 3, padding=1)
        self.blocks = torch.nn.ModuleList([Block(i) for i in range(BLOCKS)])
        self.value = torch.nn.Conv2d(CHANNELS, CHANNELS, 1)
        self.owner = torch.nn.Conv2d(CHANNELS, 1, 1)
        self.hidden = torch.nn.Linear(2 * CHANNELS + 1 + GLOBALS, hidden)
        self.outputs = torch.nn.Linear(hidden, 5)
        self.policy = torch.nn.Conv2d(CHANNELS, policy, 1)
        self.policy_pool = torch.nn.Linear(hidden, policy, bias=False)
        self.point = torch.nn.Conv2d(policy, 1, 1, bias=False)

    def forward(self, planes, globals_):
        x = F.relu(self.stem(planes))
        for block in self.blocks:
            x = block(x, globals_)
        features = F.relu(self.value(x))
        owner = self.owner(features).flatten(1)
        pooled = torch.cat([pool(features), torch.tanh(owner).mean(1, keepdim=True), globals_], 1)
        hidden = F.relu(self.hidden(pooled))
        outputs = self.outputs(hidden)
        mixed = F.relu(self.policy(x) + self.policy_pool(hidden)[:, :, None, None])
        policy = torch.cat([self.point(mixed).flatten(1), outputs[:, 4:]], 1)
        return policy, outputs[:, :3], outputs[:, 3] * SIZE, owner


network = Network()
parameters = list(network.parameters())
averages = [p.detach().clone() for p in parameters]
optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-4, foreach=True)
planes = (torch.rand(BATCH, PLANES, SIZE, SIZE) < 0.3).float()
globals_ = torch.rand(BATCH, GLOBALS)
policy_target = F.softmax(torch.randn(BATCH, SIZE * SIZE + 1), 1)
value_target = F.softmax(torch.randn(BATCH, 3), 1)
owner_target = torch.rand(BATCH, SIZE * SIZE) * 2 - 1
score_target = torch.randn(BATCH) * 5
weight = torch.ones(BATCH)


def step(x):
    policy, value, score, owner = network(x, globals_)
    terms = -(policy_target * F.log_softmax(policy, 1)).sum(1) - (value_target * F.log_softmax(value, 1)).sum(1)
    terms = terms + (F.softplus(2 * owner) - owner * (owner_target + 1)).mean(1)
    terms = terms + F.huber_loss(score / SIZE, score_target / SIZE, reduction="none")
    loss = (terms * weight).mean()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    with torch.no_grad():
        torch._foreach_mul_(averages, 0.99)
        torch._foreach_add_(averages, parameters, alpha=0.01)
    return loss.item()


print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    steps, name = line.split()
    memory_format = torch.channels_last if name == "channels_last" else torch.contiguous_format
    network = network.to(memory_format=memory_format)
    x = planes.to(memory_format=memory_format)
    start, start_cpu = time.perf_counter(), time.process_time()
    for _ in range(int(steps)):
        loss = step(x)
    ms, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(json.dumps({"ms": ms * 1000 / int(steps), "cpu": cpu * 1000 / int(steps), "loss": loss}), flush=True)
