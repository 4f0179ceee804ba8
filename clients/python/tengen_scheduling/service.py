"""The calls to the server."""
import os
import pathlib
import sys
import tempfile
from dataclasses import dataclass
from typing import List, Tuple

import grpc
from grpc_tools import protoc

from tengen_connection import retried

SHARDED = -1
"""Placement of a sequence that is sharded over all ranks of its group."""


def _generate():
    """Compiles the contract; the messages and the stub come from the .proto file alone."""
    repository = pathlib.Path(__file__).resolve().parents[3]
    proto = os.environ.get("TENGEN_PROTO", str(repository / "proto"))
    generated = tempfile.mkdtemp(prefix="tengen-scheduling-")
    flags = [f"-I{proto}", f"--python_out={generated}", f"--grpc_python_out={generated}"]
    if protoc.main(["", *flags, "tengen/v1/scheduling.proto"]) != 0:
        raise ImportError(f"tengen/v1/scheduling.proto was not found in {proto}; set TENGEN_PROTO to the folder proto/")
    sys.path.insert(0, generated)
    from tengen.v1 import scheduling_pb2, scheduling_pb2_grpc

    return scheduling_pb2, scheduling_pb2_grpc


pb, _grpc = _generate()


@dataclass(frozen=True)
class Cluster:
    """The grid of ranks, the tokens that a rank can hold, and its times (a SchedulingCost message)."""

    data_parallel: int
    context_parallel: int
    bucket_size: int
    cost: object
    gathered_share: float = 0.0


@dataclass(frozen=True)
class MicroBatch:
    """Sequences that a group computes together: indices into the lengths sent, and a rank or SHARDED for each."""

    sequences: Tuple[int, ...]
    placements: Tuple[int, ...]
    predicted_ms: float


class SchedulingClient:
    """Plans and cost models from a server. Raises grpc.RpcError with a sentence where an argument is wrong."""

    def __init__(self, address, token=""):
        self._channel = grpc.insecure_channel(address)
        self._stub = _grpc.SchedulingServiceStub(self._channel)
        self._metadata = [("authorization", f"Bearer {token}")] if token else []

    def plan(self, lengths, cluster, policy="skrull-refined", micro_batch=0) -> List[List[MicroBatch]]:
        """For each data-parallel rank its micro-batches in order. Equal arguments give equal plans."""
        request = pb.PlanStepRequest(
            lengths=lengths,
            cluster=pb.SchedulingCluster(
                data_parallel=cluster.data_parallel,
                context_parallel=cluster.context_parallel,
                bucket_size=cluster.bucket_size,
                cost=cluster.cost,
                gathered_share=cluster.gathered_share,
            ),
            policy=pb.SchedulingPolicy.Value("SCHEDULING_POLICY_" + policy.upper().replace("-", "_")),
            micro_batch=micro_batch,
        )
        answer = retried(lambda: self._stub.PlanStep(request, metadata=self._metadata))
        return [
            [MicroBatch(tuple(m.sequences), tuple(m.placements), m.predicted_ms) for m in group.micro_batches]
            for group in answer.groups
        ]

    def fit_cost(self, samples, context_parallel, step_ms=0.0):
        """The constants of the cost model from samples (kind, lengths, ms); kinds are local, sharded and exchange."""
        request = pb.FitCostRequest(context_parallel=context_parallel, step_ms=step_ms)
        for kind, lengths, ms in samples:
            request.samples.add(kind=pb.TimeSampleKind.Value("TIME_SAMPLE_KIND_" + kind.upper()), lengths=lengths, ms=ms)
        return retried(lambda: self._stub.FitCost(request, metadata=self._metadata)).cost

    def close(self):
        self._channel.close()
