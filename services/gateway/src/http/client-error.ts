import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '@kontor/bus';
import { statusOf } from '@kontor/contracts';
import { problemOf } from './problem.js';

/** Answers what cannot be parsed as HTTP; Fastify has not seen it, so the answer is written by hand. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const refusal =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new AppError('too-large', 'The headers are larger than 16 KB, the most that is taken here')
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new AppError('invalid', 'The call was not sent to its end in time')
        : new AppError('invalid', 'This is not a readable HTTP request');
  const status = statusOf[refusal.code];
  const body = JSON.stringify(problemOf(refusal, randomUUID()));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
