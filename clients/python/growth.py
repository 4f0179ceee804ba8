"""Grows a PyTorch network: a whole client of GrowthService. Needs grpcio, grpcio-tools, torch and the folder proto/.

    python3 growth.py [HOST:PORT [TOKEN]]

Prints the numbers of weights before and after, and how far the outputs of the grown network are from those of the small one.
"""
import json, pathlib, struct, sys, tempfile

import grpc, torch
from grpc_tools import protoc

proto = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
protoc.main(["", f"-I{proto}", f"--python_out={generated}", f"--grpc_python_out={generated}", "tengen/v1/growth.proto"])
sys.path.insert(0, generated)
from tengen.v1 import growth_pb2 as pb, growth_pb2_grpc  # noqa: E402


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
    return {
        name: torch.tensor(struct.unpack(f"<{(e['data_offsets'][1] - e['data_offsets'][0]) // 4}f", body[slice(*e["data_offsets"])]))
        .reshape(e["shape"])
        for name, e in header.items()
        if name != "__metadata__"
    }


def parameter(name, *axes, is_writer=False):
    """Axes are '' for one that stays, 'units' for one that writes them and '<units' for one that reads them."""
    named = [pb.GrowthAxis(units=axis.lstrip("<"), is_read=axis.startswith("<")) for axis in axes]
    return pb.GrowthParameter(name=name, axes=named, is_writer=is_writer)


def grow(stub, metadata, description, file):
    requests = [pb.GrowCheckpointRequest(description=description)]
    requests += [pb.GrowCheckpointRequest(chunk=file[i : i + 2**20]) for i in range(0, len(file), 2**20)]
    summary, *chunks = stub.GrowCheckpoint(iter(requests), metadata=metadata)
    return summary.summary, b"".join(part.chunk for part in chunks)


address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5050"
metadata = [("authorization", f"Bearer {sys.argv[2]}")] if len(sys.argv) > 2 else []
description = pb.GrowthDescription(
    method=pb.GROWTH_METHOD_NET2NET,
    seed=1,
    units=[pb.GrowthUnits(name="stream", **{"from": 8}, to=12), pb.GrowthUnits(name="hidden", **{"from": 16}, to=32)],
    source_layers=2,
    target_layers=5,
    parameters=[
        parameter("stem.weight", "stream", ""),
        parameter("stem.bias", "stream"),
        parameter("blocks.{layer}.up.weight", "hidden", "<stream"),
        parameter("blocks.{layer}.up.bias", "hidden"),
        parameter("blocks.{layer}.down.weight", "stream", "<hidden", is_writer=True),
        parameter("blocks.{layer}.down.bias", "stream", is_writer=True),
        parameter("head.weight", "", "<stream"),
    ],
)
small, large = Network(8, 16, 2), Network(12, 32, 5)
with grpc.insecure_channel(address) as channel:
    stub = growth_pb2_grpc.GrowthServiceStub(channel)
    summary, file = grow(stub, metadata, description, to_safetensors(small.state_dict()))
large.load_state_dict(from_safetensors(file))
x = torch.randn(64, 5)
difference = (large(x) - small(x)).abs().max().item()
print(f"{summary.source_parameter_count} weights to {summary.parameter_count}, outputs differ by {difference:.1e}")
