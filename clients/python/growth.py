"""Grows a checkpoint by GrowthService, whose whole client this is. Needs grpcio, grpcio-tools and the folder proto/.

    python3 growth.py SMALL.safetensors LARGE.safetensors [HOST:PORT [TOKEN]]
"""
import hashlib, os, pathlib, sys, tempfile

import grpc
from grpc_tools import protoc

proto = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
protoc.main(["", f"-I{proto}", f"--python_out={generated}", f"--grpc_python_out={generated}", "tengen/v1/growth.proto"])
sys.path.insert(0, generated)
from tengen.v1 import growth_pb2 as pb, growth_pb2_grpc  # noqa: E402
from tengen_connection import retried  # noqa: E402


def parameter(name, *axes, is_writer=False):  # an axis is of units that are written, '<units' that are read, or '': it stays
    named = [pb.GrowthAxis(units=axis.lstrip("<"), is_read=axis.startswith("<")) for axis in axes]
    return pb.GrowthParameter(name=name, axes=named, is_writer=is_writer)


# Your network goes here: this one is head(x), after x = stem(input) and in each block x = x + down(relu(up(x))), all Linear.
stem = [parameter("stem.weight", "stream", ""), parameter("stem.bias", "stream"), parameter("head.weight", "", "<stream")]
up = [parameter("blocks.{layer}.up.weight", "hidden", "<stream"), parameter("blocks.{layer}.up.bias", "hidden")]
down = [("blocks.{layer}.down.weight", "stream", "<hidden"), ("blocks.{layer}.down.bias", "stream")]
units = [pb.GrowthUnits(name="stream", **{"from": 8}, to=12), pb.GrowthUnits(name="hidden", **{"from": 16}, to=32)]
parameters = stem + up + [parameter(*each, is_writer=True) for each in down]
sizes = {"units": units, "source_layers": 2, "target_layers": 5}
description = pb.GrowthDescription(method=pb.GROWTH_METHOD_NET2NET, seed=1, parameters=parameters, **sizes)
source, target, address, token = (sys.argv[1:] + ["127.0.0.1:5050", ""][len(sys.argv) - 3 :])[:4]


def requests():
    size, digest = os.path.getsize(source), hashlib.sha256()
    yield pb.GrowCheckpointRequest(description=description, size_bytes=size)
    with open(source, "rb") as file:
        while chunk := file.read(2**20):
            digest.update(chunk)
            yield pb.GrowCheckpointRequest(chunk=chunk)
    yield pb.GrowCheckpointRequest(chunk=b"", sha256=digest.hexdigest())


with grpc.insecure_channel(address) as channel:
    metadata = [("authorization", f"Bearer {token}")] if token else []
    grow = growth_pb2_grpc.GrowthServiceStub(channel).GrowCheckpoint
    first, *rest = retried(lambda: list(grow(requests(), metadata=metadata)))
grown, summary = b"".join(part.chunk for part in rest), first.summary
if len(grown) != summary.size_bytes or hashlib.sha256(grown).hexdigest() != summary.sha256:
    sys.exit("The grown file did not arrive whole; try again")
partial = pathlib.Path(target + ".partial")  # the file has its own name once it is whole
partial.write_bytes(grown)
partial.replace(target)
print(f"{summary.source_parameter_count} weights to {summary.parameter_count}")
