import { eachWord, lowered } from './words.js';

/** Languages that the embedded models have words for. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Common words that few of the other languages share; a shared one votes for each of its languages. */
const COMMON: Readonly<Record<Language, string>> = {
  en: 'the and you my is are was have has not for with this that it of to be do does can please your where when what would how been from but they am will if i there out get still want need just about been could should any when an on at im dont',
  de: 'der die das und ich nicht ist ein eine einen mein meine meinen mit für auf wie wo wann kann bitte sie wir habe haben noch von zu den dem es aber wird war warum kein keine mir mich ihr ihre danke hallo bei sehr schon guten seit bestellt gestern heute sollte paket',
  fr: 'le les des et je ne pas est un une mon ma mes avec pour vous nous que qui où quand comment bonjour merci dans sur du au ce cette mais votre ai été il suis plus ça pourquoi commande depuis avez hier colis commandé',
  es: 'el los las y yo no es un una mi mis con para por qué que cómo dónde cuándo hola gracias en del al pero su está tengo pedido he ha quiero puedo muy más desde lo se me favor ustedes ayer hoy paquete',
  it: 'il lo gli e io non è un una mio mia con per che come dove quando ciao grazie nel della del ma ho sono vostro questo ordine vorrei perché ancora più mi si di anche salve buongiorno ieri oggi pacco',
  nl: 'het een en ik niet is mijn met voor hoe waar wanneer kan graag jullie wij heb hebben nog van te dat maar wordt waarom geen mij dank bedankt bij zeer al sinds besteld op er naar deze gisteren vandaag zou pakket',
  pt: 'os as e eu não é um uma meu minha com para por que como onde quando olá obrigado obrigada em do da no na mas está tenho pedido quero posso muito mais desde você vocês ainda foi ontem hoje pacote',
};

const bit = (language: Language): number => 1 << LANGUAGES.indexOf(language);

const votes: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>();
  for (const language of LANGUAGES) {
    for (const word of COMMON[language].split(' ')) map.set(word, (map.get(word) ?? 0) | bit(language));
  }
  return map;
})();

/** The language of a BCP 47 tag, when the embedded models know it. */
export function languageOfLocale(locale: string): Language | undefined {
  const primary = locale.slice(0, 2).toLowerCase();
  if (/^[a-z]/i.test(locale.slice(2, 3))) return undefined;
  return LANGUAGES.find((language) => language === primary);
}

/** Letters looked at: a message says what language it is in long before this. */
const EXAMINED = 600;

/**
 * The language that most of the first common words of `text` belong to; undefined where fewer than two votes, or none
 * more than the runner-up, decide. A vote over function words: it tells languages apart, it does not identify all.
 */
export function languageOfText(text: string): Language | undefined {
  const head = lowered(text.length > EXAMINED ? text.slice(0, EXAMINED) : text);
  const counts = new Uint16Array(LANGUAGES.length);
  eachWord(head, (start, end) => {
    if (end - start > 8) return;
    const mask = votes.get(head.slice(start, end));
    if (mask === undefined) return;
    for (let index = 0; index < counts.length; index += 1) {
      if ((mask >> index) & 1) counts[index] = (counts[index] ?? 0) + 1;
    }
  });
  let best = 0;
  let second = 0;
  let winner: Language | undefined;
  for (const [index, language] of LANGUAGES.entries()) {
    const count = counts[index] ?? 0;
    if (count > best) {
      second = best;
      best = count;
      winner = language;
    } else if (count > second) second = count;
  }
  return best >= 2 && best > second ? winner : undefined;
}
