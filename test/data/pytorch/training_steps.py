"""Twenty training steps of a small Go network in PyTorch, for test/golden/pytorch-training.test.ts.

The network is written down here a second time, from its description, so that the numbers are an independent oracle.
Weights and batches come from a linear congruential generator that the test repeats bit for bit. Made with PyTorch 1.13
(Debian's python3-torch) in double precision:

    python3 test/data/pytorch/training_steps.py > test/data/pytorch/training-steps.json
"""

import json
import math

import torch
import torch.nn.functional as F

SIZE, BLOCKS, CHANNELS, PLANES, GLOBALS, BATCH, BATCHES, STEPS = 3, 2, 4, 3, 2, 6, 4, 20
LOSS_WEIGHTS = {"policy": 1.0, "value": 0.8, "ownership": 0.5, "score": 0.25}
CLIP, EMA, DECAY = 1.0, 0.9, 0.05
HIDDEN, POLICY = 2 * CHANNELS, CHANNELS // 2
torch.set_default_dtype(torch.float64)


class Generator:
    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        """In [0, 1)."""
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return self.state / 2**32

    def tensor(self, shape, draw):
        count = math.prod(shape)
        return torch.tensor([draw() for _ in range(count)]).reshape(shape)


def shapes():
    yield "stem/filter", (CHANNELS, PLANES, 3, 3)
    yield "stem/bias", (CHANNELS,)
    for block in range(BLOCKS):
        yield f"block{block}/filter1", (CHANNELS, CHANNELS, 3, 3)
        yield f"block{block}/bias1", (CHANNELS,)
        if block % 3 == 1:
            yield f"block{block}/pool", (2 * CHANNELS + GLOBALS, CHANNELS)
        yield f"block{block}/filter2", (CHANNELS, CHANNELS, 3, 3)
        yield f"block{block}/bias2", (CHANNELS,)
    yield "value/filter", (CHANNELS, CHANNELS, 1, 1)
    yield "value/bias", (CHANNELS,)
    yield "value/ownershipFilter", (1, CHANNELS, 1, 1)
    yield "value/ownershipBias", (1,)
    yield "value/hidden", (2 * CHANNELS + 1 + GLOBALS, HIDDEN)
    yield "value/hiddenBias", (HIDDEN,)
    yield "value/outputs", (HIDDEN, 5)
    yield "value/outputsBias", (5,)
    yield "policy/filter", (POLICY, CHANNELS, 1, 1)
    yield "policy/bias", (POLICY,)
    yield "policy/pool", (HIDDEN, POLICY)
    yield "policy/pointFilter", (1, POLICY, 1, 1)


def initial_weights():
    generator = Generator(1)
    weights = {}
    for name, shape in shapes():
        fan_in = math.prod(shape[1:]) if len(shape) == 4 else shape[0] if len(shape) == 2 else 25
        bound = math.sqrt(3 / fan_in)
        weights[name] = generator.tensor(shape, lambda: (2 * generator.uniform() - 1) * bound).requires_grad_()
    return weights


def batch(step):
    g = Generator(1000 + step)

    def distribution(width):
        raw = g.tensor((BATCH, width), lambda: g.uniform() ** 3)
        return raw / raw.sum(1, keepdim=True)

    return {
        "planes": g.tensor((BATCH, PLANES, SIZE, SIZE), lambda: float(g.uniform() < 0.4)),
        "globals": g.tensor((BATCH, GLOBALS), lambda: g.uniform() - 0.5),
        "policyTarget": distribution(SIZE * SIZE + 1),
        "policyWeight": g.tensor((BATCH,), lambda: float(g.uniform() < 0.7)),
        "valueTarget": distribution(3),
        "ownershipTarget": g.tensor((BATCH, SIZE * SIZE), lambda: math.floor(g.uniform() * 3) - 1.0),
        "scoreTarget": g.tensor((BATCH,), lambda: math.floor(g.uniform() * 19) - 9.5),
        "weight": g.tensor((BATCH,), lambda: 0.5 + g.uniform()),
    }


def pool(x):
    return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


