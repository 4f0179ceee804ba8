"""Prompts of reinforcement fine-tuning drawn by a Tengen server, for PyTorch training loops (verl, TRL or one's own).

    client = CurriculumClient("127.0.0.1:5050")
    sampler = CurriculumSampler(client, prompts, batch_size=32, steps=200, settings={"kind": "learnability"})
    for indices in sampler:
        ...roll out the prompts with these indices, judge the completions, train...
        sampler.update(pass_rates)  # of the prompts just drawn, in their order

The kinds gain, gain-debiased and mixed need a signal of each prompt: final_hidden_states and mean_unit_vector take it from a
model, angle makes the two numbers of it that are sent.

Needs grpcio, grpcio-tools and torch, and the folder proto/ of the repository (or TENGEN_PROTO with its path). A whole loop is
curriculum.py beside this package.
"""
from .sampler import CurriculumSampler
from .service import CurriculumClient, Prompt
from .signal import angle, final_hidden_states, mean_unit_vector

__all__ = ["CurriculumClient", "CurriculumSampler", "Prompt", "angle", "final_hidden_states", "mean_unit_vector"]
