"""Grows a network of PyTorch by the example clients/python/growth.py: `grow-torch.py HOST:PORT`. Says how far the outputs of
the grown network are from those of the small one."""
import json, pathlib, struct, subprocess, sys, tempfile

import torch

example = pathlib.Path(__file__).resolve().parents[2] / "clients" / "python" / "growth.py"


class Block(torch.nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.up, self.down = torch.nn.Linear(width, hidden), torch.nn.Linear(hidden, width)


class Network(torch.nn.Module):
    def __init__(self, width, hidden, blocks):
        super().__init__()
        self.stem, self.head = torch.nn.Linear(5, width), torch.nn.Linear(width, 3)
        self.blocks = torch.nn.ModuleList(Block(width, hidden) for _ in range(blocks))

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = x + block.down(torch.relu(block.up(x)))
        return self.head(x)


def to_safetensors(state):
    """What safetensors.torch.save does for float32."""
    header, data = {}, b""
    for name, tensor in state.items():
        own = struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(own)]}
        data += own
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def from_safetensors(file):
    """What safetensors.torch.load does for float32."""
    length = struct.unpack_from("<Q", file)[0]
    header, body = json.loads(file[8 : 8 + length]), file[8 + length :]
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        tensors[name] = torch.tensor(struct.unpack(f"<{(end - begin) // 4}f", body[begin:end])).reshape(entry["shape"])
    return tensors


small, large = Network(8, 16, 2), Network(12, 32, 5)
with tempfile.TemporaryDirectory() as folder:
    before, after = pathlib.Path(folder) / "small.safetensors", pathlib.Path(folder) / "large.safetensors"
    before.write_bytes(to_safetensors(small.state_dict()))
    subprocess.run([sys.executable, example, before, after, sys.argv[1]], check=True)
    large.load_state_dict(from_safetensors(after.read_bytes()))
x = torch.randn(64, 5)
print(f"outputs differ by {(large(x) - small(x)).abs().max().item():.1e}")
