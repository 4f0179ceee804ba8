"""Finds the best move and its line in an SGF file, by a search on the server: after all moves of the main line, or after MOVES.

    python3 analyse.py FILE.sgf [HOST:PORT [MOVES [TOKEN]]]
"""
import pathlib, re, sys, tempfile

import grpc
from grpc_tools import protoc

proto = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
files = [f"tengen/v1/{name}.proto" for name in ("position", "precision", "evaluator", "search")]
protoc.main(["", f"-I{proto}", f"--python_out={generated}", f"--grpc_python_out={generated}", *files])
sys.path.insert(0, generated)
from tengen.v1 import position_pb2 as go, search_pb2, search_pb2_grpc  # noqa: E402
from tengen_connection import retried  # noqa: E402

file, address, moves, token = (sys.argv[1:] + ["127.0.0.1:5050", "10000", ""][len(sys.argv) - 2 :])[:4]
value = r"\[((?:\\.|[^]\\])*)\]"
# The main line is all that stands before the first parenthesis that closes.
found = re.findall(rf"([A-Z]+)((?:\s*{value})+)|(\))", pathlib.Path(file).read_text())
line = [(name, re.findall(value, values)) for name, values, *_ in found[: [each[3] for each in found].index(")")]]
root = dict(reversed(line))
size = int(root.get("SZ", ["19"])[0])
# Points go row by row from the top left; a pass is size².
point = lambda text: (ord(text[1]) - 97) * size + ord(text[0]) - 97 if text not in ("", "tt") else size * size
vertex = lambda move: "ABCDEFGHJKLMNOPQRST"[move % size] + str(size - move // size) if move < size * size else "pass"

black, white = [[point(text) for text in root.get(name, [])] for name in ("AB", "AW")]
played = [search_pb2.Move(player="BW".index(name) + 1, point=point(texts[0])) for name, texts in line if name in ("B", "W")]
rules = go.Rules(ko=go.KO_RULE_POSITIONAL, komi=float(root.get("KM", ["7.5"])[0]))
to_move = go.COLOR_WHITE if root.get("PL", ["W" if black else "B"])[0] == "W" else go.COLOR_BLACK
game = search_pb2.NewGame(size=size, rules=rules, black=black, white=white, to_move=to_move, moves=played[: int(moves)])
requests = [search_pb2.SearchRequest(new_game=game), search_pb2.SearchRequest(request_id=1, search={"visits": 800})]

with grpc.insecure_channel(address) as channel:
    search = search_pb2_grpc.SearchServiceStub(channel).Search
    metadata = [("authorization", f"Bearer {token}")] if token else []
    answers = retried(lambda: list(search(iter(requests), metadata=metadata)))
for answer in answers:
    if answer.HasField("error"):
        sys.exit(answer.error.message)
report, best = answers[-1].report, answers[-1].report.candidates[0]
print(f"{report.model_version}: {'Black' if report.to_move == go.COLOR_BLACK else 'White'} plays {vertex(best.move)}", end=", ")
print(f"wins {best.win_rate:.0%}, leads by {best.lead:+.1f}: {' '.join(map(vertex, best.line))}")