def forward(w, planes, globals_):
    x = F.relu(F.conv2d(planes, w["stem/filter"], w["stem/bias"], padding=1))
    for block in range(BLOCKS):
        h = F.conv2d(x, w[f"block{block}/filter1"], w[f"block{block}/bias1"], padding=1)
        if block % 3 == 1:
            h = h + (torch.cat([pool(x), globals_], 1) @ w[f"block{block}/pool"])[:, :, None, None]
        x = F.relu(F.conv2d(F.relu(h), w[f"block{block}/filter2"], w[f"block{block}/bias2"], padding=1) + x)
    v = F.relu(F.conv2d(x, w["value/filter"], w["value/bias"]))
    owner = F.conv2d(v, w["value/ownershipFilter"], w["value/ownershipBias"]).flatten(1)
    pooled = torch.cat([pool(v), owner.tanh().mean(1, keepdim=True), globals_], 1)
    hidden = F.relu(pooled @ w["value/hidden"] + w["value/hiddenBias"])
    outputs = hidden @ w["value/outputs"] + w["value/outputsBias"]
    p = F.conv2d(x, w["policy/filter"], w["policy/bias"]) + (hidden @ w["policy/pool"])[:, :, None, None]
    points = F.conv2d(F.relu(p), w["policy/pointFilter"]).flatten(1)
    return torch.cat([points, outputs[:, 4:5]], 1), outputs[:, :3], outputs[:, 3] * SIZE, owner


def losses(w, b):
    policy, value, score, owner = forward(w, b["planes"], b["globals"])
    # KL divergence would differ by a constant; the loss is the cross-entropy.
    policy_terms = -(b["policyTarget"] * F.log_softmax(policy, 1)).sum(1)
    value_terms = -(b["valueTarget"] * F.log_softmax(value, 1)).sum(1)
    own_terms = F.binary_cross_entropy_with_logits(2 * owner, (b["ownershipTarget"] + 1) / 2, reduction="none").mean(1)
    score_terms = F.huber_loss(score / SIZE, b["scoreTarget"] / SIZE, reduction="none", delta=1.0)
    total, reported = 0, {}
    for name, terms in [("policy", policy_terms), ("value", value_terms), ("ownership", own_terms), ("score", score_terms)]:
        weight = b["weight"] * b["policyWeight"] if name == "policy" else b["weight"]
        total = total + LOSS_WEIGHTS[name] * (weight * terms).mean()
        reported[name + "Loss"] = ((weight * terms).sum() / weight.sum()).item()
    return total, reported


def learning_rate(step, peak):
    """Five steps of warm-up, then a cosine to zero at step 25."""
    if step < 5:
        return peak * (step + 1) / 6
    return peak * (1 + math.cos(math.pi * (step - 5) / 20)) / 2


def run(kind):
    weights = initial_weights()
    average = {name: w.detach().clone() for name, w in weights.items()}
    decays = [w for w in weights.values() if w.dim() > 1]
    rest = [w for w in weights.values() if w.dim() <= 1]
    if kind == "adamw":
        peak = 0.02
        groups = [{"params": decays, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0}]
        optimizer = torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.99), eps=1e-8)
    else:
        peak = 0.05
        optimizer = torch.optim.SGD(weights.values(), lr=peak, momentum=0.9, nesterov=kind == "nesterov")
    steps = []
    for step in range(STEPS):
        rate = learning_rate(step, peak)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss, reported = losses(weights, batch(step % BATCHES))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(weights.values(), CLIP)
        if kind != "adamw":  # PyTorch's own SGD decay is not decoupled
            with torch.no_grad():
                for w in decays:
                    w.mul_(1 - rate * DECAY)
        optimizer.step()
        with torch.no_grad():
            for name, w in weights.items():
                average[name].mul_(EMA).add_(w, alpha=1 - EMA)
        steps.append({"loss": loss.item(), **reported, "gradientNorm": norm.item(), "learningRate": rate})
    digest = lambda tensors: {name: [round(v, 7) for v in t.detach().flatten().tolist()] for name, t in tensors.items()}
    return {"steps": {str(i): step for i, step in enumerate(steps)}, "weights": digest(weights), "average": digest(average)}


def lines(value, depth):
    """JSON with one line for each entry of the upper levels."""
    if depth == 0:
        return json.dumps(value, separators=(",", ":"))
    items = [f"{json.dumps(key)}: {lines(child, depth - 1)}" for key, child in value.items()]
    return "{\n" + ",\n".join(items) + "\n}"


print(lines({kind: run(kind) for kind in ["sgd", "nesterov", "adamw"]}, 3))
