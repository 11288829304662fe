import { DOMParser } from 'linkedom';

/** A step as a test: it fails where the step is under its floor. */
export interface StepTest {
  readonly step: string;
  /** Why it fails; absent: it passes. */
  readonly failure?: string;
  /** Seconds that the answers took one after the other. */
  readonly seconds: number;
  /** Its table and verdict, as text. */
  readonly output: string;
}

/** XML 1.0 has no way to write most control characters. */
const UNWRITABLE = /[^\P{Cc}\n\t]|[\ufffd-\uffff]/gu;
const writable = (text: string): string => text.toWellFormed().replace(UNWRITABLE, '?');

/** What is needed of an element; the types of the browser are not those of this runtime. */
interface Element {
  textContent: string | null;
  setAttribute(name: string, value: string): void;
  appendChild(child: Element): void;
}

interface XmlDocument {
  readonly documentElement: Element;
  createElement(name: string): Element;
  toString(): string;
}

/** The steps as JUnit XML, the form that CI systems read: one test case for each step. */
export function junitReport(pack: string, tests: readonly StepTest[]): string {
  const document = new DOMParser().parseFromString('<testsuites/>', 'text/xml') as unknown as XmlDocument;
  const add = (
    parent: Element,
    name: string,
    attributes: Readonly<Record<string, string | number>>,
    text?: string,
  ): Element => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, writable(String(value)));
    if (text !== undefined) element.textContent = writable(text);
    parent.appendChild(element);
    return element;
  };
  const counts = {
    tests: tests.length,
    failures: tests.filter(({ failure }) => failure !== undefined).length,
    time: tests.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(3),
  };
  const root = document.documentElement;
  for (const [key, value] of Object.entries({ name: 'spillway eval', ...counts })) {
    root.setAttribute(key, String(value));
  }
  const suite = add(root, 'testsuite', { name: pack, ...counts, errors: 0, skipped: 0 });
  for (const { step, failure, seconds, output } of tests) {
    const test = add(suite, 'testcase', {
      name: step,
      classname: `spillway.eval.${pack}`,
      time: seconds.toFixed(3),
    });
    if (failure !== undefined) add(test, 'failure', { type: 'under the floor', message: failure }, failure);
    add(test, 'system-out', {}, output);
  }
  return `${document.toString()}\n`;
}
