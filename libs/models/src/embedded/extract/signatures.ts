import { courtesies } from '../editor-words.js';

/** A name, and where it stands. */
export interface SignedName {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Characters at the end of a letter in which it is signed. */
const END_OF_LETTER = 400;
const WORD = "\\p{Lu}[\\p{L}'’-]{0,30}\\.?";
const PARTICLE = 'van|von|de|der|den|di|da|do|dos|del|la|le|ten|ter|zu';
/** One to four words that begin in capitals, as names do, and nothing else on the line. */
const nameLine = new RegExp(
  `^[ \\t]*(${WORD}(?: (?:(?:${PARTICLE}) ){0,2}${WORD}){0,3})[ \\t]*(?:\\n|$)`,
  'u',
);
const nameBehindComma = new RegExp(`, *(${WORD}(?: ${WORD}){0,2})[.!]?$`, 'u');

/** The name under a closing such as "Kind regards," or behind it, in any of the languages that the editor knows. */
export function findSignatures(text: string): SignedName[] {
  const from = Math.max(0, text.length - END_OF_LETTER);
  const letterEnd = text.slice(from);
  for (const { closing } of Object.values(courtesies)) {
    const match = closing.exec(letterEnd);
    if (match === null) continue;
    const line = match[0].trimEnd();
    const behind = nameBehindComma.exec(line);
    if (behind?.[1] !== undefined) {
      const start = from + match.index + behind.index + behind[0].indexOf(behind[1]);
      return [{ name: behind[1], start, end: start + behind[1].length }];
    }
    const rest = from + match.index + match[0].length;
    const gap = /^\s*/.exec(text.slice(rest))?.[0].length ?? 0;
    const under = nameLine.exec(text.slice(rest + gap));
    if (under?.[1] !== undefined) {
      const start = rest + gap + under[0].indexOf(under[1]);
      return [{ name: under[1], start, end: start + under[1].length }];
    }
  }
  return [];
}
