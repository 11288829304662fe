import { crc32 } from 'node:zlib';
import { Fault } from '@spillway/contracts/fault';
import { z } from 'zod';
import type { LinearModel } from './linear.js';
import { tableOf, type Vocabulary } from './linear-vocabulary.js';
import { SIGNALS } from './sentiment.js';

/** First bytes of the file: what it is, and which way of writing and of reading texts it belongs to. */
const MAGIC = 0x4c575053;
/** Rises with every change of the format, of the features or of the signals: older models would answer nonsense. */
const VERSION = 1;
/** Magic, version, checksum of the rest, length of the header in bytes. */
const PREAMBLE = 16;

const count = z.int().nonnegative();
const schema = z.object({
  /** What the model was trained from. */
  source: z.string(),
  size: count,
  unknownWeight: z.number(),
  classifiers: z.array(
    z.object({
      labels: z.array(z.string()).min(2),
      outOfScope: z.int().min(-1),
      signals: z.boolean(),
      calibration: z.object({
        temperature: z.number().positive(),
        typicality: z.object({
          intercept: z.number(),
          slope: z.number(),
          variance: z.number(),
          variancePerWord: z.number(),
          longest: z.number(),
        }),
        platt: z.object({ intercept: z.number(), slope: z.number() }),
      }),
    }),
  ),
});
type Header = z.infer<typeof schema>;

function hashesOf({ size, slots }: Vocabulary): Uint32Array {
  const hashes = new Uint32Array(size);
  for (let at = 0; at < slots.length; at += 2) {
    const id = slots[at + 1] as number;
    if (id > 0) hashes[id - 1] = slots[at] as number;
  }
  return hashes;
}

const bytesOf = (array: Uint32Array | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Spaces after the JSON let the arrays start at a multiple of four. */
function padded(header: Header): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(header));
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4).fill(32);
  whole.set(bytes);
  return whole;
}

/** Writes a model as bytes (little-endian) that {@link decodeModel} reads; `source` says what it was trained from. */
export function encodeModel(source: string, { vocabulary, classifiers }: LinearModel): Uint8Array {
  const header = padded({
    source,
    size: vocabulary.size,
    unknownWeight: vocabulary.unknownWeight,
    classifiers: classifiers.map(({ labels, outOfScope, signals, calibration }) => ({
      labels: [...labels],
      outOfScope,
      signals,
      calibration,
    })),
  });
  const arrays = [
    hashesOf(vocabulary),
    vocabulary.weights,
    ...classifiers.flatMap(({ softmax }) => [softmax.bias, softmax.weights]),
  ];
  const parts = [header, ...arrays.map(bytesOf)];
  const bytes = new Uint8Array(PREAMBLE + parts.reduce((sum, part) => sum + part.length, 0));
  let at = PREAMBLE;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const words = new DataView(bytes.buffer);
  words.setUint32(0, MAGIC, true);
  words.setUint32(4, VERSION, true);
  words.setUint32(12, header.length, true);
  words.setUint32(8, crc32(bytes.subarray(12)), true);
  return bytes;
}

/**
 * Reads what {@link encodeModel} wrote.
 *
 * @throws Fault `malformed` on anything else: another kind of file, another version, a damaged or a cut one
 */
export function decodeModel(bytes: Uint8Array): { readonly source: string; readonly linear: LinearModel } {
  const { header, arrays } = open(bytes);
  const take = reader(arrays);
  const hashes = new Uint32Array(take(header.size));
  const vocabulary: Vocabulary = {
    size: header.size,
    slots: tableOf(hashes),
    weights: new Float32Array(take(header.size)),
    unknownWeight: header.unknownWeight,
  };
  const classifiers = header.classifiers.map((classifier) => {
    const classes = classifier.labels.length;
    const features = header.size + (classifier.signals ? SIGNALS.length : 0);
    const bias = new Float32Array(take(classes));
    const weights = new Float32Array(take(features * classes));
    return { ...classifier, softmax: { classes, bias, weights } };
  });
  if (take.left() > 0) throw malformed('it is longer than it says');
  return { source: header.source, linear: { vocabulary, classifiers } };
}

const malformed = (why: string, cause?: unknown): Fault =>
  new Fault('malformed', `the trained models cannot be read: ${why}`, cause === undefined ? {} : { cause });

function open(bytes: Uint8Array): { header: Header; arrays: Uint8Array } {
  if (bytes.length < PREAMBLE) throw malformed('too short');
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (words.getUint32(0, true) !== MAGIC) throw malformed('not such a file');
  if (words.getUint32(4, true) !== VERSION) throw malformed('written by another version');
  if (words.getUint32(8, true) !== crc32(bytes.subarray(12))) throw malformed('damaged or cut');
  const end = PREAMBLE + words.getUint32(12, true);
  return { header: headerOf(bytes.subarray(PREAMBLE, end)), arrays: bytes.subarray(end) };
}

function headerOf(json: Uint8Array): Header {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(json)));
  } catch (error) {
    throw malformed('its header is not as it should be', error);
  }
}

/** Takes four-byte numbers from the front, as a buffer of their own: the file's may start anywhere. */
function reader(bytes: Uint8Array) {
  let at = 0;
  const take = (numbers: number): ArrayBuffer => {
    const part = bytes.slice(at, at + 4 * numbers);
    if (part.length < 4 * numbers) throw malformed('shorter than it says');
    at += part.length;
    return part.buffer;
  };
  return Object.assign(take, { left: () => bytes.length - at });
}
