/** A number that stands for an account, and where. */
export interface AccountNumber {
  readonly kind: 'CARD' | 'IBAN';
  /** Without spaces and dashes, in capitals. */
  readonly value: string;
  /** Characters [start, end) of the text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
}

/** Characters of an IBAN by country, of the SWIFT registry. */
const IBAN_LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 BA20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 ' +
    'HR21 HU28 IE22 IL23 IS26 IT27 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MT31 NL18 NO15 PL28 PT25 RO24 RS22 SA24 ' +
    'SE24 SI19 SK24 SM27 TR26 UA29 VA22 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

const ibanStart = /(?<![\p{L}\p{N}])[a-z]{2}\d{2}(?=[ -]?[a-z0-9])/giu;
const cardDigits = /(?<!\d)[2-6]\d{3}(?:[ -]?\d){9,15}(?!\d)/g;

/** IBANs whose check digits fit, and card numbers of 13 to 19 digits whose last digit does (ISO 13616, ISO/IEC 7812). */
export function findAccountNumbers(text: string): AccountNumber[] {
  const ibans = [...text.matchAll(ibanStart)].flatMap(({ index }) => ibanAt(text, index));
  const cards = [...text.matchAll(cardDigits)].flatMap(({ index, 0: written }): AccountNumber[] => {
    const value = written.replace(/\D/g, '');
    return passesLuhn(value) ? [{ kind: 'CARD', value, start: index, end: index + written.length }] : [];
  });
  return [
    ...ibans,
    ...cards.filter(({ start, end }) => !ibans.some((iban) => start < iban.end && iban.start < end)),
  ];
}

function ibanAt(text: string, start: number): AccountNumber[] {
  const length = IBAN_LENGTHS.get(text.slice(start, start + 2).toUpperCase());
  if (length === undefined) return [];
  let value = '';
  let end = start;
  while (value.length < length && /[a-z0-9 -]/i.test(text[end] ?? '')) {
    const sign = text[end] ?? '';
    if (/[a-z0-9]/i.test(sign)) value += sign.toUpperCase();
    end += 1;
  }
  return value.length === length && hasCheckDigits(value) ? [{ kind: 'IBAN', value, start, end }] : [];
}

/** ISO 7064, MOD 97-10: with the first four characters last and letters as two digits the number leaves 1. */
function hasCheckDigits(iban: string): boolean {
  let rest = 0;
  for (const sign of iban.slice(4) + iban.slice(0, 4)) {
    const digits = Number.parseInt(sign, 36);
    rest = (rest * (digits > 9 ? 100 : 10) + digits) % 97;
  }
  return rest === 1;
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (const [at, digit] of [...digits].reverse().entries()) {
    const doubled = at % 2 === 1 ? 2 * Number(digit) : Number(digit);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
