"""Finds the best move and its line in an SGF file, by a search on the server: after all moves of the main line, or after MOVES.

    python3 analyse.py FILE.sgf [HOST:PORT [MOVES [TOKEN]]]
"""
import argparse, pathlib, sys, tempfile

import grpc
from grpc_tools import protoc

proto = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
files = [f"tengen/v1/{name}.proto" for name in ("position", "precision", "evaluator", "search")]
protoc.main(["", f"-I{proto}", f"--python_out={generated}", f"--grpc_python_out={generated}", *files])
sys.path.insert(0, generated)
from tengen.v1 import search_pb2, search_pb2_grpc  # noqa: E402
from tengen_connection import retried  # noqa: E402
from tengen_sgf import read_game, vertex  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("file")
for name, kind, default in (("address", str, "127.0.0.1:5050"), ("moves", int, None), ("token", str, "")):
    parser.add_argument(name, type=kind, default=default, nargs="?")
given = parser.parse_args()
try:
    game = read_game(given.file, given.moves)
except (OSError, ValueError) as error:
    sys.exit(f"{given.file}: {error}")
requests = [search_pb2.SearchRequest(new_game=game), search_pb2.SearchRequest(request_id=1, search={"visits": 800})]
metadata = [("authorization", f"Bearer {given.token}")] if given.token else []

with grpc.insecure_channel(given.address) as channel:
    search = search_pb2_grpc.SearchServiceStub(channel).Search
    answers = retried(lambda: list(search(iter(requests), metadata=metadata)))
for answer in answers:
    if answer.HasField("error"):
        sys.exit(answer.error.message)
report, best = answers[-1].report, answers[-1].report.candidates[0]
player = "Black" if report.to_move == 1 else "White"
line = " ".join(vertex(move, game["size"]) for move in best.line)
print(f"{report.model_version}: {player} plays {line.split()[0]}, wins {best.win_rate:.0%}, leads by {best.lead:+.1f}: {line}")
