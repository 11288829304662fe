import type { SignedName } from './signatures.js';

const WORD = "\\p{Lu}[\\p{L}'’-]{1,30}";
const PARTICLE = 'van|von|de|der|den|di|da|do|dos|del|la|le|ten|ter|zu';
const NAME = `${WORD}(?: (?:(?:${PARTICLE}) ){0,2}${WORD}){0,3}`;
/** How people give a name, in the languages that the editor knows. "I am" may go on with anything, so it is none. */
const LEADS = [
  "(?:my|her|his) (?:full |last |first )?name(?:['’]s| is)",
  'i am called',
  'ich hei(?:ß|ss)e',
  '(?:mein|ihr|sein) (?:vor|nach)?name (?:ist|lautet)',
  "je m['’]appelle",
  'mon nom est',
  'me llamo',
  'mi nombre es',
  'mi chiamo',
  'il mio nome è',
  'ik heet',
  'mijn (?:achter)?naam is',
  'chamo-me',
  'o meu nome é',
];
const introduction = new RegExp(`(?<![\\p{L}\\p{N}])(?i:${LEADS.join('|')}):? (${NAME})`, 'gu');

/** Names that a text itself says to be somebody's: "My name is Grace Hopper". */
export const findIntroductions = (text: string): SignedName[] =>
  [...text.matchAll(introduction)].map(({ index, 0: whole, 1: name = '' }) => {
    const end = index + whole.length;
    return { name, start: end - name.length, end };
  });
