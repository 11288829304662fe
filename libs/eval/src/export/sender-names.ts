/** How the sender may be called in a text. */
export interface SenderNames {
  /** Names as a whole, in any letter case. */
  readonly whole: readonly string[];
  /** Parts of a name, which count where they begin in capitals: "will" and "mark" are words too. */
  readonly words: readonly string[];
}

const LEAST_LETTERS = 2;
const LEAST_LETTERS_OF_ADDRESS = 3;

/**
 * The names in what a channel knows a sender by: "Ada Byron", "Ada Byron <ada.byron@mail.test>" or "ada.byron@mail.test". An
 * address of one word is no name ("orders@", "info@"), nor is an id, which has digits.
 */
export function senderNames(customer: string): SenderNames {
  const address = /[^\s<>]{1,64}@[^\s<>]{1,255}/.exec(customer)?.[0] ?? '';
  const spoken = customer
    .replace(/<[^>]*>/g, ' ')
    .replace(address, ' ')
    .replace(/["']/g, ' ')
    .trim();
  const words = /\d/.test(spoken) ? [] : wordsOf(spoken, LEAST_LETTERS);
  const local = (address.split('@')[0] ?? '').split(/[._-]+/);
  const ofAddress = local.length < 2 ? [] : wordsOf(local.join(' '), LEAST_LETTERS_OF_ADDRESS);
  return {
    whole: [
      ...(words.length > 1 ? [words.join(' ')] : []),
      ...(ofAddress.length > 1 ? [ofAddress.join(' ')] : []),
    ],
    words: [...new Set([...words, ...ofAddress].map(capital))],
  };
}

const wordsOf = (text: string, least: number): string[] =>
  text.split(/[\s,]+/).filter((word) => new RegExp(`^\\p{L}[\\p{L}'’-]{${least - 1},}$`, 'u').test(word));

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
