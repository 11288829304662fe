import type { Candidate } from './candidate.js';

const SYMBOLS: Readonly<Record<string, string>> = {
  $: 'USD',
  '€': 'EUR',
  '£': 'GBP',
  '¥': 'JPY',
  '₹': 'INR',
  '₽': 'RUB',
  '₩': 'KRW',
  '₺': 'TRY',
  '₴': 'UAH',
  '₪': 'ILS',
  '฿': 'THB',
  zł: 'PLN',
  kč: 'CZK',
  us$: 'USD',
  a$: 'AUD',
  c$: 'CAD',
  ca$: 'CAD',
  r$: 'BRL',
};

/** Currencies by the words customers use; those of several countries follow the pack where it is one of them. */
const WORDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  $: ['USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD', 'MXN'],
  '£': ['GBP'],
  '¥': ['JPY', 'CNY'],
  dollar: ['USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD'],
  dollars: ['USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD'],
  dólares: ['USD'],
  dollari: ['USD'],
  bucks: ['USD', 'CAD', 'AUD'],
  usd: ['USD'],
  euro: ['EUR'],
  euros: ['EUR'],
  eur: ['EUR'],
  pound: ['GBP'],
  pounds: ['GBP'],
  quid: ['GBP'],
  pfund: ['GBP'],
  livres: ['GBP'],
  libras: ['GBP'],
  sterling: ['GBP'],
  franken: ['CHF'],
  francs: ['CHF'],
  franchi: ['CHF'],
  kr: ['SEK', 'NOK', 'DKK'],
  kronor: ['SEK'],
  kroner: ['NOK', 'DKK'],
  rupees: ['INR'],
  yen: ['JPY'],
  reais: ['BRL'],
};

/** Codes read without being the pack's own. Those that are common words or names (TRY, PHP, COP, PEN) are left out. */
const CODES: ReadonlySet<string> = new Set(
  'USD EUR GBP JPY CHF CAD AUD NZD CNY INR NOK DKK PLN CZK HUF BRL MXN ZAR SGD HKD KRW ILS THB AED SAR'.split(
    ' ',
  ),
);

const digits = String.raw`\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3}){1,3}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?`;
const sign = String.raw`(?:us|ca|[acr])?\$|[€£¥₹₽₩₺₴₪฿]|zł|kč`;
const word = Object.keys(WORDS)
  .filter((each) => /^\p{L}/u.test(each))
  .join('|');
const suffix = String.raw`(?:${sign}|(?:${word}|[a-z]{3})(?![\p{L}\d]))`;

const signed = new RegExp(
  String.raw`(?<![\p{L}\d])(${sign}|[a-z]{3}(?=[ \u00a0]?\d))[ \u00a0]?(${digits})(k(?![\p{L}\d]))?(?![\d%])`,
  'gu',
);
const trailing = new RegExp(
  String.raw`(?<![\p{L}\d.,/])(?<![\p{L}\d]-)(${digits})(k)?[ \u00a0]?(${suffix})(\d{2}(?!\d))?`,
  'gu',
);
const bare = /(?<![\p{L}\d.,/:-])(\d{1,6}[.,]\d{2})(?![\p{L}\d.,/:%-])/gu;
const priceWord =
  /(?:price|paid|pay|spen[dt]|transfer|charged|charge|refund|cost|costs|total|amount|fee|balance|invoice|bezahlt|betrag|preis|abgebucht|gezahlt|kosten|erstattung|payé|prix|montant|remboursement|débité|facturé|pagué|precio|importe|reembolso|cobrado|pagato|prezzo|importo|rimborso|betaald|prijs|bedrag|paguei|preço|valor)[\p{L}]*[^\d\n]{0,24}$/u;

const fractionDigits = new Map<string, number>();
function decimalsOf(currency: string): number {
  let decimals = fractionDigits.get(currency);
  if (decimals === undefined) {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency });
    decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
    fractionDigits.set(currency, decimals);
  }
  return decimals;
}

/** The currency that a sign, word or code stands for; undefined for three letters that are none. */
function currencyOf(written: string, home: string): string | undefined {
  const shared = WORDS[written];
  if (shared !== undefined) return shared.includes(home) ? home : shared[0];
  const symbol = SYMBOLS[written];
  if (symbol !== undefined) return symbol;
  const code = written.toUpperCase();
  return code === home || CODES.has(code) ? code : undefined;
}

/** Whole and fractional digits of a number in any of the usual notations: the last sign before one or two digits is the decimal one. */
function partsOf(written: string): [whole: string, fraction: string] {
  const decimal = /[.,](\d{1,2})$/.exec(written);
  const whole = decimal === null ? written : written.slice(0, decimal.index);
  return [whole.replace(/\D/g, ''), decimal?.[1] ?? ''];
}

function amountOf(
  written: string,
  thousands: boolean,
  cents: string,
  currency: string | undefined,
): string | undefined {
  if (currency === undefined) return undefined;
  const decimals = decimalsOf(currency);
  let [whole, fraction] = partsOf(written);
  if (cents !== '') fraction = cents;
  if (thousands) {
    whole += fraction.padEnd(3, '0');
    fraction = '';
  }
  whole = whole.replace(/^0+(?=\d)/, '');
  return decimals === 0 ? `${whole} ${currency}` : `${whole}.${fraction.padEnd(decimals, '0')} ${currency}`;
}

function situationOf(written: string, mark: string): string {
  if (/^[.\d]*\.\d{3}$|^[,\d]*,\d{3}$/.test(written)) return 'thousands-or-decimals';
  return /^\p{L}+$/u.test(mark) ? 'word' : 'sign';
}

/** Amounts kept of one text. */
const MAX_AMOUNTS = 64;

/**
 * Amounts of money as "12.50 EUR": "$12", "12,50 €", "EUR 1.299,00", "12 euros", "12€50", "$5k", and bare "12.50"
 * after a word such as "paid", in the pack's currency. "1.299" and "1,299" are read as thousands.
 *
 * @param lower the text in lower case, every character in its place
 * @param home the pack's currency, ISO 4217
 */
export function findMoney(lower: string, home: string): Candidate[] {
  const found: Candidate[] = [];
  const add = (match: RegExpExecArray, situation: string, amount: () => string | undefined): void => {
    const [start, end] = [match.index, match.index + match[0].length];
    if (found.length >= MAX_AMOUNTS || found.some((each) => each.start < end && start < each.end)) return;
    const value = amount();
    if (value !== undefined) found.push({ kind: 'money', value, start, end, situation });
  };
  for (const match of lower.matchAll(signed)) {
    const [, mark = '', number = '', thousands] = match;
    add(match, situationOf(number, mark), () =>
      amountOf(number, thousands !== undefined, '', currencyOf(mark, home)),
    );
  }
  for (const match of lower.matchAll(trailing)) {
    const [, number = '', thousands, mark = '', cents = ''] = match;
    add(match, situationOf(number, mark), () =>
      amountOf(number, thousands !== undefined, cents, currencyOf(mark, home)),
    );
  }
  for (const match of lower.matchAll(bare)) {
    const before = lower.slice(Math.max(0, match.index - 40), match.index);
    add(match, 'bare', () =>
      priceWord.test(before) ? amountOf(match[1] ?? '', false, '', home) : undefined,
    );
  }
  return found;
}
