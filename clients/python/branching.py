"""A self-play loop in another language that branches its games: a whole client of BranchingService, over a toy game.
Needs grpcio, grpcio-tools and the folder proto/.

    python3 branching.py [HOST:PORT [TREES [TOKEN]]]

Two players push a counter in turn, the first one up, the second one down; who has it on his side after 24 plies wins. The
loop plays one game; the service says where the next one begins: a position whose result is uncertain, and a move that was
not played there. When a tree has its games, the service labels its positions with the results of all games through them.
"""
import functools, pathlib, random, sys, tempfile

import grpc
from grpc_tools import protoc

proto = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
flags = [f"-I{proto}", f"--python_out={generated}", f"--grpc_python_out={generated}"]
protoc.main(["", *flags, "tengen/v1/branching.proto"])
sys.path.insert(0, generated)
from tengen.v1 import branching_pb2 as pb, branching_pb2_grpc  # noqa: E402
from tengen_connection import retried  # noqa: E402

PLIES = 24
STEPS = [2, 1, 0, -1]  # of the moves 0 to 3, towards the mover's side
POLICY = [0.6, 0.2, 0.12, 0.08]
SETTINGS = pb.BranchSettings(
    variations=10, strength=10, threshold=0.48, adaptive_threshold=True, move_number_weight=True, temperature=1
)


def pushed(ply, counter, move):
    return counter + (1 if ply % 2 == 0 else -1) * STEPS[move]


@functools.lru_cache(maxsize=None)
def win_rate(ply, counter):
    """The first player's win rate; a real loop has the value of its search here, seen from the first player."""
    if ply == PLIES:
        return 1 if counter > 0 else 0 if counter < 0 else 0.5
    return sum(p * win_rate(ply + 1, pushed(ply, counter, move)) for move, p in enumerate(POLICY))


def play(shared, rng):
    """Plays the shared moves, then on to the end; a real loop searches each position before its move."""
    game = pb.BranchVariation(moves=shared, shared_moves=len(shared))
    counter = functools.reduce(lambda at, step: pushed(step[0], at, step[1]), enumerate(shared), 0)
    for ply in range(len(shared), PLIES):
        game.positions.add(policy_moves=range(4), policy_weights=POLICY, win_rate=win_rate(ply, counter))
        game.moves.append(rng.choices(range(4), POLICY)[0])
        counter = pushed(ply, counter, game.moves[-1])
    game.result = win_rate(PLIES, counter)
    return game


def grow(service, metadata, rng):
    """Plays a tree and prints its games: where it branches, back-up distance, result, labels of its own positions."""
    tree, shared, back_up = pb.BranchTree(), [], 0
    while True:
        tree.variations.append(play(shared, rng))
        start = f"branches at {len(shared) - 1}, backed up {back_up}" if shared else "from the start"
        print(f"game {len(tree.variations)}: {start}")
        request = pb.PickBranchRequest(tree=tree, settings=SETTINGS, seed=rng.getrandbits(32))
        answer = retried(lambda: service.PickBranch(request, metadata=metadata))
        if not answer.HasField("branch"):
            break
        shared, back_up = list(answer.branch.moves), answer.branch.back_up
    request = pb.LabelTreeRequest(tree=tree, label=pb.VALUE_LABEL_MEAN)
    answer = retried(lambda: service.LabelTree(request, metadata=metadata))
    labels = iter(answer.labels)
    for game in tree.variations:  # Labels come in the order of the positions sent: a training target for each.
        print(f"result {game.result:.1f}, labels", *(f"{next(labels):.2f}" for _ in game.positions))
    print(f"{len(tree.variations)} games, {len(answer.labels)} positions instead of {PLIES * len(tree.variations)}")


address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5050"
trees = int(sys.argv[2]) if len(sys.argv) > 2 else 1
token = [("authorization", f"Bearer {sys.argv[3]}")] if len(sys.argv) > 3 else []
with grpc.insecure_channel(address) as channel:
    stub, source = branching_pb2_grpc.BranchingServiceStub(channel), random.Random(1)
    for _ in range(trees):
        grow(stub, token, source)
