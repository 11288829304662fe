import type { Language } from './language.js';

/** How a language greets, parts and says sorry, as far as the editor must know it. */
export interface Courtesies {
  /** A line that is a greeting. */
  readonly greeting: RegExp;
  /** The last lines of a text that hold a closing. */
  readonly closing: RegExp;
  /** A text that apologises already. */
  readonly apologises: RegExp;
  /** States no fact but that the customer is unhappy. */
  readonly apology: string;
}

const greeting = (words: string): RegExp => new RegExp(`^(?:${words})(?:[ ,!:][^.?]{0,60})?[,!:.]?$`, 'iu');
const closing = (words: string): RegExp =>
  new RegExp(`(?:^|\\n|[.!?] )(?:${words})[^\\n.?]{0,40}[,.!]?(?:\\n|$)`, 'iu');

export const courtesies: Readonly<Record<Language, Courtesies>> = {
  en: {
    greeting: greeting('hi|hello|hey|dear|good (?:morning|afternoon|evening|day)'),
    closing: closing(
      '(?:kind|best|warm|many) (?:regards|wishes)|regards|sincerely|yours|best|cheers|all the best',
    ),
    apologises: /\b(?:sorry|apolog|regret)/i,
    apology: 'We are sorry for the trouble this has caused you.',
  },
  de: {
    greeting: greeting('hallo|guten (?:tag|morgen|abend)|liebe[rs]?|sehr geehrte[rs]?|hi|moin|servus|grüezi'),
    closing: closing(
      '(?:mit )?(?:freundlichen|herzlichen|besten|vielen|viele|beste|liebe|herzliche|schöne) (?:grüßen?|grüssen?)|mfg',
    ),
    apologises: /(?:tut (?:uns|mir)(?: \p{L}+)? leid|entschuldig|bedauer|verzeih)/iu,
    apology: 'Es tut uns leid, dass Sie Ärger damit haben.',
  },
  fr: {
    greeting: greeting('bonjour|bonsoir|chère?|cher|salut|madame|monsieur'),
    closing: closing(
      "(?:bien )?cordialement|bien à vous|sincères salutations|salutations|à bientôt|l'équipe",
    ),
    apologises: /(?:désolé|excus|regrett|pardon)/iu,
    apology: 'Nous sommes désolés pour ce désagrément.',
  },
  es: {
    greeting: greeting('hola|buenos días|buenas (?:tardes|noches)|estimad[oa]s?|querid[oa]s?|buenas'),
    closing: closing('(?:un )?(?:cordial |atento )?saludos?(?: cordial(?:es)?)?|atentamente|un abrazo'),
    apologises: /(?:sentimos|siento|disculp|lament|perd[oó]n)/iu,
    apology: 'Sentimos las molestias.',
  },
  it: {
    greeting: greeting('buongiorno|buonasera|ciao|salve|gentile|gentilissim[oa]|car[oa]'),
    closing: closing(
      '(?:un )?(?:caro |cordiali |distinti )?salut[oi](?: cordial[ei])?|cordialmente|a presto',
    ),
    apologises: /(?:dispiace|scus|spiacent|perdon)/iu,
    apology: 'Ci dispiace per il disagio.',
  },
  nl: {
    greeting: greeting('hallo|hoi|dag|beste|geachte|goede(?:morgen|middag|navond)|goeden?dag|hi'),
    closing: closing('(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|groet(?:en|jes)?|mvg'),
    apologises: /(?:spijt|excus|sorry|verontschuldig)/iu,
    apology: 'Het spijt ons dat u hier last van hebt.',
  },
  pt: {
    greeting: greeting('olá|oi|bom dia|boa (?:tarde|noite)|prezad[oa]s?|car[oa]|estimad[oa]s?'),
    closing: closing('(?:atenciosamente|cumprimentos|com os melhores cumprimentos|um abraço|obrigad[oa])'),
    apologises: /(?:desculp|lament|sinto|sentimos|perd[ãa]o)/iu,
    apology: 'Pedimos desculpa pelo transtorno.',
  },
};
