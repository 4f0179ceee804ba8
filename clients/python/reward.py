"""A RewardService: judges completions for the rft jobs of a server. Needs grpcio, grpcio-tools and the folder proto/.

    python3 reward.py [HOST:PORT]

Then: tengen jobs create rft ... --set verifier=external --set rewardAddress=HOST:PORT. Replace `judge` by your own.
"""
import pathlib, re, sys, tempfile
from concurrent import futures

import grpc
from grpc_tools import protoc

proto = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
protoc.main(["", f"-I{proto}", f"--python_out={generated}", f"--grpc_python_out={generated}", "tengen/v1/reward.proto"])
sys.path.insert(0, generated)
from tengen.v1 import reward_pb2, reward_pb2_grpc  # noqa: E402


def judge(sample):
    """The last number of the completion has to be the answer; saying it in few words earns a little more."""
    numbers = re.findall(r"-?\d+(?:\.\d+)?", sample.completion)
    correct = bool(numbers) and float(numbers[-1]) == float(sample.answer)
    bonus = 0.1 / (1 + len(sample.completion.split()))
    return reward_pb2.RewardJudgement(correct=correct, reward=1 + bonus if correct else 0)


class Rewards(reward_pb2_grpc.RewardServiceServicer):
    def Score(self, request, context):
        return reward_pb2.ScoreResponse(judgements=[self._judge_one(sample) for sample in request.samples])

    @staticmethod
    def _judge_one(sample):
        try:
            return judge(sample)
        except Exception as error:  # One strange sample must not cost the others their reward.
            return reward_pb2.RewardJudgement(failure=type(error).__name__)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
reward_pb2_grpc.add_RewardServiceServicer_to_server(Rewards(), server)
address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5060"
host = address.rsplit(":", 1)[0]
port = server.add_insecure_port(address)
server.start()
print(f"{host}:{port}", flush=True)
server.wait_for_termination()
