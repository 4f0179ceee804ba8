import { afterEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../../clients/shared/connection.js';
import { RemoteEvaluator } from '../../../../clients/shared/remote-evaluator.js';
import { GRPCInferenceServiceDefinition } from '../../../../src/proto/inference/grpc_service.js';
import { Callers } from '../../../../src/server/access/callers.js';
import { formatQuotas, Quotas, readQuotas } from '../../../../src/server/access/quotas.js';
import { startEvaluationServer, type EvaluationServer } from '../../../support/evaluation-server.js';
import { MemoryModels, randomPositions, tinyModel } from '../../../support/served-models.js';

const alice = { header: 'Bearer sesame', peer: '10.0.0.1:1234' };
const stranger = { header: 'Bearer common', peer: '10.0.0.2:1234' };

describe('callers', () => {
  const callers = new Callers('common', 'alice:play=sesame, bob:work=swordfish');

  it('are known by the name of their token, and by their address without one', () => {
    expect(callers.nameOf(alice)).toBe('alice');
    expect(callers.nameOf({ header: 'bearer swordfish', peer: '' })).toBe('bob');
    expect(callers.nameOf(stranger)).toBe('10.0.0.2');
    expect(new Callers('').nameOf({ header: undefined, peer: '[::1]:99' })).toBe('[::1]');
    expect(new Callers('').nameOf({ header: undefined, peer: '::1' })).toBe('::1');
  });

  it('are let in with any of the tokens, and all where there is none', () => {
    for (const { header } of [alice, stranger]) expect(() => callers.check(header)).not.toThrow();
    expect(() => callers.check(undefined)).toThrow('A token is needed');
    for (const header of ['Bearer ', 'Bearer alice', 'sesame', 'Bearer sesame2']) {
      expect(() => callers.check(header)).toThrow('The token sent is not the one of this server');
    }
    expect(() => new Callers('').check('Bearer anything')).not.toThrow();
    expect(() => new Callers('', 'alice:play=sesame').check(undefined)).toThrow('A token is needed');
  });

  it('have the level of their token; admin is that of the token without a name, and of all where there is none', () => {
    expect(callers.check('Bearer sesame')).toEqual({ name: 'alice', level: 'play' });
    expect(callers.check('Bearer common')).toEqual({ name: '', level: 'admin' });
    expect(new Callers('').check(undefined)).toEqual({ name: '', level: 'admin' });
    expect(callers.names).toEqual(['alice', 'bob']);
  });

  it('have tokens that are written with names and levels; a mistake does not show the secret', () => {
    for (const entry of ['alice sesame', 'alice=sesame', 'alice:boss=sesame', 'sesame==', 'alice:work=']) {
      const form = "Entry 1 of setting 'tokens' is not NAME:LEVEL=TOKEN, such as alice:work=TOKEN";
      expect(() => new Callers('', entry)).toThrow(form);
      expect(() => new Callers('', entry)).not.toThrow('sesame');
    }
    expect(() => new Callers('', 'alice:work=a, alice:play=b')).toThrow("name 'alice' twice");
    expect(() => new Callers('', 'alice:work=a, bob:play=a')).toThrow('have one token twice');
    expect(() => new Callers('a', 'alice:work=a')).toThrow('have one token twice');
  });
});

describe('a quota', () => {
  const make = (text: string): { quotas: Quotas; tick: (ms: number) => void } => {
    let now = 0;
    const quotas = new Quotas(new Callers('common', 'alice:play=sesame'), readQuotas(text), () => now);
    return { quotas, tick: (ms) => (now += ms) };
  };

  it('bounds what a client has in flight, and counts it back once', () => {
    const { quotas } = make('alice=10/0');
    const done = quotas.admit(alice, 6);
    quotas.admit(alice, 4);
    expect(() => quotas.admit(alice, 1)).toThrow(
      "Client 'alice' has 10 positions in flight, 1 more do not fit in its quota of 10; try again later",
    );
    done();
    done();
    quotas.admit(alice, 6);
    expect(() => quotas.admit(alice, 1)).toThrow('quota of 10');
    expect(() => quotas.admit(alice, 11)).toThrow('The request has 11 positions');
  });

  it('bounds what comes in a second, whatever the size of the requests', () => {
    const { quotas, tick } = make('*=0/100');
    quotas.admit(stranger, 250)();
    expect(() => quotas.admit(stranger, 1)).toThrow(
      "Client '10.0.0.2' has used up its quota of 100 positions a second; try again later",
    );
    tick(1400);
    expect(() => quotas.admit(stranger, 1)).toThrow('used up');
    tick(200);
    quotas.admit(stranger, 1)();
    tick(1_000_000);
    // A second's worth is saved up, not the whole time.
    quotas.admit(stranger, 100)();
    expect(() => quotas.admit(stranger, 1)).toThrow('used up');
  });

  it('is one for each client, and none for those that it does not name', () => {
    const { quotas } = make('alice=1/0');
    quotas.admit(alice, 1);
    expect(() => quotas.admit(alice, 1)).toThrow('alice');
    quotas.admit(stranger, 1_000_000);
    const each = make('*=1/0').quotas;
    each.admit(alice, 1);
    each.admit(stranger, 1);
    expect(() => each.admit({ ...stranger, peer: '10.0.0.2:9' }, 1)).toThrow("'10.0.0.2'");
  });

  it.each(['alice', 'alice=10', 'alice=10/', 'alice=a/b', 'alice=-1/5', 'alice=1/2/3'])('is refused as %s', (text) => {
    expect(() => make(text)).toThrow(/^Setting 'quotas'/);
  });

  it('shows in the metrics', () => {
    const { quotas } = make('alice=10/0');
    quotas.admit(alice, 6);
    expect(() => quotas.admit(alice, 7)).toThrow();
    expect(formatQuotas(quotas.figures()).split('\n')).toEqual([
      '# TYPE tengen_client_positions_total counter',
      'tengen_client_positions_total{client="alice"} 6',
      '# TYPE tengen_client_refused_total counter',
      'tengen_client_refused_total{client="alice"} 7',
      '# TYPE tengen_client_in_flight gauge',
      'tengen_client_in_flight{client="alice"} 6',
      '',
    ]);
  });

  it('shows names with quotes, backslashes and line feeds as Prometheus reads them', () => {
    const figures = [{ client: 'a"b\\c\nd', inFlight: 1, positions: 2, refused: 3 }];
    expect(formatQuotas(figures).split('\n')[1]).toBe('tengen_client_positions_total{client="a\\"b\\\\c\\nd"} 2');
  });

  it('keeps track of a bounded number of clients, and never forgets one that has something in flight', () => {
    const { quotas } = make('');
    quotas.admit(alice, 1);
    for (let i = 0; i < 2000; i++) quotas.admit({ header: 'Bearer common', peer: `10.1.${i >> 8}.${i & 255}:1` }, 1)();
    const names = quotas.figures().map(({ client }) => client);
    expect(names).toHaveLength(1000);
    expect(names).toContain('alice');
  });
});

describe('the evaluator of a server with quotas', () => {
  let server: EvaluationServer;
  const connections: Connection[] = [];
  let nowMs = 0;
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
    await server.close();
  });

  async function start(quotas: string): Promise<(token: string, patienceMs?: number) => RemoteEvaluator> {
    const models = new MemoryModels().add('go@1', tinyModel(5, 1)).promote('', 'go@1');
    server = await startEvaluationServer(
      models,
      { threads: 1 },
      { tokens: 'alice:play=sesame,bob:play=swordfish', quotas, now: () => nowMs },
    );
    return (token, patienceMs = 0) => {
      const connection = new Connection({ address: server.address, token });
      connections.push(connection);
      return new RemoteEvaluator(connection, { patienceMs });
    };
  }

  const positions = randomPositions(5, 40);

  it('refuses one client and serves the others; who is patient gets everything in the end', async () => {
    const as = await start('alice=64/20');
    await as('sesame').evaluateSnapshots(positions);
    await expect(as('sesame').evaluateSnapshots(positions.slice(0, 1))).rejects.toMatchObject({
      kind: 'resource-exhausted',
      message: "Client 'alice' has used up its quota of 20 positions a second; try again later",
    });
    expect(await as('swordfish').evaluateSnapshots(positions)).toHaveLength(40);
    const patient = as('sesame', 30_000).evaluateSnapshots(positions.slice(0, 3));
    await vi.waitUntil(() => server.quotas.figures().some(({ client, refused }) => client === 'alice' && refused >= 4));
    nowMs += 10_000;
    expect(await patient).toHaveLength(3);
    expect(server.quotas.figures()).toContainEqual({ client: 'bob', inFlight: 0, positions: 40, refused: 0 });
  });

  it('counts plain tensors too', async () => {
    const as = await start('bob=0/10');
    await as('swordfish').evaluateSnapshots(positions);
    const inference = new Connection({ address: server.address, token: 'swordfish' });
    connections.push(inference);
    const client = inference.client(GRPCInferenceServiceDefinition);
    const metadata = await client.modelMetadata({ name: '', version: '' });
    const inputs = metadata.inputs.map(({ name, datatype, shape }) => {
      const whole = [1, ...shape.slice(1).map(Number)];
      const values = whole.reduce((a, b) => a * b, 1);
      return {
        name,
        datatype,
        shape: whole.map(BigInt),
        parameters: {},
        contents: {
          boolContents: [],
          intContents: [],
          int64Contents: [],
          uintContents: [],
          uint64Contents: [],
          fp32Contents: new Array<number>(values).fill(0),
          fp64Contents: [],
          bytesContents: [],
        },
      };
    });
    const request = {
      modelName: '',
      modelVersion: '',
      id: '',
      parameters: {},
      inputs,
      outputs: [],
      rawInputContents: [],
    };
    await expect(client.modelInfer(request)).rejects.toThrow(
      "Client 'bob' has used up its quota of 10 positions a second",
    );
  });
});
