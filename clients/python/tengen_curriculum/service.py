"""The calls to the server."""
import os
import pathlib
import queue
import sys
import tempfile
from dataclasses import dataclass
from typing import Optional, Sequence, Tuple, Union

import grpc
from grpc_tools import protoc

from tengen_connection import Waiting

PART = 4096
"""Prompts of a message; with directions instead of angles fewer, as a message has 8 MiB at most."""
PART_NUMBERS = 1_000_000
MOST_ASKED = 100
"""Questions after which the state is saved, so that a stream that is lost is soon where it was."""


def _generate():
    """Compiles the contract; the messages and the stub come from the .proto file alone."""
    repository = pathlib.Path(__file__).resolve().parents[3]
    proto = os.environ.get("TENGEN_PROTO", str(repository / "proto"))
    generated = tempfile.mkdtemp(prefix="tengen-curriculum-")
    flags = [f"-I{proto}", f"--python_out={generated}", f"--grpc_python_out={generated}"]
    if protoc.main(["", *flags, "tengen/v1/curriculum.proto"]) != 0:
        raise ImportError(f"tengen/v1/curriculum.proto was not found in {proto}; set TENGEN_PROTO to the folder proto/")
    sys.path.insert(0, generated)
    from tengen.v1 import curriculum_pb2, curriculum_pb2_grpc

    return curriculum_pb2, curriculum_pb2_grpc


pb, _grpc = _generate()

Signal = Union[Tuple[float, float], Sequence[float]]
"""Of a prompt: the pair (intra, inter), or its mean unit vector as a tensor or a list."""


@dataclass(frozen=True)
class Prompt:
    """A prompt of the pool; length counts the tokens of the question, without what all prompts begin with."""

    id: str
    length: int
    family: str = ""
    level: float = 0.0
    signal: Optional[Signal] = None


class CurriculumClient:
    """Opens curricula on a server."""

    def __init__(self, address, token=""):
        self._channel = grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)])
        self._stub = _grpc.CurriculumServiceStub(self._channel)
        self._metadata = [("authorization", f"Bearer {token}")] if token else []

    def open(self, prompts, settings, seed=0, prefix=(), checkpoint="", any_checkpoint=False, state_json=""):
        """A curriculum over a pool. The prompts' signals are of the checkpoint; prefix is its mean unit vector."""
        opening = pb.OpenCurriculum(
            settings={name: _word(value) for name, value in settings.items()},
            seed=seed,
            prefix=_numbers(prefix),
            checkpoint=checkpoint,
            any_checkpoint=any_checkpoint,
        )
        return Curriculum(self._stub, self._metadata, opening, prompts, state_json)

    def close(self):
        self._channel.close()


class Curriculum:
    """One curriculum. Raises grpc.RpcError with a sentence where something is wrong; the stream has then ended.

    A stream that is lost is opened again where it was: with the last state that was saved and the questions since then, which
    the server answers as it did before.
    """

    def __init__(self, stub, metadata, opening, prompts, state_json=""):
        self._stub, self._metadata, self._opening = stub, metadata, opening
        self._pool = _parts([_prompt(prompt) for prompt in prompts])
        self._state_json = state_json
        self._asked = []
        self._open()

    def _open(self):
        self._requests = queue.SimpleQueue()
        self._answers = self._stub.Draw(iter(self._requests.get, None), metadata=self._metadata)
        self._requests.put(pb.DrawRequest(open=self._opening))
        for part in self._pool:
            self._requests.put(pb.DrawRequest(add=pb.AddPrompts(prompts=part, checkpoint=self._opening.checkpoint)))
        for start in range(0, len(self._state_json), PART_NUMBERS):
            part = pb.AddPrompts(state_json=self._state_json[start : start + PART_NUMBERS])
            self._requests.put(pb.DrawRequest(add=part))

    def draw(self, count):
        """Indices into the pool, no two the same."""
        return self._kept(list(self._ask(draw=pb.DrawPrompts(count=count)).drawn.indices))

    def update(self, indices, pass_rates, signals=(), prefix=()):
        """What came of the prompts: shares of correct completions, and signals of the model as it is now, if known.

        Answers with a status: wants_scores, and figures by name.
        """
        told = pb.UpdateCurriculum(
            indices=indices,
            pass_rates=[float(rate) for rate in pass_rates],
            signals=[_signal(signal) for signal in signals],
            prefix=_numbers(prefix),
        )
        return self._kept(self._ask(update=told).status)

    def rank(self, signals, prefix=()):
        """Orders the pool anew by signals of all its prompts, by the model as it is now."""
        status = None
        for part in _parts([_signal(signal) for signal in signals]):
            status = self._ask(rank=pb.RankPrompts(signals=part, prefix=_numbers(prefix))).status
        return self._kept(status)

    def save(self):
        """The state, as JSON; to be kept as it is."""
        self._state_json = self._ask(save=pb.SaveCurriculum()).saved.state_json
        self._asked = []
        return self._state_json

    def close(self):
        self._requests.put(None)
        self._answers.cancel()

    def _ask(self, **body):
        question, waiting = pb.DrawRequest(**body), Waiting()
        unanswered = [question]
        while True:
            try:
                for request in unanswered:
                    self._requests.put(request)
                    answer = next(self._answers)
                break
            except grpc.RpcError as error:
                waiting.after(error)
                self._requests.put(None)
                self._open()
                unanswered = [*self._asked, question]
        self._asked.append(question)
        return answer

    def _kept(self, answer):
        """For the end of a call: between the parts of one there is no state."""
        if len(self._asked) >= MOST_ASKED:
            self.save()
        return answer


def _prompt(prompt):
    message = pb.CurriculumPrompt(id=prompt.id, length=prompt.length, family=prompt.family, level=prompt.level)
    if prompt.signal is not None:
        message.signal.CopyFrom(_signal(prompt.signal))
    return message


def _signal(signal):
    if isinstance(signal, tuple):
        return pb.PromptSignal(angle=pb.PromptAngle(intra=signal[0], inter=signal[1]))
    return pb.PromptSignal(direction=pb.PromptDirection(mean_unit_vector=_numbers(signal)))


def _numbers(vector):
    return vector.tolist() if hasattr(vector, "tolist") else list(vector)


def _word(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parts(messages):
    widest = max((message.ByteSize() for message in messages), default=0)
    size = max(1, min(PART, 4 * PART_NUMBERS // max(1, widest)))
    return [messages[start : start + size] for start in range(0, len(messages), size)]
