import type { FileChange } from '@spillway/eval/proposal';
import { createTwoFilesPatch } from 'diff';

/** A change as a unified diff, the form that reviewers read. */
export const diffOf = ({ file, before, after }: FileChange): string =>
  createTwoFilesPatch(before === null ? '/dev/null' : `a/${file}`, `b/${file}`, before ?? '', after);
