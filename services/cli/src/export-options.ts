import { Fault, type Problem } from '@spillway/contracts/fault';
import { type Format, formats } from '@spillway/eval/export/formats';
import { type Source, sourceOrigins } from '@spillway/eval/export/sources';
import { type Part, parts } from '@spillway/eval/export/split';
import type { StepName } from '@spillway/store/ledger';

/** As the command line gives them. */
export interface ExportOptions {
  readonly step?: string;
  readonly format: string;
  readonly out?: string;
  readonly part?: string;
  readonly since?: string;
  readonly source: string;
  readonly toEval: boolean;
  readonly unmasked: boolean;
  readonly json: boolean;
}

/** What is to be exported. */
export interface WantedExport extends Pick<ExportOptions, 'out' | 'toEval' | 'unmasked' | 'json'> {
  readonly step: StepName;
  readonly format: Format;
  /** What goes to standard output. */
  readonly part: Part;
  /** Of corrections the part that is wanted alone. */
  readonly onlyPart: Part | undefined;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly sources: ReadonlySet<Source>;
}

const exportSteps = ['classify', 'extract', 'sentiment', 'draft', 'polish'] as const;
const labelledSteps: readonly string[] = ['classify', 'extract', 'sentiment'];
const sources = Object.keys(sourceOrigins) as Source[];

/** Reads the options. Throws `rejected` with every one that does not fit. */
export function readExportOptions(options: ExportOptions): WantedExport {
  const { toEval, unmasked, json, out, since } = options;
  const problems: Problem[] = [];
  const oneOf = <T extends string>(where: string, given: string | undefined, all: readonly T[]): T => {
    if (!all.includes(given as T)) problems.push({ where, message: `is one of ${all.join(', ')}` });
    return given as T;
  };
  const step = oneOf('--step', options.step, exportSteps);
  const format = oneOf('--format', options.format, formats);
  const part = oneOf('--part', options.part ?? 'train', parts);
  const asked = options.source.split(',').map((each) => oneOf('--source', each.trim(), sources));
  const sinceMs = since === undefined ? 0 : Date.parse(since);
  if (Number.isNaN(sinceMs)) {
    problems.push({ where: '--since', message: 'must be a day such as 2026-10-01' });
  }
  if (toEval && exportSteps.includes(step) && !labelledSteps.includes(step)) {
    problems.push({
      where: '--to-eval',
      message: `replies have no eval set: ${labelledSteps.join(', ')} have`,
    });
  }
  if (toEval && out !== undefined) {
    problems.push({ where: '--out', message: 'a proposal for the eval set goes to the data folder' });
  }
  if (problems.length > 0) throw new Fault('rejected', 'nothing can be exported so', { problems });
  return {
    step,
    format,
    part,
    onlyPart: options.part === undefined ? undefined : part,
    sinceMs,
    sources: new Set<Source>(toEval ? ['corrected'] : asked),
    toEval,
    unmasked,
    json,
    ...(out === undefined ? {} : { out }),
  };
}
