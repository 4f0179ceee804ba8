"""Makes the reference numbers for src/nn/networks/transformer with PyTorch: for a tiny checkpoint of each family its
weights, the logits of two packed sequences, and the losses of twenty AdamW steps.

    /usr/bin/python3 make_reference.py
"""

import json
import struct

import torch

FAMILIES = {
    "llama": dict(hidden=32, layers=2, heads=4, keyValueHeads=2, headWidth=8, intermediate=48, vocabulary=40,
                  context=64, ropeTheta=10000.0, normEpsilon=1e-5, queryKeyValueBias=False, tiedHead=False),
    "qwen2": dict(hidden=24, layers=2, heads=3, keyValueHeads=1, headWidth=8, intermediate=40, vocabulary=40,
                  context=64, ropeTheta=1000000.0, normEpsilon=1e-6, queryKeyValueBias=True, tiedHead=True),
}
LENGTHS = [11, 5]
STEPS = 20


def parameters(c):
    shapes = {"model.embed_tokens.weight": (c["vocabulary"], c["hidden"])}
    for layer in range(c["layers"]):
        at = f"model.layers.{layer}."
        shapes[at + "input_layernorm.weight"] = (c["hidden"],)
        for part, heads in (("q", c["heads"]), ("k", c["keyValueHeads"]), ("v", c["keyValueHeads"])):
            shapes[at + f"self_attn.{part}_proj.weight"] = (heads * c["headWidth"], c["hidden"])
            if c["queryKeyValueBias"]:
                shapes[at + f"self_attn.{part}_proj.bias"] = (heads * c["headWidth"],)
        shapes[at + "self_attn.o_proj.weight"] = (c["hidden"], c["heads"] * c["headWidth"])
        shapes[at + "post_attention_layernorm.weight"] = (c["hidden"],)
        shapes[at + "mlp.gate_proj.weight"] = (c["intermediate"], c["hidden"])
        shapes[at + "mlp.up_proj.weight"] = (c["intermediate"], c["hidden"])
        shapes[at + "mlp.down_proj.weight"] = (c["hidden"], c["intermediate"])
    shapes["model.norm.weight"] = (c["hidden"],)
    if not c["tiedHead"]:
        shapes["lm_head.weight"] = (c["vocabulary"], c["hidden"])
    return {name: torch.randn(shape) * 0.2 + (1.0 if "norm" in name else 0.0) for name, shape in shapes.items()}


def norm(x, weight, epsilon):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon) * weight


def rotate(x, theta):
    length, _, width = x.shape
    frequencies = 1.0 / theta ** (torch.arange(0, width, 2).float() / width)
    angles = torch.outer(torch.arange(length).float(), frequencies)
    angles = torch.cat([angles, angles], -1)[:, None]
    half = torch.cat([-x[..., width // 2:], x[..., : width // 2]], -1)
    return x * angles.cos() + half * angles.sin()


def forward(c, w, tokens):
    x = w["model.embed_tokens.weight"][tokens]
    length, width = len(tokens), c["headWidth"]
    for layer in range(c["layers"]):
        at = f"model.layers.{layer}."
        h = norm(x, w[at + "input_layernorm.weight"], c["normEpsilon"])
        parts = []
        for part, heads in (("q", c["heads"]), ("k", c["keyValueHeads"]), ("v", c["keyValueHeads"])):
            y = torch.nn.functional.linear(h, w[at + f"self_attn.{part}_proj.weight"], w.get(at + f"self_attn.{part}_proj.bias"))
            parts.append(y.view(length, heads, width))
        q, k = rotate(parts[0], c["ropeTheta"]), rotate(parts[1], c["ropeTheta"])
        group = c["heads"] // c["keyValueHeads"]
        k, v = k.repeat_interleave(group, 1), parts[2].repeat_interleave(group, 1)
        scores = torch.einsum("qhd,khd->hqk", q, k) / width**0.5
        scores = scores.masked_fill(torch.ones(length, length).triu(1).bool(), float("-inf"))
        o = torch.einsum("hqk,khd->qhd", scores.softmax(-1), v).reshape(length, -1)
        x = x + o @ w[at + "self_attn.o_proj.weight"].T
        h = norm(x, w[at + "post_attention_layernorm.weight"], c["normEpsilon"])
        gate = torch.nn.functional.silu(h @ w[at + "mlp.gate_proj.weight"].T)
        x = x + (gate * (h @ w[at + "mlp.up_proj.weight"].T)) @ w[at + "mlp.down_proj.weight"].T
    x = norm(x, w["model.norm.weight"], c["normEpsilon"])
    return x @ w["model.embed_tokens.weight" if c["tiedHead"] else "lm_head.weight"].T


def save(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.detach().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


for family, c in FAMILIES.items():
    torch.manual_seed(7)
    weights = parameters(c)
    save(f"{family}.safetensors", weights)
    sequences = [torch.randint(0, c["vocabulary"], (n,)) for n in LENGTHS]
    logits = torch.cat([forward(c, weights, s) for s in sequences])
    trained = {name: tensor.clone().requires_grad_() for name, tensor in weights.items()}
    decayed = [t for t in trained.values() if t.dim() > 1]
    others = [t for t in trained.values() if t.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], lr=0.01)
    losses, norms = [], []
    for _ in range(STEPS):
        total, count = 0.0, 0
        for s in sequences:
            total = total + torch.nn.functional.cross_entropy(forward(c, trained, s)[:-1], s[1:], reduction="sum")
            count += len(s) - 1
        loss = total / count
        optimizer.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(trained.values(), 1.0).item())
        optimizer.step()
        losses.append(loss.item())
    with open(f"{family}.json", "w") as file:
        json.dump({"configuration": {"kind": "transformer", **c}, "sequences": [s.tolist() for s in sequences],
                   "logits": [[round(v, 6) for v in row] for row in logits.tolist()], "losses": losses,
                   "gradientNorms": norms}, file)
