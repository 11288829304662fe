import type { RecordHandler } from '../bus.js';

/** One cross-cutting concern around the handling of a record. */
export type Middleware = (next: RecordHandler) => RecordHandler;

/** Puts the layers around the handler; the first listed is the outermost. */
export const wrap = (handler: RecordHandler, layers: readonly Middleware[]): RecordHandler =>
  layers.reduceRight((next, layer) => layer(next), handler);
