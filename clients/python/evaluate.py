"""Evaluates the empty board: a whole client in another language. Needs grpcio and grpcio-tools.

    python3 evaluate.py [HOST:PORT [SIZE [TOKEN]]]
"""
import pathlib
import struct
import sys

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "proto"))
messages, services = grpc.protos_and_services("tengen/v1/evaluator.proto")
position_pb2 = grpc.protos("tengen/v1/position.proto")

address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5050"
size = int(sys.argv[2]) if len(sys.argv) > 2 else 7
metadata = [("authorization", f"Bearer {sys.argv[3]}")] if len(sys.argv) > 3 else []

position = position_pb2.Position(
    size=size,
    stones=bytes(size * size),  # row by row from the top-left: 0 empty, 1 black, 2 white
    to_move=position_pb2.COLOR_BLACK,
    rules=position_pb2.Rules(ko=position_pb2.KO_RULE_POSITIONAL, komi=7.5),
)
request = messages.EvaluateRequest(request_id=1, positions=[position])

with grpc.insecure_channel(address) as channel:
    answer = next(services.EvaluatorServiceStub(channel).Evaluate(iter([request]), metadata=metadata))
if answer.HasField("error"):
    sys.exit(answer.error.message)
evaluation = answer.evaluations[0]
policy = struct.unpack(f"<{size * size + 1}e", evaluation.policy)
best = max(range(len(policy)), key=policy.__getitem__)
move = "pass" if best == size * size else f"row {best // size + 1}, column {best % size + 1} from the top-left"
print(f"{answer.model_version}: black wins {evaluation.win:.0%}, score {evaluation.score:+.1f}, best move {move}")
