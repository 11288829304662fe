import { Fault, type Problem } from '@spillway/contracts/fault';
import type { FieldDefinition } from '@spillway/pack/pack';
import { RE2JS } from 're2js';
import type { Candidate } from './candidate.js';

/** A field's pattern, ready to run. */
export interface CompiledPattern {
  readonly field: string;
  readonly expression: RE2JS;
  readonly normalise: FieldDefinition['normalise'];
}

const MAX_MATCHES = 32;

/**
 * Compiles the patterns of all fields once. They are RE2 expressions, matched without regard to case: time is linear in
 * the text whatever the expression, so a hostile message cannot stall the process, and the price is that look-around
 * and back-references do not exist.
 *
 * @throws Fault `misconfigured` that names every field whose pattern does not compile
 */
export function compilePatterns(fields: readonly FieldDefinition[]): readonly CompiledPattern[] {
  const problems: Problem[] = [];
  const compiled: CompiledPattern[] = [];
  for (const { name, patterns, normalise } of fields) {
    for (const source of patterns) {
      try {
        const expression = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
        compiled.push({ field: name, expression, normalise });
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        problems.push({ where: `field ${name}`, message: `the pattern is no RE2 expression: ${reason}` });
      }
    }
  }
  if (problems.length === 0) return compiled;
  throw new Fault('misconfigured', 'patterns of fields do not compile', { problems });
}

const normalised = (value: string, normalise: FieldDefinition['normalise']): string => {
  if (normalise === 'upper') return value.toUpperCase();
  return normalise === 'digits' ? value.replace(/\D/g, '') : value;
};

/** What the pack's patterns find. Group 1, where there is one, is the value; the whole match else. */
export function findPatterns(
  text: string,
  patterns: readonly CompiledPattern[],
  most = MAX_MATCHES,
): Candidate[] {
  const found: Candidate[] = [];
  for (const { field, expression, normalise } of patterns) {
    // Saying whether there is a match costs a tenth of finding it, and most texts hold none.
    if (!expression.test(text)) continue;
    const matcher = expression.matcher(text);
    for (let count = 0; count < most && matcher.find(); count += 1) {
      const group = matcher.groupCount() > 0 && matcher.group(1) !== null ? 1 : 0;
      const [start, end] = [matcher.start(group), matcher.end(group)];
      const value = normalised(text.slice(start, end), normalise);
      if (value === '') continue;
      // A whole match longer than its group was found by the words around the value.
      const situation = matcher.end(0) - matcher.start(0) > end - start ? 'in-context' : 'shape';
      found.push({ kind: 'pattern', value, start, end, situation, field });
    }
  }
  return found;
}
