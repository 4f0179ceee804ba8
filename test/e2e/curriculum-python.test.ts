import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.js';
import { angleOf, meanUnitVector } from '../../src/methods/curriculum/angle.js';
import { skipWithout } from '../support/needs.js';
import { pythonEnvironment, pythonFolder, runPython, serverForPython } from '../support/python-clients.js';
import { pythonWithGrpc, pythonWithTorch } from '../support/python.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const python = pythonWithTorch();
const server = serverForPython();
const run = (...args: string[]): Promise<string> => runPython(python!, ...args);

it.for(['gain', 'learnability'])(
  'a policy in PyTorch learns from draws of %s, and repeats them from a state',
  async (kind, { skip }) => {
    if (!python) return skipWithout('torch', skip);
    const lines = (await run(join(pythonFolder, 'curriculum.py'), server.address, 'secret', kind)).split('\n');
    const [before, after] = /^accuracy (.*) -> (.*) in 120 steps$/.exec(lines.at(-2)!)!.slice(1).map(Number);
    expect(before).toBeLessThan(0.3);
    expect(after).toBeGreaterThan(0.5);
    expect(lines.at(-1)).toBe('after half of the steps: True');
    // Only the window comes to the end of the pool, and then asks for scores of the policy as it is.
    expect(lines.some((line) => line.includes('ordered anew'))).toBe(kind === 'gain');
  },
);

it('goes on where it was after its connection was cut', async ({ skip }) => {
  const withGrpc = pythonWithGrpc();
  if (!withGrpc) return skipWithout('grpc', skip);
  // The calls alone: the rest of the package needs torch.
  const script = `import sys, types
sys.modules["tengen_curriculum"] = package = types.ModuleType("tengen_curriculum")
package.__path__ = [sys.argv[2]]
from tengen_curriculum.service import CurriculumClient, Prompt
prompts = [Prompt(str(i), 1 + i % 7) for i in range(50)]
client = CurriculumClient(sys.argv[1], "secret")
curriculum = client.open(prompts, {"kind": "accuracy"}, seed=3)
def step():
    drawn = curriculum.draw(8)
    curriculum.update(drawn, [(i % 5) / 4 for i in drawn])
    return drawn
for pause in (False, False, True, False, True, False):
    if pause:
        print("cut", flush=True)
        sys.stdin.readline()
    print(step(), flush=True)
    curriculum.save() if pause else None
curriculum.close()
client.close()`;
  const proxy = new TcpProxy(server.address);
  const draws = async (address: string): Promise<readonly string[]> => {
    const child = spawn(withGrpc, ['-c', script, address, join(pythonFolder, 'tengen_curriculum')], {
      env: pythonEnvironment,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      if (line === 'cut') {
        proxy.cut();
        child.stdin.write('\n');
      } else lines.push(line);
    }
    return lines;
  };
  try {
    const uncut = await draws(server.address);
    expect(uncut).toHaveLength(6);
    expect(await draws(await proxy.start())).toEqual(uncut);
    expect(proxy.accepted).toBeGreaterThan(1);
  } finally {
    proxy.stop();
  }
});

it('angles of hidden states are those of the server, and the hook captures what the last up_proj reads', async ({
  skip,
}) => {
  if (!python) return skipWithout('torch', skip);
  const [width, rng] = [16, new Rng(2)];
  const rows = [3, 1, 7, 40].map((count) => Float32Array.from({ length: count * width }, () => 0.3 + rng.normal()));
  const script = `import json, sys, torch
from torch import nn
from tengen_curriculum import angle, final_hidden_states, mean_unit_vector
class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp = nn.ModuleDict({"up_proj": nn.Linear(${width}, 4), "down_proj": nn.Linear(4, ${width})})
    def forward(self, x):
        return self.mlp["down_proj"](self.mlp["up_proj"](x))
model = nn.Sequential(nn.Identity(), Layer(), Layer())
states = [torch.tensor(rows).view(-1, ${width}) for rows in json.loads(sys.argv[1])]
with final_hidden_states(model) as captured:
    for state in states:
        model(state)
inputs = [model[1](state) for state in states]
print(json.dumps([
    [list(angle(mean_unit_vector(states[0]), mean_unit_vector(state))) for state in states[1:]],
    all(torch.equal(a, b) for a, b in zip(captured, inputs)) and len(captured) == 4,
]))
`;
  const [angles, isCaptured] = JSON.parse(await run('-c', script, JSON.stringify(rows.map((row) => [...row])))) as [
    [number, number][],
    boolean,
  ];
  const prefix = meanUnitVector(rows[0]!, width);
  rows.slice(1).forEach((row, i) => {
    const { intra, inter } = angleOf(prefix, meanUnitVector(row, width), row.length / width);
    expect(angles[i]![0]).toBeCloseTo(intra, 6);
    expect(angles[i]![1]).toBeCloseTo(inter, 6);
  });
  expect(isCaptured).toBe(true);
});

it('DataLoader takes the sampler, a large pool goes in parts, and signals may be vectors', async ({ skip }) => {
  if (!python) return skipWithout('torch', skip);
  const script = `import sys, torch
from torch.utils.data import DataLoader
from tengen_curriculum import CurriculumClient, CurriculumSampler, Prompt, angle, mean_unit_vector
client = CurriculumClient(sys.argv[1], "secret")
torch.manual_seed(1)
size, width = 6000, 1024
prefix = mean_unit_vector(torch.randn(5, width) + 0.5)
means = [mean_unit_vector(torch.randn(3, width) + 0.5) for _ in range(size)]
draws = []
for signals in (means, [angle(prefix, mean) for mean in means]):
    prompts = [Prompt(f"p{i}", 3, "f", 1, signals[i]) for i in range(size)]
    sampler = CurriculumSampler(client, prompts, 64, 3, {"kind": "gain", "uniformShare": 0}, seed=3, prefix=prefix)
    drawn = []
    for batch in DataLoader(torch.arange(size), batch_sampler=sampler):
        drawn.append(batch.tolist())
        sampler.update([0.25] * len(batch), [signals[i] for i in sampler.drawn], prefix)
    sampler.rank(signals, prefix)
    draws.append(drawn)
    print(len(drawn), len(set(drawn[0])), sorted(sampler.figures))
    sampler.close()
# Vectors travel in single precision, so two prompts may change places.
print(len(set(draws[0][0]) & set(draws[1][0])) >= 60)`;
  const line = "3 64 ['center', 'wraps']";
  expect((await run('-c', script, server.address)).split('\n')).toEqual([line, line, 'True']);
});

it('what the server refuses arrives as a sentence', async ({ skip }) => {
  if (!python) return skipWithout('torch', skip);
  const script = `import sys, grpc
from tengen_curriculum import CurriculumClient, CurriculumSampler, Prompt
sampler = CurriculumSampler(CurriculumClient(sys.argv[1], "secret"), [Prompt("a", 3)], 4, 1, {"kind": "gain"})
try:
    next(iter(sampler))
except grpc.RpcError as error:
    print(error.code().name, error.details())`;
  expect(await run('-c', script, server.address)).toBe(
    "INVALID_ARGUMENT Curriculum 'gain' needs angle scores of the pool, and there are none",
  );
});
