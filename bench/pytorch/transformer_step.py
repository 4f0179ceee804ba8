"""The training step of bench/transformer-step.ts in PyTorch: the same network, loss, clipping and optimizer.

Reads lines with a number of steps and answers each with the mean milliseconds a step, by the clock and of processor time,
as one JSON line. The first line says how fast a matrix product is: a PyTorch linked with the reference BLAS (Debian's, unless
another is installed) is a weak peer. Arguments: threads, hidden, layers, heads, key/value heads, head width, intermediate, vocabulary,
sequences, length. The sequences are equally long, so that nothing is padded.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F

THREADS, HIDDEN, LAYERS, HEADS, KEY_HEADS, WIDTH, INTERMEDIATE, VOCABULARY, SEQUENCES, LENGTH = map(int, sys.argv[1:11])
torch.set_num_threads(THREADS)
torch.manual_seed(1)

angles = torch.outer(torch.arange(LENGTH).float(), 10000.0 ** (-torch.arange(0, WIDTH, 2).float() / WIDTH))
cos, sin = torch.cat([angles, angles], -1).cos(), torch.cat([angles, angles], -1).sin()
mask = torch.full((LENGTH, LENGTH), float("-inf")).triu(1)


class Norm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(HIDDEN))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


def linear(inner, outer):
    return torch.nn.Linear(inner, outer, bias=False)


def rotate(x):
    half = WIDTH // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.before, self.after = Norm(), Norm()
        self.q, self.k, self.v = (linear(HIDDEN, n * WIDTH) for n in (HEADS, KEY_HEADS, KEY_HEADS))
        self.o = linear(HEADS * WIDTH, HIDDEN)
        self.gate, self.up = linear(HIDDEN, INTERMEDIATE), linear(HIDDEN, INTERMEDIATE)
        self.down = linear(INTERMEDIATE, HIDDEN)

    def attend(self, x):
        def heads(y, n):
            return y.view(SEQUENCES, LENGTH, n, WIDTH).transpose(1, 2)

        group = HEADS // KEY_HEADS
        q, k = rotate(heads(self.q(x), HEADS)), rotate(heads(self.k(x), KEY_HEADS))
        k, v = (y.repeat_interleave(group, 1) for y in (k, heads(self.v(x), KEY_HEADS)))
        weights = ((q * WIDTH**-0.5) @ k.transpose(-1, -2) + mask).softmax(-1)
        return self.o((weights @ v).transpose(1, 2).reshape(SEQUENCES, LENGTH, HEADS * WIDTH))

    def forward(self, x):
        x = x + self.attend(self.before(x))
        h = self.after(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, HIDDEN)
        self.layers = torch.nn.ModuleList([Layer() for _ in range(LAYERS)])
        self.norm = Norm()

    def forward(self, tokens):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x)
        return F.linear(self.norm(x), self.embedding.weight)


network = Network()
parameters = list(network.parameters())
optimizer = torch.optim.AdamW(parameters, lr=1e-4, betas=(0.9, 0.95), weight_decay=0.01, foreach=True)
tokens = torch.randint(0, VOCABULARY, (SEQUENCES, LENGTH + 1))


def step():
    logits = network(tokens[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, VOCABULARY), tokens[:, 1:].reshape(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    return loss.item()


def gflops():
    a, b = torch.randn(1024, HIDDEN), torch.randn(HIDDEN, INTERMEDIATE)
    a @ b
    start = time.process_time()
    for _ in range(5):
        a @ b
    return 5 * 2 * 1024 * HIDDEN * INTERMEDIATE / (time.process_time() - start) / 1e9


print(json.dumps({"version": torch.__version__, "gflops": gflops()}), flush=True)
for line in sys.stdin:
    steps = int(line)
    start, start_cpu = time.perf_counter(), time.process_time()
    for _ in range(steps):
        loss = step()
    ms, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(json.dumps({"ms": ms * 1000 / steps, "cpu": cpu * 1000 / steps, "loss": loss}), flush=True)
