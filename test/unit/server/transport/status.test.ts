import { ServerError, Status } from 'nice-grpc-common';
import { expect, it } from 'vitest';
import { AppError, errorKinds } from '../../../../src/core/errors.js';
import { errorFromStatus } from '../../../../clients/shared/status.js';
import { isOwnFault, statusCode, toServerError } from '../../../../src/server/transport/status.js';

it('keeps the sentence of every error but an internal one, which leaves bland with the id of the request', () => {
  for (const kind of errorKinds) {
    const { code, details } = toServerError(new AppError(kind, 'the sentence'), 'r1');
    expect(code).toBe(statusCode(new AppError(kind, '')));
    if (kind === 'internal') expect(details).toMatch(/^(?!.*sentence).*r1/);
    else expect(details).toBe('the sentence');
  }
});

it('is undone by the map of the clients', () => {
  for (const kind of errorKinds) expect(errorFromStatus(statusCode(new AppError(kind, '')), 'x').kind).toBe(kind);
});

it('tells nobody outside what a bug said, and calls it our own fault', () => {
  const bug = new TypeError('secret is undefined');
  const told = toServerError(bug, 'r2');
  expect(told.code).toBe(Status.INTERNAL);
  expect(told.details).not.toMatch(/secret/);
  expect(isOwnFault(bug)).toBe(true);
  expect(isOwnFault(new AppError('not-found', ''))).toBe(false);
  expect(isOwnFault(new ServerError(Status.INTERNAL, ''))).toBe(false);
});

it('passes on what the transport refused, and aborts as cancelled', () => {
  const refusal = Object.assign(new Error('8 RESOURCE_EXHAUSTED'), { code: 8, details: 'too large' });
  expect(toServerError(refusal, '')).toMatchObject({ code: Status.RESOURCE_EXHAUSTED, details: 'too large' });
  expect(isOwnFault(refusal)).toBe(false);
  const abort = new DOMException('gone', 'AbortError');
  expect(toServerError(abort, '').code).toBe(Status.CANCELLED);
  const fileError = Object.assign(new Error('ENOENT'), { code: 'ENOENT', details: 'x' });
  expect(isOwnFault(fileError)).toBe(true);
});

it('cuts a sentence that quotes megabytes, so that the header it travels in is taken', () => {
  const { details } = toServerError(new AppError('invalid-argument', `The name is '${'é'.repeat(4_000_000)}'`), 'r3');
  expect(details).toMatch(/^The name is 'é+…$/);
  expect(details).toHaveLength(2001);
});
