import { LANGUAGES, type Language } from '../language.js';

/** Words that make a text worth a look by the date parser. `weak` ones count only beside a digit. */
interface DateWords {
  readonly strong: ReadonlySet<string>;
  readonly weak: ReadonlySet<string>;
}

/** Months and weekdays come from the runtime's own locale data; these are the words it has no list of. */
const RELATIVE: Readonly<Record<Language, { readonly strong: string; readonly weak: string }>> = {
  en: {
    strong: 'today tomorrow yesterday tonight ago days weeks months',
    weak: 'day week month may march sept',
  },
  de: {
    strong: 'heute morgen gestern übermorgen vorgestern tagen wochen monaten',
    weak: 'tag woche monat tage mai',
  },
  fr: { strong: 'aujourd demain hier avant-hier jours semaines', weak: 'jour semaine mois mai mars' },
  es: { strong: 'hoy mañana ayer días semanas meses hace', weak: 'día semana mes' },
  it: { strong: 'oggi domani ieri giorni settimane mesi fa', weak: 'giorno settimana mese' },
  nl: { strong: 'vandaag morgen gisteren geleden dagen weken maanden', weak: 'dag week maand mei' },
  pt: { strong: 'hoje amanhã ontem dias semanas meses há', weak: 'dia semana mês' },
};

/** Three letters or fewer are a word of some other meaning too often: sun, sat, mar, set, die. */
const SHORTEST_STRONG = 4;

function calendarNames(language: Language): string[] {
  const names: string[] = [];
  for (const style of ['long', 'short'] as const) {
    const month = new Intl.DateTimeFormat(language, { month: style, timeZone: 'UTC' });
    const weekday = new Intl.DateTimeFormat(language, { weekday: style, timeZone: 'UTC' });
    for (let index = 0; index < 12; index += 1) {
      names.push(month.format(Date.UTC(2024, index, 1)), weekday.format(Date.UTC(2024, 0, 1 + (index % 7))));
    }
  }
  return names.flatMap((name) => name.toLowerCase().replaceAll('.', '').split('-'));
}

function dateWordsOf(language: Language): DateWords {
  const strong = new Set(RELATIVE[language].strong.split(' '));
  const weak = new Set(RELATIVE[language].weak.split(' '));
  for (const name of calendarNames(language)) {
    if (!weak.has(name)) (name.length < SHORTEST_STRONG ? weak : strong).add(name);
  }
  return { strong, weak };
}

export const dateWords = Object.fromEntries(
  LANGUAGES.map((language) => [language, dateWordsOf(language)]),
) as Readonly<Record<Language, DateWords>>;

/** Words near a date without a year, or a weekday, that say that it has been: what was ordered was ordered before. */
const pastCue: Readonly<Record<Language, RegExp>> = {
  en: /\b(?:ordered|bought|purchased|paid|charged|arrived|delivered|received|since|was|were|did|had|sent|shipped|placed|returned|last|past(?!\s*\d)|came|took|made|transferred|withdrew|spent)\b/,
  de: /\b(?:bestellt|gekauft|bezahlt|abgebucht|angekommen|geliefert|erhalten|bekommen|seit|wurde|war|hatte|habe|letzten|letzter|vergangenen|zurückgeschickt)\b/,
  fr: /(?:commandé|acheté|payé|reçu|arrivé|livré|depuis|était|ai été|dernier|dernière|passé|renvoyé|débité)/,
  es: /(?:pedí|compré|pagué|recibí|llegó|desde|fue|pasado|pasada|devolví|cobraron|hice)/,
  it: /(?:ordinato|comprato|acquistato|pagato|ricevuto|arrivato|consegnato|dal|scorso|scorsa|stato|fatto|restituito|addebitat)/,
  nl: /\b(?:besteld|gekocht|betaald|ontvangen|geleverd|sinds|was|had|vorige|afgelopen|teruggestuurd|afgeschreven)\b/,
  pt: /(?:encomendei|comprei|paguei|recebi|chegou|desde|foi|passado|passada|devolvi|cobraram|fiz)/,
};

/** What was promised for a day says "was" and means the coming one. */
const coming =
  /\b(?:next|coming|promised|expected|due|scheduled|supposed|nächste[nrs]?|kommende[nrs]?|versprochen|erwartet|geplant|prochaine?|prévue?|próxim[oa]|prometid[oa]|previst[oa]|prossim[oa]|volgende|beloofd|verwacht)\b/u;

/** Whether the words around a date say that it has been. */
export function hasBeen(lower: string, start: number, end: number, language: Language): boolean {
  const before = lower.slice(Math.max(0, start - 48), end);
  return pastCue[language].test(`${before}${lower.slice(end, end + 32)}`) && !coming.test(before);
}

/** Spanish says "three days ago" in front; the parser reads the bare span as the future. */
export const agoPrefix: Partial<Readonly<Record<Language, RegExp>>> = { es: /\bhace\s+$/ };

/** A span of time is a date only with one of these: "in 3 days", not "a 3 day guarantee". */
export const directed: Readonly<Record<Language, RegExp>> = {
  en: /\b(?:ago|in|from now)\b/,
  de: /\b(?:vor|in)\b/,
  fr: /(?:il y a|dans)/,
  es: /(?:hace|en|dentro)/,
  it: /\b(?:fa|fra|tra)\b/,
  nl: /\b(?:geleden|over)\b/,
  pt: /(?:há|faz|em|dentro|atrás)/,
};

/** "Good morning" is not tomorrow, and "por la mañana" is no day either. */
export const greetingBefore = /(?:guten?|goede|goeden|la|bom|buona)\s+$/;

/** What stands before a short numeric date that is meant as one, and not as a fraction or a score. */
export const datePreposition =
  /\b(?:on|by|until|till|since|from|dated|am|vom|bis|seit|ab|le|du|depuis|el|del|desde|il|dal|op|vanaf|sinds|em|dia)\s*$/;
