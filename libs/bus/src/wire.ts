import { type ErrorCode, statusOf } from '@kontor/contracts';
import { type Msg, type MsgHdrs, headers as natsHeaders } from '@nats-io/nats-core';
import { AppError } from './app-error.js';

// A reply is JSON. An error is marked by the headers that NATS services use for it, so that any NATS tool sees it as one; its body has the rest.
const CODE = 'Nats-Service-Error-Code';

export const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value) ?? 'null');

export function decode(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch {
    throw new AppError('invalid', 'The message is not JSON');
  }
}

export function encodeError(error: AppError): { data: Uint8Array; headers: MsgHdrs } {
  const headers = natsHeaders();
  headers.set(CODE, String(statusOf[error.code]));
  headers.set('Nats-Service-Error', error.code);
  return { data: encode({ code: error.code, message: error.message, details: error.details }), headers };
}

/** The reply's value; throws the AppError that the other side threw. */
export function decodeReply(reply: Msg): unknown {
  const value = decode(reply.data);
  if (!reply.headers?.has(CODE)) return value;
  const { code, message, details } = value as { code: ErrorCode; message: string; details: Record<string, unknown> };
  throw new AppError(code, message, details);
}
