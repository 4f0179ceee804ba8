import { describe, expect, it } from 'vitest';
import { CreateJobRequest, JobServiceDefinition, ListJobsResponse } from '../../../src/proto/tengen/v1/job.js';
import { answeredInBytes, uncopied } from '../../../src/server/answers.js';
import { decodable, type Unreadable } from '../../../src/server/decoding.js';
import { ownRequest } from '../../../src/server/threaded-service.js';

describe('a message of a call that takes few bytes', () => {
  const { requestType } = decodable(JobServiceDefinition).methods.createJob;
  const request = (characters: number): Uint8Array =>
    CreateJobRequest.encode(CreateJobRequest.fromPartial({ configJson: 'x'.repeat(characters) })).finish();

  it('is read', () => {
    expect(requestType.decode(request(100_000)).configJson).toHaveLength(100_000);
  });

  it('is refused unread if it has more than 1 MiB', () => {
    const refused = requestType.decode(request(2 ** 20)) as unknown as Unreadable;
    expect(refused.bytes).toBeGreaterThan(2 ** 20);
    expect(String(refused.cause)).toContain('the call takes 1048576 bytes at most');
  });
});

describe('an answer on its way to gRPC', () => {
  const message = ListJobsResponse.fromPartial({ jobs: [{ jobId: 'one' }] });
  const bytes = ListJobsResponse.encode(message).finish();

  it('may be bytes, where that was said', () => {
    const { responseType } = answeredInBytes(JobServiceDefinition, 'listJobs').methods.listJobs;
    expect(responseType.encode(bytes).finish()).toBe(bytes);
    expect(responseType.encode(message).finish()).toEqual(bytes);
  });

  it('is given as memory that needs no copy, if that holds nothing else', () => {
    const { responseType } = uncopied(answeredInBytes(JobServiceDefinition, 'listJobs')).methods.listJobs;
    expect(responseType.encode(bytes).finish()).toBe(bytes.buffer);
    expect(responseType.encode(bytes.subarray(1)).finish()).toEqual(bytes.subarray(1));
  });
});

describe('a request for a thread', () => {
  it('is given away in the memory that gRPC made for it and what is before it, and copied out of any other', () => {
    const alone = new Uint8Array(5 + 100).subarray(5);
    expect(ownRequest(alone)).toBe(alone);
    const shared = new Uint8Array(5 + 100 + 1).subarray(5, 105);
    expect(ownRequest(shared)).toEqual(shared);
    expect(ownRequest(shared).buffer).not.toBe(shared.buffer);
  });
});
