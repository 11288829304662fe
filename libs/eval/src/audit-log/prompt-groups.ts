import { createHash } from 'node:crypto';
import { detached } from './detached.js';

/** Instructions stand at the start of a prompt; what comes after so many characters is context more often than not. */
const HEAD = 600;
/** Prompts belong together that share at least this part of their characters, in whole sentences. */
const ALIKE = 0.5;
/** Groups, and remembered sentences and prompts at most: a log of any length takes the same memory. */
const MAX_GROUPS = 500;
const MAX_REMEMBERED = 5_000;

/** What changes from call to call: addresses, identifiers, dates, numbers, quotations. */
const VARIABLE =
  /https?:\/\/\S+|[\w.+-]+@[\w-]+\.[\w.-]+|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b(?=[a-z_-]*\d)[\w-]{6,}\b|\d+(?:[.,:/-]\d+)*|"[^"\n]{1,200}"/gi;
const DIGIT = /\d/g;
const SENTENCE_END = /[.!?;]\s+|\n+/;

interface Group {
  readonly id: string;
  readonly size: number;
  /** Characters that the prompt at hand has in common with it, while that is worked out. */
  common: number;
}

/** Finds the group of a system prompt. Undefined when there are too many groups, or the prompt has no words. */
export type PromptGroups = (prompt: string) => string | undefined;

/**
 * Groups of system prompts that differ only in their variable parts: each is known by the sentences of the first prompt
 * that fitted no other, with variable parts masked. The same prompts in the same order make the same groups.
 */
export function promptGroups(): PromptGroups {
  const sentencesOf = sentenceFinder();
  const bySentence = new Map<string, Group[]>();
  const remembered = new Map<string, string | undefined>();
  let groups = 0;

  function nearest(sentences: readonly string[], size: number): Group | undefined {
    const met: Group[] = [];
    for (const sentence of sentences) {
      for (const group of bySentence.get(sentence) ?? []) {
        if (group.common === 0) met.push(group);
        group.common += sentence.length;
      }
    }
    let best: Group | undefined;
    let bestShare = ALIKE;
    for (const group of met) {
      const share = group.common / Math.max(size, group.size);
      group.common = 0;
      if (share > bestShare || (share === bestShare && best === undefined))
        [best, bestShare] = [group, share];
    }
    return best;
  }

  function groupOf(head: string): string | undefined {
    const sentences = sentencesOf(head);
    let size = 0;
    for (const { length } of sentences) size += length;
    if (size === 0) return undefined;
    const near = nearest(sentences, size);
    if (near !== undefined) return near.id;
    if (groups === MAX_GROUPS) return undefined;
    groups += 1;
    const group = { id: idOf(sentences), size, common: 0 };
    for (const sentence of sentences) {
      bySentence.set(sentence, [...(bySentence.get(sentence) ?? []), group]);
    }
    return group.id;
  }

  return (prompt) => {
    // No mask tells one digit from another, so that most prompts of a step are one prompt but for their other parts.
    const head = prompt.slice(0, HEAD).replace(DIGIT, '0');
    if (remembered.has(head)) return remembered.get(head);
    const group = groupOf(head);
    if (remembered.size === MAX_REMEMBERED) remembered.clear();
    remembered.set(detached(head), group);
    return group;
  };
}

/**
 * Splits texts into sentences, variable parts masked, each of them once. Most sentences of a log come again and again, and
 * masking is what takes the time.
 */
function sentenceFinder(): (text: string) => readonly string[] {
  const remembered = new Map<string, string>();

  function masked(sentence: string): string {
    const known = remembered.get(sentence);
    if (known !== undefined) return known;
    const words = sentence.replace(VARIABLE, '#').toLowerCase().replace(/\s+/g, ' ').trim();
    const found = /\p{L}/u.test(words) ? detached(words) : '';
    if (remembered.size === MAX_REMEMBERED) remembered.clear();
    remembered.set(detached(sentence), found);
    return found;
  }

  return (text) => {
    const sentences: string[] = [];
    for (const sentence of text.split(SENTENCE_END)) {
      const words = masked(sentence);
      if (words !== '' && !sentences.includes(words)) sentences.push(words);
    }
    return sentences;
  };
}

const idOf = (sentences: readonly string[]): string =>
  createHash('sha256').update(sentences.join('\n')).digest('hex').slice(0, 8);
