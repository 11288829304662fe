import { Chrono, de, en, es, fr, it, nl, type ParsedComponents, type ParsedResult, pt } from 'chrono-node';
import type { Language } from '../language.js';
import { eachWord } from '../words.js';
import { DAY_MS, type DateContext, isoOf, nearestDay } from './calendar.js';
import type { Candidate } from './candidate.js';
import { agoPrefix, datePreposition, dateWords, directed, greetingBefore, hasBeen } from './date-words.js';

/** Without the parser of digits, which are read elsewhere: else it would read "Tuesday 3/11" with the month first. */
function wordsOfEnglish(): Chrono {
  const { parsers, refiners } = en.configuration.createCasualConfiguration(false);
  return new Chrono({
    refiners,
    parsers: parsers.filter((each) => !each.constructor.name.startsWith('Slash')),
  });
}

const PARSERS: Readonly<Record<Language, Chrono>> = {
  en: wordsOfEnglish(),
  de: de.casual,
  es: es.casual,
  fr: fr.casual,
  it: it.casual,
  nl: nl.casual,
  pt: pt.casual,
};

/** Characters before and after a date word that can belong to the date. */
const REACH = 24;
/** The parser sees at most this many stretches of this many characters of a text: more dates than that help nobody. */
const MAX_WINDOWS = 8;
const MAX_WINDOW = 160;

const dayOfMonth: Partial<Record<Language, RegExp>> = {
  en: /\b(?:the|on|by|until|till|from|since|between|and|to)\s+(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)(?=\s*(?:[.,;:!?)]|$)|\s+(?:and|to|at|for|but|i|we|it|in|or|until|till|with|from|as|if|so|when|you|they|my|your|then|please|this|of\s+(?:this|the))\b)/g,
  de: /\bam\s+(\d{1,2})\.(?=\s|$)/g,
};

