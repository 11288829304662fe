import { readFileSync } from 'node:fs';

const block = /^```(?:yaml|jsonl?) (\S+)\n(.*?)^```$/gms;

/** The pack of the README, file by file: the smallest that is valid and shows every key. */
export const exampleFiles: ReadonlyMap<string, string> = new Map(
  [...readFileSync(new URL('../../README.md', import.meta.url), 'utf8').matchAll(block)].map(
    ([, file = '', text = '']) => [file, text],
  ),
);

/** Contents as `packOf` takes them. */
export function contentsOf(files: ReadonlyMap<string, string>) {
  const encoder = new TextEncoder();
  return {
    files: new Map([...files].map(([file, text]) => [file, encoder.encode(text)])),
    problems: [],
  };
}
