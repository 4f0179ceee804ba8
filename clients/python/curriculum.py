"""Reinforcement fine-tuning in PyTorch with prompts drawn by a server: a whole loop over CurriculumService, with a tiny policy.

    python3 curriculum.py [HOST:PORT [TOKEN [KIND]]]

The policy reads two tokens that all prompts begin with and some digits, and has to say the first digit; questions of one digit
are easy. Prints the accuracy before and after, and the draws of the last step, which a sampler that went on from a state made
half-way repeats.
"""
import random
import sys

import torch
import torch.nn.functional as F
from torch import nn

from tengen_curriculum import CurriculumClient, CurriculumSampler, Prompt, angle, final_hidden_states, mean_unit_vector

DIGITS, WIDTH, LONGEST = 6, 32, 6
PREFIX = [DIGITS, DIGITS + 1]
STEPS, BATCH, GROUP = 120, 16, 16


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.up_proj, self.down_proj = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        return self.down_proj(F.silu(self.up_proj(x)))


class Policy(nn.Module):
    """One decoder layer; the names are those of models in transformers."""

    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(DIGITS + 2, WIDTH), nn.Embedding(LONGEST, WIDTH)
        self.qkv, self.mlp, self.head = nn.Linear(WIDTH, 3 * WIDTH), Mlp(), nn.Linear(WIDTH, DIGITS)

    def forward(self, tokens):
        """Logits of the answer [DIGITS] after the tokens [T]."""
        x = self.tokens(tokens) + self.places(torch.arange(len(tokens)))
        q, k, v = self.qkv(F.layer_norm(x, (WIDTH,))).split(WIDTH, dim=1)
        later = torch.ones(len(tokens), len(tokens)).triu(1).bool()
        x = x + (q @ k.T / WIDTH**0.5).masked_fill(later, -1e9).softmax(-1) @ v
        x = x + self.mlp(F.layer_norm(x, (WIDTH,)))
        return self.head(x[-1])


def make_pool():
    source = random.Random(1)
    questions = [[source.randrange(DIGITS) for _ in range(1 + i % (LONGEST - 2))] for i in range(96)]
    return questions, [torch.tensor(PREFIX + question) for question in questions]


def signals_of(policy, pool):
    """The mean unit vector of the prefix, and of each prompt the pair (intra, inter)."""
    with torch.no_grad(), final_hidden_states(policy) as captured:
        for tokens in pool:
            policy(tokens)
    # Causal: the prefix's states are the same in every prompt.
    prefix = mean_unit_vector(captured[0][: len(PREFIX)])
    return prefix, [angle(prefix, mean_unit_vector(hidden[len(PREFIX) :])) for hidden in captured]


def accuracy(policy, pool, questions):
    with torch.no_grad():
        return sum(policy(t).softmax(0)[q[0]].item() for t, q in zip(pool, questions)) / len(pool)


def train_step(policy, optimizer, batch):
    """GRPO without its clip, as every batch is used once; the pass rates of the batch."""
    losses, rates = [], []
    for tokens, answer in batch:
        log_probs = policy(tokens).log_softmax(0)
        completions = torch.multinomial(log_probs.detach().exp(), GROUP, replacement=True)
        correct = (completions == answer).float()
        advantages = (correct - correct.mean()) / (correct.std() + 1e-6)
        losses.append(-(advantages * log_probs[completions]).mean())
        rates.append(correct.mean().item())
    optimizer.zero_grad()
    torch.stack(losses).mean().backward()
    optimizer.step()
    return rates


def main(address="127.0.0.1:5050", token="", kind="gain"):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    policy, (questions, pool) = Policy(), make_pool()
    optimizer = torch.optim.AdamW(policy.parameters(), lr=3e-3)
    _, signals = signals_of(policy, pool)
    prompts = [
        Prompt(f"prompt-{i}", len(question), "first", len(question), signal)
        for i, (question, signal) in enumerate(zip(questions, signals))
    ]
    client = CurriculumClient(address, token)
    sampler = CurriculumSampler(client, prompts, BATCH, STEPS, {"kind": kind}, seed=7, checkpoint="step-0")
    before, half_way, draws, rates = accuracy(policy, pool, questions), None, [], []
    for indices in sampler:
        draws.append(indices)
        rates.append(train_step(policy, optimizer, [(pool[i], questions[i][0]) for i in indices]))
        sampler.update(rates[-1])
        if sampler.wants_scores:
            sampler.rank(signals_of(policy, pool)[1])
            print(f"step {sampler.step}: the pool is ordered anew")
        if sampler.step == STEPS // 2:
            half_way = sampler.state_dict()
    print(f"accuracy {before:.3f} -> {accuracy(policy, pool, questions):.3f} in {sampler.step} steps")
    sampler.load_state_dict(half_way)
    first = next(iter(sampler))
    print(f"after half of the steps: {first == draws[STEPS // 2]}")
    sampler.close()
    client.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