interface Stretch {
  start: number;
  end: number;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** As far as "21st of may" and "may the 21st" go. */
const NEAR = 9;

function digitNear(text: string, start: number, end: number): boolean {
  for (let at = Math.max(0, start - NEAR); at < Math.min(text.length, end + NEAR); at += 1) {
    if (isDigit(text.charCodeAt(at))) return true;
  }
  return false;
}

/** Stretches of `lower` around what could be a date, merged and bounded. */
function stretches(lower: string, language: Language): Stretch[] {
  const found: Stretch[] = [];
  const add = (from: number, to: number): boolean => {
    const last = found.at(-1);
    const start = Math.max(0, from - REACH);
    const end = Math.min(lower.length, to + REACH);
    if (last !== undefined && start <= last.end && end - last.start <= MAX_WINDOW) {
      last.end = Math.max(last.end, end);
      return true;
    }
    found.push({ start: Math.max(start, last?.end ?? 0), end });
    return found.length < MAX_WINDOWS;
  };
  const { strong, weak } = dateWords[language];
  eachWord(lower, (start, end) => {
    if (end - start > 12) return true;
    const word = lower.slice(start, end);
    if (strong.has(word) || (weak.has(word) && digitNear(lower, start, end))) return add(start, end);
    return true;
  });
  return found.map(({ start, end }) => atSpaces(lower, start, end));
}

/** Widens a stretch to white space, so that no word or number is cut in two; a text without any is cut anyway. */
function atSpaces(text: string, start: number, end: number): Stretch {
  let from = start;
  let to = end;
  while (from > 0 && start - from < REACH && text.charCodeAt(from - 1) > 32) from -= 1;
  while (to < text.length && to - end < REACH && text.charCodeAt(to) > 32) to += 1;
  return { start: from, end: to };
}

const dayNumber = (parts: ParsedComponents): number =>
  Date.UTC(parts.get('year') ?? 0, (parts.get('month') ?? 1) - 1, parts.get('day') ?? 1) / DAY_MS;

/** "The last 3 days" is a period. */
const PERIOD =
  /\b(?:last|past|next|coming|letzten|nächsten|derni[eè]re?s|últimos|ultimi|laatste|afgelopen)\s+(?:\d|\p{L}+\s+\p{L})/u;
/** "A few days ago" names no day. */
const INEXACT =
  /\b(?:few|couple|several|some|ein paar|einigen|quelques|unos|unas|algunos|alcuni|paar|alguns)\b/;
/** "Three hours ago" is a time of day. */
const HOURS =
  /\b(?:hours?|hrs?|minutes?|mins?|stunden?|minuten?|heures?|horas?|minutos?|or[ae]|minut[io]|uur|uren)\b/;
const UNDATED = [INEXACT, PERIOD, HOURS];

/** Digits alone are read elsewhere, in the order of the country. */
const IN_DIGITS = /^[\d\s./-]+$/;

/** What the parser saw, with the words around it. */
interface Sight {
  readonly result: ParsedResult;
  readonly start: number;
  readonly end: number;
  readonly words: string;
  readonly before: string;
  readonly past: boolean;
}

function sightOf(result: ParsedResult, offset: number, lower: string, language: Language): Sight {
  const start = offset + result.index;
  const end = start + result.text.length;
  return {
    result,
    start,
    end,
    words: lower.slice(start, end),
    before: lower.slice(Math.max(0, start - 16), start),
    past: hasBeen(lower, start, end, language),
  };
}

/** How plainly a date was written, or undefined for what is no date of its own. */
function situationOf({ result, words, before }: Sight, language: Language): string | undefined {
  const { start } = result;
  if (greetingBefore.test(before) || IN_DIGITS.test(words)) return undefined;
  if (result.tags().has('result/relativeDate')) {
    if (!start.isCertain('day') || UNDATED.some((each) => each.test(words))) return undefined;
    return directed[language].test(`${before.slice(-8)}${words}`) ? 'span' : undefined;
  }
  if (start.isCertain('day')) {
    if (result.tags().has('casualReference/now')) return undefined;
    if (!/\d/.test(words)) return 'day-word';
    if (result.end?.isCertain('day') === true) return /\p{L}{3}/u.test(words) ? 'range' : undefined;
    return start.isCertain('year') ? 'full' : 'no-year';
  }
  if (!start.isCertain('weekday')) return undefined;
  const bare = words.replace(/[^\p{L}]/gu, '');
  return dateWords[language].weak.has(bare) && !datePreposition.test(before) ? undefined : 'weekday';
}

const weekdayAfter = (day: number, from: number): number => (((day - from) % 7) + 7) % 7;

/** The day meant: the coming one, unless the words around it say that it has been. */
function settled(parts: ParsedComponents, situation: string, past: boolean, today: number): number {
  const day = dayNumber(parts);
  if (situation === 'weekday') {
    const ahead = weekdayAfter(day, today);
    // Today's own weekday means the last or the next one: who means today says so.
    return past ? today + ahead - 7 : Math.max(day, today + (ahead || 7));
  }
  if (parts.isCertain('year') || situation === 'day-word' || situation === 'span') return day;
  return nearestDay(parts.get('month') ?? 1, parts.get('day') ?? 1, today, past) ?? day;
}

/** What stands between the first and the last day of a span. */
const BETWEEN =
  /\s*(?:[–-]|\b(?:to|till?|until|through|and|bis|und|au|jusqu'au|et|al|hasta|y|e|tot|t\/m|en|até|a)\b)\s*/gu;

/** "3 to 9 December" and "Monday to Friday": the first and the last day of a span, each a value of its own. */
function spanOf({ result, words, start, end, past }: Sight, first: Candidate, today: number): Candidate[] {
  const parting = [...words.matchAll(BETWEEN)].at(-1);
  if (!result.end || parting === undefined) return [first];
  const firstDay = Date.parse(first.value) / DAY_MS;
  const lastDay =
    first.situation === 'weekday'
      ? firstDay + weekdayAfter(dayNumber(result.end), firstDay)
      : settled(result.end, first.situation, past, today);
  const [until, from] = [start + parting.index, start + parting.index + parting[0].length];
  if (until <= first.start || from >= end) return [first];
  return [
    { ...first, end: until },
    { ...first, value: isoOf(lastDay), start: from },
  ];
}

function candidatesOf(sight: Sight, lower: string, language: Language, today: number): Candidate[] {
  const situation = situationOf(sight, language);
  if (situation === undefined) return [];
  const { result, end, past } = sight;
  let start = sight.start;
  let day = settled(result.start, situation, past, today);
  const prefix = agoPrefix[language];
  const ago = situation === 'span' && prefix ? prefix.exec(lower.slice(Math.max(0, start - 8), start)) : null;
  if (ago !== null) {
    day = 2 * today - day;
    start -= ago[0].length;
  }
  return spanOf(sight, { kind: 'date', value: isoOf(day), start, end, situation }, today);
}

/** "the 20th": the coming or the last day of that number. */
function daysOfMonth(
  lower: string,
  context: DateContext,
  today: number,
  taken: readonly Candidate[],
): Candidate[] {
  const pattern = dayOfMonth[context.language];
  if (pattern === undefined) return [];
  const found: Candidate[] = [];
  for (const match of lower.matchAll(pattern)) {
    if (found.length >= MAX_WINDOWS) break;
    const [start, end] = [match.index, match.index + match[0].length];
    const number = Number(match[1]);
    if (number < 1 || number > 31 || taken.some((each) => each.start < end && start < each.end)) continue;
    const past = hasBeen(lower, start, end, context.language);
    const day = nearestDayOfMonth(number, today, past);
    found.push({ kind: 'date', value: isoOf(day), start, end, situation: 'day-of-month' });
  }
  return found;
}

function nearestDayOfMonth(number: number, today: number, past: boolean): number {
  const now = new Date(today * DAY_MS);
  const step = past ? -1 : 1;
  for (let months = 0; months < 12; months += 1) {
    const date = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + step * months, number));
    const day = date.getTime() / DAY_MS;
    if (date.getUTCDate() === number && (past ? day <= today : day >= today)) return day;
  }
  return today;
}

/** "June the 21st", which the parser does not know, as "June     21st": every character keeps its place. */
const withoutThe = (words: string): string =>
  words.replace(/(?<=\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6} )the(?= \d)/g, '   ');

/** Parts of today and of last night, which the parser moves to the next day. */
const partOfDay = /\b(?:this (?:morning|afternoon|evening)|last night)\b/g;

function partsOfDay(lower: string, today: number): Candidate[] {
  return [...lower.matchAll(partOfDay)].slice(0, MAX_WINDOWS).map((match) => ({
    kind: 'date',
    value: isoOf(match[0] === 'last night' ? today - 1 : today),
    start: match.index,
    end: match.index + match[0].length,
    situation: 'day-word',
  }));
}

/** Dates with a word in them, as the parser of the text's language reads them in stretches around such words. */
export function findWordedDates(lower: string, context: DateContext, today: number): Candidate[] {
  const { language } = context;
  const reference = { instant: new Date(context.receivedAtMs), timezone: context.offsetMinutes };
  const found: Candidate[] = language === 'en' ? partsOfDay(lower, today) : [];
  for (const { start, end } of stretches(lower, language)) {
    const words = language === 'en' ? withoutThe(lower.slice(start, end)) : lower.slice(start, end);
    for (const result of PARSERS[language].parse(words, reference, { forwardDate: true })) {
      found.push(...candidatesOf(sightOf(result, start, lower, language), lower, language, today));
    }
  }
  return [...found, ...daysOfMonth(lower, context, today, found)];
}
