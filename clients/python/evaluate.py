"""Evaluates the empty board: a whole client in another language. Needs grpcio, grpcio-tools and the folder proto/.

    python3 evaluate.py [HOST:PORT [SIZE [TOKEN]]]
"""
import pathlib, struct, sys, tempfile

import grpc
from grpc_tools import protoc

proto = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
files = [f"tengen/v1/{name}.proto" for name in ("position", "precision", "evaluator")]
protoc.main(["", f"-I{proto}", f"--python_out={generated}", f"--grpc_python_out={generated}", *files])
sys.path.insert(0, generated)
from tengen.v1 import evaluator_pb2, evaluator_pb2_grpc, position_pb2  # noqa: E402
from tengen_connection import retried  # noqa: E402

address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5050"
size = int(sys.argv[2]) if len(sys.argv) > 2 else 7
metadata = [("authorization", f"Bearer {sys.argv[3]}")] if len(sys.argv) > 3 else []

rules = position_pb2.Rules(ko=position_pb2.KO_RULE_POSITIONAL, komi=7.5)
stones = bytes(size * size)  # row by row from the top-left: 0 empty, 1 black, 2 white
position = position_pb2.Position(size=size, stones=stones, to_move=position_pb2.COLOR_BLACK, rules=rules)
request = evaluator_pb2.EvaluateRequest(request_id=1, positions=[position])

with grpc.insecure_channel(address) as channel:
    evaluate = evaluator_pb2_grpc.EvaluatorServiceStub(channel).Evaluate
    answer = retried(lambda: next(evaluate(iter([request]), metadata=metadata)))
if answer.HasField("error"):
    sys.exit(answer.error.message)
evaluation = answer.evaluations[0]
policy = struct.unpack(f"<{size * size + 1}e", evaluation.policy)
best = max(range(len(policy)), key=policy.__getitem__)
move = "pass" if best == size * size else f"row {best // size + 1}, column {best % size + 1}"
print(f"{answer.model_version}: black wins {evaluation.win:.0%}, score {evaluation.score:+.1f}, best move {move}")
