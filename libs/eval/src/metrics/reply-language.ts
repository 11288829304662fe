import { eld } from 'eld/extrasmall';

/**
 * The language that a text is written in, ISO 639-1; undefined where it is too short or too mixed to tell.
 */
export function languageOfReply(text: string): string | undefined {
  const found = eld.detect(text);
  return found.language !== '' && found.isReliable() ? found.language : undefined;
}
