/** The tables, as a list of migrations: entry n brings a database from user_version n to n + 1. */

export const migrations: readonly string[] = [
  `
  CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    size INTEGER NOT NULL,
    parameter_count INTEGER NOT NULL,
    architecture_json TEXT NOT NULL,
    step INTEGER NOT NULL,
    rating REAL,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (name, version)
  ) STRICT;

  -- The promoted version of each model; the default model is the one with the highest rank.
  CREATE TABLE promotions (
    name TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    default_rank INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE games (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    game_id TEXT NOT NULL UNIQUE,
    job_id TEXT NOT NULL,
    model_version TEXT NOT NULL,
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    position_count INTEGER NOT NULL,
    move_count INTEGER NOT NULL,
    score REAL NOT NULL,
    bytes BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX games_of_job ON games (job_id, sequence);

  CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    state TEXT NOT NULL,
    config_json TEXT NOT NULL,
    error TEXT NOT NULL,
    metrics_json TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE progress (
    job_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    metrics_json TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (job_id, sequence)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE leases (
    game_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    lease_id TEXT NOT NULL,
    worker TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    work_json TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE checkpoints (
    job_id TEXT PRIMARY KEY,
    step INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- A game before there were trees is a tree of its own.
  ALTER TABLE games ADD COLUMN tree_id TEXT NOT NULL DEFAULT '';
  ALTER TABLE games ADD COLUMN variation INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE games ADD COLUMN is_last INTEGER NOT NULL DEFAULT 1;
  UPDATE games SET tree_id = game_id;
  CREATE UNIQUE INDEX games_of_tree ON games (tree_id, variation);
  `,
  `
  -- Where the time of a step went, as JSON; '' if the job does not say.
  ALTER TABLE progress ADD COLUMN times_json TEXT NOT NULL DEFAULT '';

  CREATE TABLE datasets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    malformed INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (name, version)
  ) STRICT;
  `,
  `
  -- How a version is computed in eight bits, as JSON; '' if that was not measured yet.
  ALTER TABLE models ADD COLUMN quantization_json TEXT NOT NULL DEFAULT '';
  -- Whether a model is served in eight bits: auto, fp32 or int8.
  ALTER TABLE promotions ADD COLUMN precision TEXT NOT NULL DEFAULT 'auto';
  `,
  `
  -- The token of level train that created a job; '' for an admin.
  ALTER TABLE jobs ADD COLUMN created_by TEXT NOT NULL DEFAULT '';

  -- Who may write under the name of a model or data set: its owner ('' are the admins), and whom an admin granted it to.
  CREATE TABLE name_owners (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE name_grants (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    caller TEXT NOT NULL,
    PRIMARY KEY (kind, name, caller)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Starts of a running job, the server's own among them, since it last proved itself.
  ALTER TABLE jobs ADD COLUMN unproved_starts INTEGER NOT NULL DEFAULT 0;
  `,
];
