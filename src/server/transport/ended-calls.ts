/**
 * Answers to calls whose status is on its way. grpc-js writes such an answer to a stream that it has ended: where the answer
 * before still waits for the network, Node then never sends the status, and the peer waits for ever. It happens at a deadline.
 */

import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';

/** Drops answers once the status was given, which cancels the call as soon as the status is sent. */
export const dropLateAnswers: ServerInterceptor = (_method, call) =>
  new ServerInterceptingCall(call, {
    start: (next) => next(),
    sendMetadata: (metadata, next) => next(metadata),
    sendMessage: (message, next) => {
      // The base of all interceptors knows; a version without the field behaves as it would without this interceptor.
      if ((call as { readonly wantTrailers?: boolean }).wantTrailers !== true) next(message);
    },
    sendStatus: (status, next) => next(status),
  });
