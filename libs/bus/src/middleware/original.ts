import { originals } from '../retry-topic.js';
import type { Middleware } from './middleware.js';

/** Shows a record of the group's retry topics to all that is inside as it was on its own topic, under its own id. */
export function original(group: string): Middleware {
  const originalOf = originals(group);
  return (next) => (record, signal) => next(originalOf(record), signal);
}
