import type { FieldDefinition, FieldKind } from '@spillway/pack/pack';
import { lowered } from '../words.js';

/** Words that go with a field: those of its own name and description, and those of its kind. */
export interface Keywords {
  readonly own: RegExp | undefined;
  readonly ofKind: RegExp;
}

/** Stems of seven languages; an inflected form begins with one. */
const OF_KIND: Readonly<Record<FieldKind, string>> = {
  date: 'order deliver arriv ship bought purchas return since until before after paid due book bestell liefer gekauft command livr achet pedid compr entreg ordin consegn bezorg besteld',
  phone:
    'phone call tel mobile cell number reach whatsapp sms contact ring anruf telefon handy nummer appel télépho portable joindre llam móvil chiam cellulare numero bel mij ligar telemóvel',
  money:
    'paid pay charg refund price cost total amount fee invoice bill bezahl preis betrag erstatt prix rembours factur pagu precio reembols cobr pagat prezzo rimbors betaal prijs terugbet preço valor',
  email: 'mail account address login contact konto adresse compte correo cuenta conto indirizzo conta',
  pattern:
    'order number reference ref tracking parcel invoice bestell auftrag nummer command numéro suivi pedido número seguimiento ordine numero spedizione encomenda volgnummer',
};

/** Words that any description holds and that say nothing about a field. */
const SILENT = new Set(
  'that this with when what which where from they their customer customers message text value field date phone money email amount number written mentions mentioned such been will would should about gives given also because under'.split(
    ' ',
  ),
);

/** A short stem must begin a word ("tel" is not in "hotel"); a long one may end a compound ("Rechnungsbetrag"). */
const anyOf = (stems: readonly string[]): RegExp =>
  new RegExp(stems.map((stem) => (stem.length < 5 ? `(?<!\\p{L})${stem}` : stem)).join('|'), 'gu');

export function keywordsOf(field: FieldDefinition): Keywords {
  const words = lowered(`${field.name.replaceAll('_', ' ')} ${field.description}`).match(/\p{L}{4,}/gu) ?? [];
  // Inflections count: "delivery" is known by "delive".
  const own = words
    .filter((word) => !SILENT.has(word))
    .map((word) => (word.length > 6 ? word.slice(0, -2) : word));
  return {
    own: own.length === 0 ? undefined : anyOf([...new Set(own)]),
    ofKind: anyOf(OF_KIND[field.kind].split(' ')),
  };
}

/** Characters before and behind a value in which a word counts as near. */
const BEFORE = 40;
const BEHIND = 20;

/** 1 for a word right before the value, less for one further off, least for one behind it, 0 for none. */
function closeness(before: string, behind: string, words: RegExp): number {
  let last = -1;
  for (const { index } of before.matchAll(words)) last = index;
  if (last >= 0) return 1 - (before.length - last) / (BEFORE + 2);
  return behind.search(words) >= 0 ? 1 / (BEFORE + 2) : 0;
}

/** How much the words around a value speak for a field: 0 for nothing; any word of its own for more than one of its kind. */
export function nearness(lower: string, start: number, end: number, { own, ofKind }: Keywords): number {
  const before = lower.slice(Math.max(0, start - BEFORE), start);
  const behind = lower.slice(end, end + BEHIND);
  const ownCloseness = own === undefined ? 0 : closeness(before, behind, own);
  return ownCloseness > 0 ? 1 + ownCloseness : closeness(before, behind, ofKind);
}
