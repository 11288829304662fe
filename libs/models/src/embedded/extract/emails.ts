import type { Candidate } from './candidate.js';

/** RFC 5321: what stands before the @ has at most 64 octets, what follows at most 255. */
const MAX_LOCAL = 64;
const MAX_DOMAIN = 255;
const MAX_ADDRESSES = 16;

/** Narrower than the RFC: the rest of its signs stand between addresses and words far oftener than in addresses. */
const localPart = /^[\p{L}\p{N}._%+'-]$/u;
const domainPart = /^[\p{L}\p{N}.-]$/u;
const label = /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?$/u;
const topLevel = /^(?:xn--[a-z\d-]{2,59}|\p{L}{2,63})$/iu;

function reach(text: string, from: number, step: 1 | -1, limit: number, allowed: RegExp): number {
  let at = from;
  while (Math.abs(at - from) < limit) {
    const next = step === 1 ? text[at] : text[at - 1];
    if (next === undefined || !allowed.test(next)) break;
    at += step;
  }
  return at;
}

/** Drops signs that a sentence puts around an address: "(jo@shop.test)." or "'jo@shop.test'". */
function trimmed(text: string, start: number, at: number, end: number): [number, number] {
  let from = start;
  let to = end;
  while (from < at && /[.'_-]/.test(text[from] ?? '')) from += 1;
  while (to > at && /[.-]/.test(text[to - 1] ?? '')) to -= 1;
  return [from, to];
}

function isAddress(local: string, domain: string): boolean {
  if (local === '' || local.endsWith('.') || local.includes('..')) return false;
  const labels = domain.split('.');
  return labels.length > 1 && labels.every((part) => label.test(part)) && topLevel.test(labels.at(-1) ?? '');
}

/** E-mail addresses in lower case. Each @ is looked at once and a bounded way to both sides: linear in the text. */
export function findEmails(text: string, most = MAX_ADDRESSES): Candidate[] {
  const found: Candidate[] = [];
  for (let at = text.indexOf('@'); at >= 0 && found.length < most; at = text.indexOf('@', at + 1)) {
    const before = reach(text, at, -1, MAX_LOCAL, localPart);
    const after = reach(text, at + 1, 1, MAX_DOMAIN, domainPart);
    const [start, end] = trimmed(text, before, at, after);
    // "a@b@c.test" is no address and holds none.
    if (text[end] === '@' || text[start - 1] === '@') continue;
    // Masked by whoever passed the message on: what is left of it is nobody's address.
    if (text[start - 1] === '*') continue;
    if (!isAddress(text.slice(start, at), text.slice(at + 1, end))) continue;
    found.push({
      kind: 'email',
      value: text.slice(start, end).toLowerCase(),
      start,
      end,
      situation: 'address',
    });
  }
  return found;
}
