/** Lower case in which every character keeps its place: offsets into the result are offsets into `text`. */
export function lowered(text: string): string {
  // The one letter whose lower case is longer than itself would shift every offset behind it.
  return text.replaceAll('\u0130', 'I').toLowerCase();
}

/** ASCII letters and everything from À on that is no sign: enough for the languages of the Latin alphabet. */
const isLetter = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 0xc0 && code !== 0xd7 && code !== 0xf7 && !(code >= 0x2000 && code <= 0x2bff));

/**
 * Calls `visit` with the place of every run of letters, until it answers false or the text ends. One pass, nothing
 * allocated: it runs over every message.
 */
export function eachWord(text: string, visit: (start: number, end: number) => boolean | undefined): void {
  let start = -1;
  for (let at = 0; at <= text.length; at += 1) {
    const inWord = at < text.length && isLetter(text.charCodeAt(at));
    if (inWord && start < 0) start = at;
    if (!inWord && start >= 0) {
      if (visit(start, at) === false) return;
      start = -1;
    }
  }
}
