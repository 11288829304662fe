import type { Context } from '@opentelemetry/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from './api-keys.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent it; null before the keys were looked at. */
    caller: Caller | null;
    /** Its span; null for requests that no route could be looked up for. */
    trace: Context | null;
  }
}

/** A request to a controller. */
export type Request = FastifyRequest;
/** An answer that a controller sends by itself, such as a stream. */
export type Reply = FastifyReply;
