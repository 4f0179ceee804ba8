/**
 * Who may make which call: the one declaration, from call to the level that it needs. The gRPC server and the page's
 * HTTP bridge enforce it, and `npm run generate` writes docs/access.md from it.
 */

import type { CompatServiceDefinition } from 'nice-grpc';
import { AppError, assert } from '../../core/errors.js';

/** What a token may do, the least first; each level has what those before it have. */
export const levels = ['play', 'work', 'train', 'admin'] as const;
export type Level = (typeof levels)[number];

export interface Caller {
  /** The name of the token; '' for the token without a name, and where no token is asked for. */
  readonly name: string;
  readonly level: Level;
}

/** The level that a call needs; 'open' calls need no token. */
type Need = Level | 'open';

/** Every call of the server, by service. */
export const callLevels: Readonly<Record<string, Readonly<Record<string, Need>>>> = {
  'grpc.health.v1.Health': { Check: 'open', Watch: 'open' },
  'grpc.reflection.v1.ServerReflection': { ServerReflectionInfo: 'play' },
  'grpc.reflection.v1alpha.ServerReflection': { ServerReflectionInfo: 'play' },
  'inference.GRPCInferenceService': {
    ServerLive: 'play',
    ServerReady: 'play',
    ModelReady: 'play',
    ServerMetadata: 'play',
    ModelMetadata: 'play',
    ModelInfer: 'play',
  },
  'tengen.v1.AccessService': { GetCaller: 'play', GrantName: 'admin', RevokeName: 'admin' },
  'tengen.v1.BranchingService': { PickBranch: 'train', LabelTree: 'train' },
  'tengen.v1.CurriculumService': { Draw: 'train' },
  'tengen.v1.DatasetService': { ImportDataset: 'train', ListDatasets: 'train' },
  'tengen.v1.EvaluatorService': { Evaluate: 'play' },
  'tengen.v1.GameService': { ListGames: 'work', GetGame: 'work' },
  'tengen.v1.GenerationService': { Generate: 'play', Tokenize: 'play' },
  'tengen.v1.GrowthService': { GrowCheckpoint: 'train' },
  'tengen.v1.JobService': {
    CreateJob: 'train',
    GetJob: 'train',
    ListJobs: 'train',
    WatchJob: 'train',
    CancelJob: 'train',
    ResumeJob: 'train',
  },
  'tengen.v1.ModelService': {
    ListModels: 'play',
    GetModel: 'play',
    UploadModel: 'train',
    DownloadModel: 'train',
    ImportModel: 'admin',
    PromoteModel: 'admin',
    SetPrecision: 'admin',
  },
  'tengen.v1.MonitorService': { WatchServer: 'work' },
  'tengen.v1.SchedulingService': { PlanStep: 'train', FitCost: 'train' },
  'tengen.v1.SearchService': { Search: 'play' },
  'tengen.v1.SelfPlayService': { Work: 'work' },
};

/**
 * The level that a call needs.
 *
 * @param path `/package.Service/Call`
 * @throws AppError 'internal' if none is declared
 */
export function levelOf(path: string): Need {
  const [, service = '', call = ''] = path.split('/');
  const calls = Object.hasOwn(callLevels, service) ? callLevels[service] : undefined;
  const need = calls && Object.hasOwn(calls, call) ? calls[call] : undefined;
  assert(need !== undefined, `the call '${path}' declares no level of access in src/server/access/call-levels.ts`);
  return need;
}

/** The paths of a service's calls. */
export function pathsOf(definition: CompatServiceDefinition): readonly string[] {
  // ts-proto names the service and its methods; grpc-js and nice-grpc give each method its path.
  const { fullName, methods } = definition as { fullName?: unknown; methods?: Record<string, { name: string }> };
  if (typeof fullName === 'string' && methods) {
    return Object.values(methods).map(({ name }) => `/${fullName}/${name}`);
  }
  return Object.values(definition as Record<string, { path: string }>).map(({ path }) => path);
}

/** @throws AppError 'internal' if a call of the service declares no level */
export function checkDeclared(definition: CompatServiceDefinition): void {
  for (const path of pathsOf(definition)) levelOf(path);
}

/** @throws AppError 'permission-denied' naming the level that the call needs and the caller's */
export function checkLevel(path: string, { name, level }: Caller): void {
  const need = levelOf(path);
  if (need === 'open' || levels.indexOf(level) >= levels.indexOf(need)) return;
  throw new AppError(
    'permission-denied',
    `The call '${path}' needs a token of level ${need}${need === 'admin' ? '' : ' or above'}; the token '${name}' has level ${level}`,
  );
}
