"""Angle concentration from hidden states: the signal of GAIN-RL ("Angles Don't Lie", NeurIPS 2025, section 3)."""
from contextlib import contextmanager

import torch

EPSILON = 1e-8


def mean_unit_vector(hidden):
    """The mean over rows of their unit vectors: hidden states [rows, width] in, [width] in double precision out."""
    hidden = hidden.detach().double()
    return (hidden / (hidden.norm(dim=1, keepdim=True) + EPSILON)).mean(dim=0)


def angle(prefix, question):
    """The signal (intra, inter) from the mean unit vectors of the prefix (None if there is none) and of the question."""
    return question.dot(question).item(), 0.0 if prefix is None else question.dot(prefix).item()


@contextmanager
def final_hidden_states(model, module=None):
    """Captures what the MLP of the last decoder layer reads, after its norm, in every forward pass within the block.

        with final_hidden_states(model) as captured:
            model(input_ids)
        hidden = captured[-1]  # [batch, tokens, width]

    module: the linear layer that reads it; by default the last one whose name ends in mlp.up_proj, as models of transformers
    (Llama, Qwen, Mistral) have them.
    """
    if module is None:
        named = [layer for name, layer in model.named_modules() if name.endswith("mlp.up_proj")]
        if not named:
            raise ValueError("The model has no layer whose name ends in mlp.up_proj; pass the layer as module")
        module = named[-1]
    captured = []
    hook = module.register_forward_pre_hook(lambda _, inputs: captured.append(inputs[0].detach()))
    try:
        yield captured
    finally:
        hook.remove()
