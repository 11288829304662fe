/**
 * The same text in memory of its own. A part of a text keeps all of it alive, so that what is remembered of a long log
 * must be detached from it.
 */
export const detached = (text: string): string => Buffer.from(text).toString();
